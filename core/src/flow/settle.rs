//! Finds out what became of a call that was sent under an approval: whether its answer was lost, or the backend still
//! asks its owner. Nothing is ever sent again here.

use serde::Serialize;

use super::call::record::took_effect;
use super::call::sending::{follow_up, word_on};
use super::{Errand, Input, cancelled, failed, failure_error};
use crate::approval::{self, Approval, By, State, Witness};
use crate::error::{Code, Error, Result};
use crate::gate::{after, dispatch, result};
use crate::guard::Shared;
use crate::json::Json;
use crate::json::de::{FromNode, Source, record};
use crate::step::{About, Action, Answer, Happening, Millis, Outcome};
use crate::text::quoted_name;

/// The flow `settle`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Settle {
    id: String,
    /// What a person knows of it: whether it took effect.
    ran: Option<bool>,
    /// Who that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<By>,
    stage: Stage,
}

record!(open Settle { id, stage; ran, by });

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "there are few of these flows, and each is soon at its largest")]
enum Stage {
    Reading,
    /// Writes down that the answer was lost.
    Losing {
        before: Approval,
        after: Approval,
    },
    /// Asks the backend.
    Looking {
        approval: Approval,
        errand: Errand,
    },
    Asking(Approval),
    Committing {
        before: Approval,
        after: Approval,
    },
    #[serde(skip)]
    Finished(Box<Outcome>),
}

impl FromNode for Stage {
    fn blank() -> Self {
        Stage::Reading
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        *self = match &*from.variant() {
            "reading" => Stage::Reading,
            "losing" => Stage::Losing { before: from.member("before"), after: from.member("after") },
            "looking" => Stage::Looking { approval: from.member("approval"), errand: from.member("errand") },
            "asking" => Stage::Asking(from.whole()),
            "committing" => Stage::Committing { before: from.member("before"), after: from.member("after") },
            other => {
                return from.unknown_variant(other, &["reading", "losing", "looking", "asking", "committing"]);
            }
        };
    }
}

impl Settle {
    pub(crate) fn begin(id: String, ran: Option<bool>, by: Option<By>, shared: &Shared) -> Self {
        let mut settle = Settle { id, ran, by, stage: Stage::Reading };
        if !approval::is_id(&settle.id) {
            settle.end(Err(approval::not_known(&settle.id, shared)));
        }
        settle
    }

    pub(crate) fn action(&self) -> Action {
        match &self.stage {
            Stage::Reading => Action::Read { key: approval::key_of(&self.id) },
            Stage::Losing { before, after } | Stage::Committing { before, after } => {
                Action::Commit { key: after.key(), expected: Some(before.record()), record: after.record() }
            }
            Stage::Looking { errand, .. } => errand.action(),
            Stage::Asking(approval) => Action::Ask {
                question: About::Outcome {
                    message: ["Did ", &quoted_name(&approval.preview.tool), " take effect? Its answer was lost."]
                        .concat(),
                    approval: approval.id.clone(),
                    preview: approval.preview.clone(),
                }
                .into(),
            },
            Stage::Finished(outcome) => Action::Done { outcome: outcome.clone() },
        }
    }

    pub(crate) fn handle(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        if matches!(input.happening, Happening::Cancelled) {
            self.end(Err(cancelled()));
            return Ok(());
        }
        match &self.stage {
            Stage::Reading => {
                let found = dispatch::found(&input.happening, &self.id, shared)
                    .ok_or_else(|| input.wrong_event("`found` or `failed`"))?;
                match found {
                    Ok(Some(approval)) if approval.is_of(&shared.server) => self.look(approval, input.now, shared),
                    Ok(_) => self.end(Err(approval::not_known(&self.id, shared))),
                    Err(error) => self.end(Err(error)),
                }
            }
            Stage::Losing { after, .. } => {
                let after = after.clone();
                if self.is_stored(input, shared)? {
                    shared.remember(after.clone());
                    self.look(after, input.now, shared);
                }
            }
            Stage::Looking { approval, errand } => {
                let (approval, tool) = (approval.clone(), errand.tool.clone());
                after::came(shared, &tool, &input.happening);
                self.looked(approval, input, shared)?;
            }
            Stage::Asking(approval) => {
                let approval = approval.clone();
                let Happening::Answer { answer } = &input.happening else {
                    return Err(input.wrong_event("`answer`"));
                };
                match answer {
                    Answer::Ran { by } => self.settle(approval, true, Witness::Person, by.clone(), shared),
                    Answer::NotRan { by } => self.settle(approval, false, Witness::Person, by.clone(), shared),
                    Answer::Defer => self.end(Ok(approval)),
                    Answer::Cancel => self.end(Err(cancelled())),
                    _ => {
                        return Err(Error::new(
                            Code::WrongAnswer,
                            "The question is how a call ended: answer with `ran`, `not_ran`, `cancel` or `defer`.",
                        ));
                    }
                }
            }
            Stage::Committing { after, .. } => {
                let after = after.clone();
                if self.is_stored(input, shared)? {
                    shared.remember(after.clone());
                    self.end(Ok(after));
                }
            }
            Stage::Finished(_) => return Err(input.wrong_event("nothing: it is done")),
        }
        Ok(())
    }

