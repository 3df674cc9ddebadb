//! What approvals are bound to besides the call: which server, and who acts there.
//!
//! Two servers may give themselves the same name, and two tenants may use the same server. Where approvals outlive the
//! process or are shared, the name is not enough: the endpoint tells servers apart, and `subject` tenants.

use crate::error::{Code, Error, Result};
use crate::json::canonical::sha256_hex;
use crate::json::de::{FromNode, Source};
use crate::redact::Redactor;
use crate::text::{self, name_within, shorten};

const MAX_BYTES: usize = 2_048;
/// Characters of a command, and of one of its arguments, that a person sees.
const MAX_COMMAND: usize = 300;
const MAX_ARGUMENT: usize = 100;

/// Flags and names whose values are shown to nobody.
const SECRET: &[&str] =
    &["key", "token", "secret", "pass", "pwd", "auth", "cred", "bearer", "cookie", "session", "private", "sig"];

/// Where the host's client is connected to.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// Over HTTP.
    Url(String),
    /// A process that was started, by its command, its arguments and its working folder.
    Process {
        /// The program.
        command: String,
        /// Its arguments; what of them may be a secret is shown nowhere.
        args: Vec<String>,
        /// The folder that it works in.
        folder: String,
    },
}

impl FromNode for Endpoint {
    fn blank() -> Self {
        Endpoint::Url(String::new())
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        if from.node().get("url").is_some() {
            from.object(Some(&["url"]));
            *self = Endpoint::Url(from.member("url"));
        } else {
            from.object(Some(&["command", "args", "folder"]));
            *self = Endpoint::Process {
                command: from.member("command"),
                args: from.member_or_default("args"),
                folder: from.member("folder"),
            };
        }
    }
}

impl Endpoint {
    /// The same for the same endpoint, in every language, and without anything that could be a secret.
    fn identity(&self) -> Option<String> {
        match self {
            Endpoint::Url(url) => of_url(url),
            Endpoint::Process { command, args, folder } => {
                let program = command.rsplit(['/', '\\']).next().filter(|name| !name.is_empty())?;
                let mut whole = String::new();
                for part in [command, folder].into_iter().chain(args) {
                    whole.push_str(&part.len().to_string());
                    whole.push(':');
                    whole.push_str(part);
                }
                Some(format!("stdio:{program}#{}", fingerprint(&whole)))
            }
        }
    }

    /// What a person knows a process by: its command with its arguments, but for what may be a secret.
    pub(crate) fn command(&self, redactor: &Redactor) -> Option<String> {
        let Endpoint::Process { command, args, .. } = self else { return None };
        let mut shown = command.clone();
        let mut hides = false;
        for arg in args {
            let is_value = core::mem::replace(&mut hides, takes_secret(arg));
            shown.push(' ');
            shown.push_str(&if is_value { "…".to_owned() } else { argument(arg) });
        }
        let shown = redactor.text(&shown).unwrap_or(shown);
        Some(["started as ", &name_within(&shown, MAX_COMMAND)].concat())
    }
}

fn speaks_of_secret(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SECRET.iter().any(|word| text.contains(word))
}

/// Whether the next argument may be one: behind `--api-key`, and behind the short flags that are used for it.
fn takes_secret(arg: &str) -> bool {
    arg.starts_with('-')
        && !arg.contains('=')
        && (speaks_of_secret(arg) || matches!(arg, "-p" | "-P" | "-k" | "-H" | "-u" | "-U" | "-t" | "-a" | "-s"))
}

fn argument(arg: &str) -> String {
    let address = arg.find("://");
    let name = match address {
        Some(at) => arg.get(..at).unwrap_or_default().rfind('='),
        None => arg.find(['=', ' ']),
    };
    let (name, value) = arg.split_at_checked(name.map_or(0, |at| at.saturating_add(1))).unwrap_or(("", arg));
    let is_random = value.len() >= 20
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-+=".contains(&byte))
        && value.bytes().any(|byte| byte.is_ascii_digit());
    let is_secret = speaks_of_secret(arg) && (!name.is_empty() || arg.contains(':'));
    let value = match address {
        Some(_) => of_url(value).unwrap_or("…".to_owned()),
        None if is_random || is_secret => "…".to_owned(),
        None => value.to_owned(),
    };
    shorten(&[name, &value].concat(), MAX_ARGUMENT)
}

/// Without user, password and fragment; a query may hold a key, so that only its fingerprint is told.
fn of_url(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, path) = rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, "/"));
    let host = authority.rsplit('@').next().filter(|host| !host.is_empty())?;
    let query = query.filter(|query| !query.is_empty()).map(|query| format!("?sha256:{}", fingerprint(query)));
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    let own_port = match scheme.as_str() {
        "http" => ":80",
        _ => ":443",
    };
    let host = host.strip_suffix(own_port).unwrap_or(&host);
    Some([&scheme, "://", host, path, &query.unwrap_or_default()].concat())
}

