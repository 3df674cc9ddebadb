//! The approvals that calls in flight ask about or go by. An equal call that comes meanwhile gets an approval of its own:
//! one person's yes is for one call.

use super::{Approval, Bound};
use crate::map::Map;
use crate::step::FlowId;

/// By the flow that holds it: the approval's id, and what it is bound to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Map<FlowId, (String, Bound)>);

impl Held {
    pub(crate) fn take(&mut self, flow: &FlowId, approval: &Approval) {
        self.0.insert(flow.clone(), (approval.id.clone(), approval.call.clone()));
    }

    pub(crate) fn give_back(&mut self, flow: &FlowId) {
        self.0.remove(flow);
    }

    pub(crate) fn has(&self, approval: &str) -> bool {
        self.0.values().any(|(id, _)| id == approval)
    }

    /// Another approval of the same call.
    pub(crate) fn twin_of(&self, approval: &Approval) -> Option<&str> {
        let (id, _) = self.0.values().find(|(id, call)| *id != approval.id && *call == approval.call)?;
        Some(id)
    }
}
