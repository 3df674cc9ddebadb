//! What a person's answer makes of a ledger's record, where there is no guard: an approver needs neither the server nor
//! its tools.

use serde::Serialize;

use super::remembered::{self, Remembered};
use super::{Approval, Seal, key_of};
use crate::error::{Code, Error, Result};
use crate::flow::decide::{Decided, decided};
use crate::json::de::record;
use crate::seal::Key;
use crate::secret::Secret;
use crate::step::{Answer, Millis};

/// One record of a ledger, and what is to be made of it.
#[derive(Debug)]
pub struct Deskwork {
    /// The ledger's key of it.
    pub key: String,
    /// As the ledger gave it.
    pub record: String,
    /// Milliseconds since 1970.
    pub now: Millis,
    /// The key that the agent's guard seals with, if it has one.
    pub seal_key: Option<Secret>,
    /// The person's answer: `approve`, `deny` or `withdraw`; for a remembered answer `withdraw` alone. Absent: the record
    /// is only read.
    pub answer: Option<Answer>,
}

record!(strict Deskwork { key, record, now; seal_key, answer });

/// An approval, or a remembered answer, as it stands or as the person's answer leaves it.
#[derive(Debug, Serialize)]
pub struct Desk {
    /// The approval, with everything that a person needs to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// The remembered answer, where the key is that of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remembered: Option<Remembered>,
    /// Whether the approval waits for a person's answer, or the remembered answer lets calls out.
    pub is_open: bool,
    /// What the ledger must store over the record that it gave; absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

impl Deskwork {
    /// # Errors
    ///
    /// `invalid_record` and `unsupported_record`; `approval_denied`, `approval_expired`, `approval_spent`,
    /// `already_decided` and `approver_required` where the record takes no such answer; `invalid_options` for a key that cannot be one.
    pub fn done(self) -> Result<Desk> {
        let seal = Seal::new(self.seal_key.as_ref().map(Key::read).transpose()?);
        if self.key.starts_with(remembered::PREFIX) { self.of_remembered(&seal) } else { self.of_approval(&seal) }
    }

    fn of_approval(self, seal: &Seal) -> Result<Desk> {
        let found = Approval::read(&self.record, seal)?;
        self.check_key(&key_of(&found.id))?;
        let decided = self.answer.map(|answer| decided(&found, &answer, self.now, seal)).transpose()?;
        let (approval, record) = match decided {
            Some(Decided::Moved(after)) => {
                let record = after.record();
                (*after, Some(record))
            }
            Some(Decided::Same) | None => (found, None),
        };
        let is_open = approval.state == super::State::Proposed && !approval.is_expired(self.now);
        Ok(Desk { approval: Some(approval), remembered: None, is_open, record })
    }

    fn of_remembered(self, seal: &Seal) -> Result<Desk> {
        let found = Remembered::read(&self.record, seal)?;
        self.check_key(&found.key())?;
        let after = match self.answer {
            None => found.clone(),
            Some(Answer::Withdraw { .. }) => found.withdrawn(seal),
            Some(_) => return Err(Error::new(Code::InvalidOptions, "A remembered answer can only be withdrawn.")),
        };
        let record = (after != found).then(|| after.record());
        Ok(Desk { approval: None, is_open: after.is_live(self.now), remembered: Some(after), record })
    }

    fn check_key(&self, key: &str) -> Result<()> {
        if key == self.key {
            return Ok(());
        }
        Err(Error::new(Code::InvalidRecord, "The ledger holds another record under this one's key."))
    }
}