fn fingerprint(text: &str) -> String {
    sha256_hex(text.as_bytes()).chars().take(16).collect()
}

/// What a host knows of server and subject.
pub(crate) struct Given<'g> {
    pub(crate) server: Option<&'g str>,
    pub(crate) name: Option<&'g str>,
    pub(crate) endpoint: Option<&'g Endpoint>,
    pub(crate) subject: Option<&'g str>,
    pub(crate) lasting: bool,
}

/// What approvals, and what lock files are bound to.
pub(crate) struct Identity {
    pub(crate) server: String,
    /// Lock files are reviewed and shared by people; they name what the server calls itself where no other is given.
    pub(crate) lock: String,
    pub(crate) subject: String,
    /// Whether nothing but the server's own word says what it is.
    pub(crate) is_claimed: bool,
}

impl Given<'_> {
    pub(crate) fn settle(&self) -> Result<Identity> {
        let fits = |text: &str| text.len() <= MAX_BYTES && text.chars().any(|one| !text::is_unseen(one));
        if self.server.is_some_and(|server| !fits(server)) {
            return Err(bad_server());
        }
        let name = self.name.filter(|name| !name.is_empty());
        // What the transport is connected to is known; what a server calls itself is its own word.
        let endpoint = || self.endpoint.and_then(Endpoint::identity);
        let known = if self.server.is_none() { endpoint() } else { None };
        let is_claimed = self.server.is_none() && known.is_none();
        let (server, lock) = match self.server {
            Some(server) => (server.to_owned(), server.to_owned()),
            None => {
                let own = name.filter(|_| !self.lasting).map(str::to_owned);
                let server = known.or(own).ok_or_else(|| no_server(self.lasting))?;
                let lock = name.unwrap_or(&server).to_owned();
                (server, lock)
            }
        };
        if !fits(&server) || lock.len() > MAX_BYTES {
            return Err(bad_server());
        }
        if self.subject.is_some_and(|subject| !fits(subject)) {
            return Err(
                invalid("`subject` must name who acts, visibly, in 1 to 2048 bytes.").with("missing", "subject")
            );
        }
        let subject = self.subject;
        if self.lasting && subject.is_none() {
            return Err(invalid(
                "With a ledger that outlives the process or is shared, `subject` must say who acts: the user's, the \
                 tenant's or the agent's id. Otherwise one could spend what was approved for another.",
            )
            .with("missing", "subject"));
        }
        Ok(Identity { server, lock, subject: subject.unwrap_or("agent").to_owned(), is_claimed })
    }
}

fn no_server(lasting: bool) -> Error {
    let error = if lasting {
        invalid(
            "With a ledger that outlives the process or is shared, `server` must say which server it is: its address, or \
             a name of yours that no other server has. The name that a server gives itself may be another one's too.",
        )
    } else {
        bad_server()
    };
    error.with("missing", "server")
}

fn bad_server() -> Error {
    invalid("`server` must name the backend, visibly, in 1 to 2048 bytes.")
}

fn invalid(message: &str) -> Error {
    Error::new(Code::InvalidOptions, message)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
mod tests {
    use super::Endpoint;
    use crate::redact::Redactor;

    #[test]
    fn a_command_shows_which_process_it_is_and_no_secret() {
        for (args, shown) in [
            (
                &["-y", "@modelcontextprotocol/server-filesystem", "/srv/files"][..],
                "-y @modelcontextprotocol/server-filesystem /srv/files",
            ),
            (
                &["pg", "postgresql://ana:hunter2@db.example/crm?password=x"],
                "pg postgresql://db.example/crm?sha256:8c33a1f5d9a4a9d1",
            ),
            (&["--api-key", "hunter2", "--port", "80"], "--api-key … --port 80"),
            (&["--token=hunter2", "--root=/srv"], "--token=… --root=/srv"),
            (&["-e", "GITHUB_TOKEN=hunter2", "-p", "hunter2"], "-e GITHUB_TOKEN=… -p …"),
            (&["--header", "Authorization: Bearer hunter2"], "--header Authorization: …"),
            (&["x-api-key:hunter2", "a1b2c3d4e5f6a7b8c9d0e1f2"], "… …"),
            (&["a`b\n"], "a\\u{60}b\\n"),
        ] {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            let endpoint = Endpoint::Process { command: "node".to_owned(), args, folder: "/srv".to_owned() };
            let command = endpoint.command(&Redactor::default()).unwrap();
            assert!(!command.contains("hunter2"), "{command}");
            let shown = shown.split(":8c33").next().unwrap();
            assert!(command.starts_with(&format!("started as `node {shown}")), "{command}");
        }
    }
}
