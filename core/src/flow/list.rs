//! Reads the whole tool list and puts it in the place of the old one.

use serde::Serialize;

use super::{Input, cancelled, failed, failure_error};
use crate::catalog::Catalog;
use crate::error::{Code, Error, Result};
use crate::guard::Shared;
use crate::json::de::record;
use crate::step::{Action, Failure, Happening, Outcome};

const MAX_PAGES: usize = 1_000;

/// The flow `list`.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct List {
    lister: Lister,
    #[serde(skip)]
    outcome: Option<Outcome>,
}

/// The pages read so far. A snapshot holds none of them: a resumed list begins again.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Lister {
    #[serde(skip)]
    catalog: Catalog,
    #[serde(skip)]
    cursor: Option<String>,
    #[serde(skip)]
    pages: usize,
}

record!(open List { lister; ; outcome });
record!(open Lister { ; ; catalog, cursor, pages });

impl List {
    pub(crate) fn action(&self) -> Action {
        match &self.outcome {
            None => self.lister.action(),
            Some(outcome) => Action::Done { outcome: Box::new(outcome.clone()) },
        }
    }

    pub(crate) fn handle(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        self.outcome = match self.lister.handle(input, shared)? {
            None => None,
            Some(Ok(())) => Some(Outcome::Listed { count: shared.catalog.len() }),
            // Before the sign-up there is no credential; a backend that hides its tools until then is no failure.
            Some(Err(error)) if error.code() == Code::Unauthorized && shared.registration().is_some() => {
                Some(Outcome::Listed { count: shared.catalog.len() })
            }
            Some(Err(error)) => Some(failed(error)),
        };
        Ok(())
    }
}

impl Lister {
    pub(crate) fn action(&self) -> Action {
        Action::ListTools { cursor: self.cursor.clone() }
    }

    /// None: another page is needed. The catalogue is replaced only when the last page is there.
    pub(crate) fn handle(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<Option<Result<()>>> {
        match &input.happening {
            Happening::Tools => {
                let trusted = shared.trusted;
                let next = match self.catalog.add_page(input.document()?, trusted, shared.profile.as_ref()) {
                    Ok(next) => next,
                    Err(error) => return Ok(Some(Err(error))),
                };
                self.pages = self.pages.saturating_add(1);
                if next.is_none() {
                    return Ok(Some(shared.catalog.replace(core::mem::take(&mut self.catalog))));
                }
                if self.pages >= MAX_PAGES || next == self.cursor {
                    return Ok(Some(Err(Error::new(Code::InvalidResult, "The server's tool list does not end.")
                        .with_next("Attach to another server; this one repeats its pages."))));
                }
                self.cursor = next;
                Ok(None)
            }
            Happening::Failed { kind: Failure::Malformed, .. } => {
                Ok(Some(Err(Error::new(Code::InvalidResult, "The answer to tools/list is not MCP.")
                    .with_next("Check that the endpoint is an MCP server, then attach again."))))
            }
            Happening::Failed { kind, message, retry_after } => {
                Ok(Some(Err(failure_error(*kind, message, *retry_after, input.now, true, shared))))
            }
            Happening::Cancelled => Ok(Some(Err(cancelled()))),
            _ => Err(input.wrong_event("`tools` or `failed`")),
        }
    }
}
