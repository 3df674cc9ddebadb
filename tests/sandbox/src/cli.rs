//! The command line.

use clap::{Parser, ValueEnum};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toolgate_sandbox::catalog::{Dialect, Wrap};

/// A FavCRM-compatible MCP backend to try an agent-safety library on.
///
/// At start it prints one line of JSON with its addresses, and then logs to stderr only.
#[derive(Debug, Parser)]
#[command(name = "toolgate-sandbox", version)]
pub(crate) struct Cli {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "HOST:PORT")]
    pub(crate) addr: SocketAddr,

    /// Allow an address that other machines can reach
    #[arg(long)]
    pub(crate) allow_non_loopback: bool,

    /// Keep the data in this SQLite file instead of in memory
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,

    /// Write emails into this directory; without it and --smtp, into a temporary one
    #[arg(long, value_name = "DIR", conflicts_with = "smtp")]
    pub(crate) outbox: Option<PathBuf>,

    /// Send emails to this SMTP server
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) smtp: Option<String>,

    /// How long an emailed code lives
    #[arg(long, default_value_t = 600, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) code_ttl: i64,

    /// How many codes an address may ask for in an hour
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub(crate) rate_limit: u32,

    /// Make codes, keys and ids repeatable
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Answer wrongly on purpose, by the rules in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,

    /// How a tool's result is put into an answer
    #[arg(long, value_enum, default_value_t = WrapName::Data)]
    wrap: WrapName,

    /// Whose names are used for hints
    #[arg(long, value_enum, default_value_t = DialectName::Vendor)]
    dialect: DialectName,

    /// How answers are sent; auto takes what the request names first in Accept
    #[arg(long, value_enum, default_value_t = Answers::Auto)]
    pub(crate) answers: Answers,

    /// Show this many tools on a page of tools/list; 0 shows all
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) page_size: usize,

    /// Start every new organisation with contacts, bookings and invoices
    #[arg(long)]
    pub(crate) demo_data: bool,

    /// Refuse direct sends with approval_required
    #[arg(long)]
    pub(crate) strict_sends: bool,

    /// Let the agent send what the owner approved, once, instead of sending it
    #[arg(long)]
    pub(crate) agent_sends: bool,

    /// End when stdin does, so that a test that is killed leaves nothing behind
    #[arg(long)]
    pub(crate) exit_with_stdin: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum WrapName {
    Data,
    Structured,
    Text,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DialectName {
    Vendor,
    Article,
}

/// How answers are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Answers {
    Json,
    Sse,
    Auto,
}

impl Cli {
    pub(crate) fn wrap(&self) -> Wrap {
        match self.wrap {
            WrapName::Data => Wrap::Data,
            WrapName::Structured => Wrap::Structured,
            WrapName::Text => Wrap::Text,
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self.dialect {
            DialectName::Vendor => Dialect::Vendor,
            DialectName::Article => Dialect::Article,
        }
    }
}

pub(crate) fn host_and_port(server: &str) -> Result<(&str, u16), String> {
    server
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse().ok()?)))
        .filter(|(host, _)| !host.is_empty())
        .ok_or_else(|| format!("--smtp {server}: expected HOST:PORT"))
}

/// Where emails are written; a temporary directory goes away with it.
pub(crate) enum Outbox {
    Smtp,
    Given(PathBuf),
    Temporary(PathBuf),
}

impl Outbox {
    pub(crate) fn prepare(cli: &Cli) -> Result<Self, String> {
        if cli.smtp.is_some() {
            return Ok(Self::Smtp);
        }
        let directory = cli.outbox.clone().unwrap_or_else(temporary_directory);
        let made = match &cli.outbox {
            Some(directory) => std::fs::create_dir_all(directory),
            None => create_private(&directory),
        };
        // Printed in full: who reads it may be in another directory.
        let full = made
            .and_then(|()| directory.canonicalize())
            .map_err(|error| format!("{}: {error}", directory.display()))?;
        Ok(match &cli.outbox {
            Some(_) => Self::Given(full),
            None => Self::Temporary(full),
        })
    }

    pub(crate) fn directory(&self) -> Option<&Path> {
        match self {
            Self::Smtp => None,
            Self::Given(directory) | Self::Temporary(directory) => Some(directory),
        }
    }
}

fn temporary_directory() -> PathBuf {
    // The time too: process ids come again, and what a killed process left must not be taken over.
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.as_nanos());
    std::env::temp_dir().join(format!("toolgate-sandbox-{}-{nanos}", std::process::id()))
}

/// Makes a directory that did not exist, for this user only: there will be codes in it.
fn create_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

impl Drop for Outbox {
    fn drop(&mut self) {
        if let Self::Temporary(directory) = self {
            // What is left behind does no harm, and there is nobody to tell.
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}