    /// Ends the flow if the ledger did not take the record.
    fn is_stored(&mut self, input: &Input<'_>, shared: &Shared) -> Result<bool> {
        let stored = dispatch::stored(&input.happening, &shared.redactor)
            .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?;
        match stored {
            Ok(()) => Ok(true),
            Err(error) => {
                self.end(Err(error));
                Ok(false)
            }
        }
    }

    /// What can be done about a record as the ledger holds it.
    fn look(&mut self, approval: Approval, now: Millis, shared: &mut Shared) {
        shared.remember(approval.clone());
        match approval.state {
            State::Dispatched if approval.is_with_owner() => match follow_up(&approval, shared) {
                Some(errand) => self.stage = Stage::Looking { approval, errand },
                None => self.end(Ok(approval)),
            },
            State::Dispatched => {
                let retry_at =
                    approval.dispatched_at.unwrap_or(approval.expires_at).saturating_add(shared.dispatch_timeout);
                if now < retry_at {
                    let error = Error::new(Code::StillDispatched, "The call may still be on its way.");
                    return self.end(Err(error.with("approval", approval.id).with("retry_at", retry_at)));
                }
                match approval.moved(State::Unknown) {
                    Some(after) => {
                        self.stage = Stage::Losing { before: approval, after: after.sealed(&shared.seal) };
                    }
                    None => self.end(Ok(approval)),
                }
            }
            State::Unknown => match (self.ran, &approval.check) {
                (Some(ran), _) => self.settle(approval, ran, Witness::Person, self.by.clone(), shared),
                (None, check) => {
                    let errand =
                        check.as_ref().and_then(|check| Errand::new(&check.tool, Json::of(&check.arguments), shared));
                    self.stage = match errand {
                        Some(errand) => Stage::Looking { approval, errand },
                        None => Stage::Asking(approval),
                    };
                }
            },
            _ => self.end(Ok(approval)),
        }
    }

    fn looked(&mut self, approval: Approval, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let document = match &input.happening {
            Happening::Result { .. } => result::open(input.document()?),
            Happening::Failed { kind, message, retry_after } => {
                Err(failure_error(*kind, message, *retry_after, input.now, true, shared))
            }
            _ => return Err(input.wrong_event("`result` or `failed`")),
        };
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                self.end(Err(error));
                return Ok(());
            }
        };
        let result = document.tape().root();
        let Some(profile) = shared.profile.as_ref().filter(|_| !result::is_error(result)) else {
            self.stage = Stage::Asking(approval);
            return Ok(());
        };
        if !approval.is_with_owner() {
            match took_effect(profile, &approval.call.tool, result) {
                Some(ran) => self.settle(approval, ran, Witness::Read, None, shared),
                None => self.stage = Stage::Asking(approval),
            }
            return Ok(());
        }
        let Some((request, owner)) = word_on(&approval, profile, result) else {
            self.end(Ok(approval));
            return Ok(());
        };
        let after = approval
            .requested(request)
            .map(|waiting| owner.settled().and_then(|to| waiting.moved(to)).unwrap_or(waiting))
            .map(|after| after.sealed(&shared.seal))
            .filter(|after| *after != approval);
        match after {
            Some(after) => self.stage = Stage::Committing { before: approval, after },
            None => self.end(Ok(approval)),
        }
        Ok(())
    }

    fn settle(&mut self, approval: Approval, ran: bool, settled_by: Witness, witness: Option<By>, shared: &Shared) {
        let to = if ran { State::Completed } else { State::Failed };
        match approval.moved(to) {
            Some(after) => {
                let after = Approval { settled_by: Some(settled_by), witness, ..after }.sealed(&shared.seal);
                self.stage = Stage::Committing { before: approval, after };
            }
            None => self.end(Ok(approval)),
        }
    }

    fn end(&mut self, settled: Result<Approval>) {
        self.stage = Stage::Finished(Box::new(match settled {
            Ok(approval) => Outcome::Settled { approval },
            Err(error) => failed(error),
        }));
    }
}
