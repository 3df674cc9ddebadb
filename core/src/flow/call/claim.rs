//! A snapshot is taken up once: what came out of one is claimed in the ledger before it does anything that cannot be
//! done twice. A write under an approval has its claim in the approval's own record; reads may be repeated.

use super::{Call, State};
use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::flow::Input;
use crate::gate::dispatch;
use crate::guard::{Shared, flow_of};
use crate::json::canonical::quoted;
use crate::mutant::{self, Mutant};
use crate::step::{Action, Happening};

impl Call {
    /// Takes the call for itself, if others may have it too. False: it has it already. With `asks`, a person is asked next:
    /// two processes that take up the same snapshot must not both ask, while the one that wrote it goes on with a person's
    /// word as ever.
    pub(super) fn take_up(&mut self, asks: bool, shared: &Shared) -> Result<bool> {
        let reads = self.decision.effect == Some(Effect::Read)
            && shared.catalog.get(&self.name).is_some_and(|tool| tool.effect == Effect::Read)
            && self.role.is_none();
        // Who wrote the snapshot goes on as before where nobody else can claim anything.
        let shares = match asks {
            true => self.resumed && shared.lasting,
            false => self.resumed || (self.snapshotted && shared.lasting),
        };
        if reads || !shares || self.claimed || mutant::is(Mutant::Claim) {
            return Ok(false);
        }
        if !shared.lasting {
            return Err(Error::new(
                Code::SnapshotUnclaimed,
                "The call came out of a snapshot, and a ledger in memory cannot tell whether another process goes on with it too; nothing was sent here.",
            ));
        }
        self.state = State::TakingUp;
        Ok(true)
    }

    pub(super) fn taking_up(&self, shared: &Shared) -> Action {
        let flow = flow_of(&self.entropy);
        let record = [
            "{\"flow\":",
            &quoted(&flow.0),
            ",\"server\":",
            &quoted(&shared.server),
            ",\"toolgate\":\"claim\",\"version\":1}",
        ];
        Action::Commit { key: ["claim/", &flow.0].concat(), expected: None, record: record.concat() }
    }

    pub(super) fn taken_up(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        match &input.happening {
            Happening::Cancelled => return self.call_off(shared),
            Happening::Conflict => self.refuse(Error::new(
                Code::SnapshotTaken,
                "Another process went on with this call, which came out of a snapshot; nothing was sent here.",
            )),
            happening => match dispatch::stored(happening, &shared.redactor)
                .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?
            {
                Ok(()) => {
                    self.claimed = true;
                    self.advance(input.now, true, shared);
                }
                Err(error) => self.refuse(error),
            },
        }
        Ok(())
    }
}
