//! The decisions of toolgate. No I/O and no clock: a host performs [`step::Step`]s and reports what happened.
//!
//! | room | what is in it |
//! |---|---|
//! | [`step`] | the host protocol: starts, steps, events, outcomes |
//! | [`guard`] | one backend: shared state, flows in flight, snapshots |
//! | [`flow`] | the machines: list, call, signup, doctor, decide, accept |
//! | [`catalog`] | tools as listed: hints, effect, definition, pins and how they differ, findings |
//! | `schema` | JSON Schema: compile, validate, explain |
//! | [`config`] | placeholders and keys in the configurations of MCP clients |
//! | `mcp` | what MCP lets a server ask in the middle of a call: forms, addresses, completions |
//! | [`gate`] | one file a gate, in the order they run |
//! | [`approval`] | what a yes covers, the ledger's record, the preview |
//! | `policy`, `pace`, `marks`, `profile`, `form` | the user's rules, what was called how often, what was read, backends as data, checks of sign-up inputs |
//! | [`audit`] | every decision and outcome as a line of a chain, and its verification |
//! | `policy`, `profile`, `form` | the user's rules, backends as data, checks of sign-up inputs |
//! | `json`, `redact`, `text`, [`secret`], [`error`], `time` | strict reading, digests, masking, typed errors |
//! | [`ffi`] | the JSON-text surface that both bindings wrap |

mod address;
pub mod approval;
pub mod audit;
pub mod catalog;
pub mod config;
pub mod error;
mod failure;
pub mod ffi;
pub mod flow;
mod form;
pub mod gate;
mod glob;
pub mod guard;
pub mod identity;
mod json;
mod map;
mod marks;
pub mod mcp;
#[doc(hidden)]
pub mod mutant;
mod near;
mod pace;
mod policy;
pub mod profile;
pub mod questions;
mod redact;
pub mod schema;
pub mod seal;
mod secret;
mod sort;
pub mod step;
mod text;
mod time;

pub use schema::Violation;
