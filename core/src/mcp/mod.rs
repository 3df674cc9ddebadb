//! What MCP lets a server ask in the middle of a call, read and judged.

pub mod inputs;
pub(crate) mod sensitive;
