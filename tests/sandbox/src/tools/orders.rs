//! To come.

use crate::tool::Tool;

pub(crate) fn tools() -> Vec<Tool> {
    Vec::new()
}
