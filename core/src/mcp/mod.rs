//! What MCP lets a server ask in the middle of a call, read and judged.

pub(crate) mod address;
pub mod inputs;
pub(crate) mod sensitive;
