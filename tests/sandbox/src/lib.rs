//! A FavCRM-compatible MCP backend to try an agent-safety library on: all of it but HTTP.
//!
//! Time and randomness are passed in, so that a run can be repeated byte for byte.
//!
//! | module | what is there |
//! |---|---|
//! | [`backend`] | one store and one catalogue, and the way a call takes through them |
//! | [`catalog`] | all tools and how they are listed |
//! | [`tool`] | what a tool is; its functions are in `tools/`, one file for each scope |
//! | `entity` | list, get, search, create, update and delete, declared once |
//! | `field` | the language for arguments and results: JSON Schema out, checks in |
//! | `codes`, `organisations` | emailed codes; organisations, users and keys |
//! | `plan` | tiers, quotas and modules |
//! | `send` | messages that go out |
//! | `demo` | what an organisation starts with under `--demo-data` |
//! | [`portal`] | what the owner does outside MCP: approvals, keys, upgrades |
//! | [`faults`] | ways to answer wrongly on purpose, and the format of the file that says which |
//! | [`mail`], [`time`], [`random`] | the outside world, handed in |

pub mod answer;
pub mod backend;
mod call;
pub mod catalog;
mod codes;
mod demo;
mod entity;
pub mod error;
pub mod faults;
mod field;
pub mod mail;
mod organisations;
mod plan;
pub mod portal;
pub mod random;
mod send;
mod store;
pub mod time;
pub mod tool;
mod tools;

pub use backend::{Backend, Settings};
pub use call::Caller;
