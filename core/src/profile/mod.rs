//! What is known of a backend, as data. Nothing in the core names a vendor; a server without a profile works
//! with MCP's own defaults.

use serde::Serialize;

use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::glob;
use crate::json::de::{self, Misfit, record, words};
use crate::json::tape::{Kind, Node};
use crate::json::{self, Document};
use crate::map::Map;
use crate::policy::after::MarkRule;
use crate::policy::once::OnceRule;
use crate::policy::secret_arguments::SecretArguments;
use crate::step::Millis;

/// The member that names what a profile begins from.
const EXTENDS: &str = "extends";
const BUILT_IN: &[(&str, &str)] = &[("favcrm", include_str!("favcrm.json"))];

/// A backend.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) title: String,
    /// Whether the server's hints are believed where nothing contradicts them.
    pub(crate) trusted: bool,
    pub(crate) endpoint: Endpoint,
    pub(crate) environment: Environment,
    pub(crate) credential: Option<Credential>,
    /// How the vendor's secrets begin.
    pub(crate) secret_prefixes: Vec<String>,
    /// JSON Pointers into a `tools/call` result: the first that leads to something holds the answer.
    pub(crate) answer: Vec<String>,
    /// How the backend says what went wrong; the first that matches counts.
    pub(crate) errors: Vec<ErrorPattern>,
    pub(crate) registration: Option<Registration>,
    pub(crate) invites: Option<Invites>,
    pub(crate) doctor: Doctor,
    /// The backend's own timing, for hosts.
    pub(crate) timing: Option<Timing>,
    /// The read that tells a tool's annotations where the list does not.
    pub(crate) describe: Option<Describe>,
    pub(crate) plan: Option<Plan>,
    pub(crate) sends: Option<Sends>,
    /// Reads that show what a call is about.
    pub(crate) records: Vec<RecordRule>,
    /// Effects by tool name pattern; they only raise.
    pub(crate) effects: Vec<EffectRule>,
    /// Names of arguments in the order in which a person should see them; empty: a built-in order.
    pub(crate) preview: Vec<String>,
    /// Arguments that nobody sees.
    pub(crate) secret_arguments: Vec<SecretArguments>,
    /// What happens once, beside the policy's own.
    pub(crate) once: Vec<OnceRule>,
    /// What reads bring in, beside the policy's own.
    pub(crate) marks: Vec<MarkRule>,
}

record!(strict Profile { name, title, endpoint; trusted, environment, credential, secret_prefixes, answer, errors, registration, invites, doctor, timing, describe, plan, sends, records, effects, preview, secret_arguments, once, marks });

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) alternatives: Vec<String>,
    pub(crate) server_card: Option<String>,
    pub(crate) protocol_version: Option<String>,
}

record!(strict Endpoint { url; alternatives, server_card, protocol_version });

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Timing {
    timeout_ms: Millis,
    diagnostics_interval_ms: Millis,
}

record!(strict Timing { timeout_ms, diagnostics_interval_ms; });

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Describe {
    tool: String,
    argument: String,
}

record!(strict Describe { tool, argument; });

/// Which tools know the plan, in each dialect.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Plan {
    pub(crate) status: String,
    /// The first that is listed counts.
    pub(crate) checks: Vec<Operation>,
    pub(crate) options: String,
    pub(crate) upgrade: Upgrade,
    #[serde(skip)]
    pub(crate) answer: PlanAnswer,
    /// Tools that no plan has a say in.
    #[serde(skip)]
    pub(crate) exempt: Vec<String>,
    /// Tools whose calls use something up, so that what was said of it holds no longer; each list is one quota.
    #[serde(skip)]
    pub(crate) quotas: Vec<Vec<String>>,
    /// The machine codes of a refusal for the plan's sake.
    #[serde(skip)]
    pub(crate) blocked: Vec<String>,
    /// How long a yes holds.
    #[serde(skip)]
    pub(crate) ttl_ms: Millis,
}

record!(strict Plan { status, checks, options, upgrade, answer, ttl_ms; exempt, quotas, blocked });

/// The spellings of each field of a plan check's answer.
#[derive(Debug, Clone)]
pub(crate) struct PlanAnswer {
    pub(crate) allowed: Vec<String>,
    pub(crate) reason: Vec<String>,
    pub(crate) upgrade_action: Vec<String>,
}

record!(strict PlanAnswer { allowed, reason, upgrade_action; });

/// A tool, and what its arguments are called by what they mean.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Operation {
    pub(crate) tool: String,
    pub(crate) arguments: Map<String, String>,
}

record!(strict Operation { tool, arguments; });

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Upgrade {
    pub(crate) tool: String,
    /// The argument that turns a question into a payment link: only the guard says it, after a person's yes.
    pub(crate) confirm: String,
    pub(crate) arguments: Map<String, String>,
    /// The members of an upgrade action that name the plan.
    pub(crate) plan: Vec<String>,
}

record!(strict Upgrade { tool, confirm, arguments, plan; });

/// How something reaches a customer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sends {
    pub(crate) tools: Vec<String>,
    /// Takes what a send takes, and shows what would be sent.
    pub(crate) draft: String,
    pub(crate) approval: Operation,
    /// Who sends once the owner approved.
    pub(crate) sender: Sender,
    #[serde(skip)]
    pub(crate) follow: Follow,
    /// The members of a draft that a person should see.
    #[serde(skip)]
    pub(crate) show: Vec<String>,
}

/// What a send's question to its owner says; the profile names the argument for each.
pub(crate) const QUESTION: [&str; 3] = ["action", "summary", "payload"];

record!(strict Sends { tools, draft, approval, sender, follow; show });

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Backend,
    Agent,
}

words!(Sender { Backend = "backend", Agent = "agent" });

/// How the backend says what its owner decided.
#[derive(Debug, Clone)]
pub(crate) struct Follow {
    /// The read, and what its argument is called that names the `request`.
    pub(crate) read: Operation,
    /// The spellings of the request's name and status in an answer.
    pub(crate) request: Vec<String>,
    pub(crate) status: Vec<String>,
    pub(crate) approved: Vec<String>,
    pub(crate) completed: Vec<String>,
    pub(crate) failed: Vec<String>,
}

record!(strict Follow { read, request, status, approved, completed, failed; });

/// The read that shows what a call is about.
#[derive(Debug, Clone)]
pub(crate) struct RecordRule {
    /// Tool name patterns.
    pub(crate) tools: Vec<String>,
    pub(crate) read: String,
    /// The read's arguments by JSON Pointers into the call's own.
    pub(crate) arguments: Map<String, String>,
    /// Where the answer is a list: which of its items.
    pub(crate) pick: Option<Pick>,
    /// The members that a person should see; all if there are none.
    pub(crate) show: Vec<String>,
    /// What shows that the call took effect.
    pub(crate) ran: Option<Ran>,
}

record!(strict RecordRule { tools, read, arguments; pick, show, ran });

/// One item of a list: the first whose members are what the call's arguments say, as far as they say it.
#[derive(Debug, Clone)]
pub(crate) struct Pick {
    /// JSON Pointer to the list.
    pub(crate) from: String,
    /// Members by JSON Pointers into the call's arguments.
    pub(crate) by: Map<String, String>,
}

record!(strict Pick { from, by; });

#[derive(Debug, Clone)]
pub(crate) struct Ran {
    pub(crate) field: String,
    pub(crate) values: Vec<String>,
}

record!(strict Ran { field, values; });

/// Names of environment variables that a host may read.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Environment {
    pub(crate) url: Vec<String>,
    pub(crate) organisation: Vec<String>,
    pub(crate) workspace: Vec<String>,
    pub(crate) timeout_ms: Vec<String>,
    pub(crate) diagnostics_interval_ms: Vec<String>,
}

record!(strict Environment { ; url, organisation, workspace, timeout_ms, diagnostics_interval_ms });

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Credential {
    /// The vault's name for it.
    pub(crate) name: String,
    pub(crate) prefix: String,
    /// Environment variables that may hold it.
    pub(crate) environment: Vec<String>,
}

record!(strict Credential { name, prefix; environment });

#[derive(Debug, Clone)]
pub(crate) struct ErrorPattern {
    pub(crate) means: Trouble,
    /// Machine codes, compared without case.
    pub(crate) codes: Vec<String>,
    /// Parts of the message, compared without case.
    pub(crate) texts: Vec<String>,
}

record!(strict ErrorPattern { means; codes, texts });

/// What a backend's error means to a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    CodeExpired,
    WrongCode,
    TooManyAttempts,
    ExistingAccount,
    RateLimited,
    UnknownRequest,
    InvalidInput,
    Unauthorized,
}

words!(Trouble { CodeExpired = "code_expired", WrongCode = "wrong_code", TooManyAttempts = "too_many_attempts", ExistingAccount = "existing_account", RateLimited = "rate_limited", UnknownRequest = "unknown_request", InvalidInput = "invalid_input", Unauthorized = "unauthorized" });

#[derive(Debug, Clone)]
pub(crate) struct Registration {
    pub(crate) request: Request,
    pub(crate) verify: Verify,
    pub(crate) code: CodeShape,
    pub(crate) limits: Limits,
    /// Where a person signs in and makes keys by hand.
    pub(crate) portal: String,
    pub(crate) portal_keys: String,
}

record!(strict Registration { request, verify, code, limits, portal, portal_keys; });

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) tool: String,
    pub(crate) industries: Vec<String>,
    pub(crate) organisation_name_least: usize,
    pub(crate) request_id_prefix: String,
    pub(crate) answer: RequestAnswer,
}

record!(strict Request { tool, industries, organisation_name_least, request_id_prefix, answer; });

/// The spellings of each field of the request's answer.
#[derive(Debug, Clone)]
pub(crate) struct RequestAnswer {
    pub(crate) request_id: Vec<String>,
    pub(crate) masked_email: Vec<String>,
    pub(crate) expires_at: Vec<String>,
    pub(crate) server_time: Vec<String>,
}

record!(strict RequestAnswer { request_id, masked_email, expires_at, server_time; });

#[derive(Debug, Clone)]
pub(crate) struct Verify {
    pub(crate) tool: String,
    pub(crate) answer: VerifyAnswer,
}

record!(strict Verify { tool, answer; });

/// The spellings of each field of the verification's answer.
#[derive(Debug, Clone)]
pub(crate) struct VerifyAnswer {
    pub(crate) key: Vec<String>,
    pub(crate) organisation_id: Field,
    pub(crate) company_id: Field,
    pub(crate) user_id: Field,
    pub(crate) login_url: Vec<String>,
    pub(crate) next_steps: Vec<String>,
}

record!(strict VerifyAnswer { key, organisation_id, company_id, user_id, login_url, next_steps; });

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) names: Vec<String>,
    pub(crate) prefix: String,
}

record!(strict Field { names, prefix; });

#[derive(Debug, Clone, Copy)]
pub(crate) struct CodeShape {
    pub(crate) digits: u32,
}

record!(strict CodeShape { digits; });

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) requests_per_hour: usize,
    pub(crate) requests_per_day: usize,
    pub(crate) resend_after: Millis,
    pub(crate) wrong_codes: u32,
}

record!(strict Limits { requests_per_hour, requests_per_day, resend_after, wrong_codes; });

/// The team's way in; a later flow walks it, the error messages name it already.
#[derive(Debug, Clone)]
pub(crate) struct Invites {
    pub(crate) create: String,
    pub(crate) request: String,
    pub(crate) verify: String,
}

record!(strict Invites { create, request, verify; });

/// Which reads tell how a workspace is; each is called only if it is listed and only reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doctor {
    /// One tool that reports everything.
    pub(crate) whole: Option<String>,
    pub(crate) organisation: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) whatsapp: Option<String>,
}

record!(strict Doctor { ; whole, organisation, plan, whatsapp });

#[derive(Debug, Clone)]
pub(crate) struct EffectRule {
    pub(crate) tools: Vec<String>,
    pub(crate) effect: Effect,
}

record!(strict EffectRule { tools, effect; });

/// What a host needs of a profile.
#[derive(Debug, Serialize)]
pub struct ProfileReport<'p> {
    name: &'p str,
    title: &'p str,
    endpoint: &'p Endpoint,
    environment: &'p Environment,
    credential: Option<&'p Credential>,
    registration: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    timing: Option<&'p Timing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    describe: Option<&'p Describe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'p Plan>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sends: Option<&'p Sends>,
}

impl Profile {
    /// A built-in profile by name, a profile as an object, or an object that `extends` a built-in one: what else it
    /// holds is a merge patch (RFC 7396).
    pub(crate) fn load(source: &str) -> Result<Profile> {
        let invalid = |message: String| Error::new(Code::InvalidProfile, message);
        let unusable = |misfit: Misfit| invalid(format!("The profile cannot be used: {misfit}."));
        let document = Document::read(source, json::OWN).map_err(|refusal| unusable(refusal.into()))?;
        let given = document.tape().root();
        let extended = given.get(EXTENDS).map(Node::as_text);
        let extends = extended.is_some();
        let name = match extended {
            Some(Some(name)) => name,
            Some(None) => return Err(invalid(format!("`{EXTENDS}` must be a built-in profile's name."))),
            None => match given.as_text() {
                Some(name) => name,
                None => return de::from_node(given).map_err(unusable).and_then(Profile::checked),
            },
        };
        let (_, text) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name).ok_or_else(|| {
            let names = BUILT_IN.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            invalid(format!("There is no built-in profile of that name; there is {names}."))
        })?;
        if !extends {
            return de::read(text, json::OWN).map_err(unusable);
        }
        let built_in = Document::read(text, json::OWN).map_err(|refusal| unusable(refusal.into()))?;
        let merged = json::merged(built_in.tape().root(), given, EXTENDS);
        de::read(&merged, json::OWN).map_err(unusable).and_then(Profile::checked)
    }

    /// What a send says to its owner has to have a place in the backend's question: else the send itself would go out.
    fn checked(self) -> Result<Profile> {
        let names = self.sends.as_ref().map(|sends| &sends.approval.arguments);
        let missing = names.and_then(|names| QUESTION.into_iter().find(|meaning| names.get(*meaning).is_none()));
        match missing {
            Some(meaning) => Err(Error::new(
                Code::InvalidProfile,
                format!("The profile cannot be used: `sends.approval.arguments` does not name `{meaning}`."),
            )),
            None => Ok(self),
        }
    }

    pub(crate) fn effect_of(&self, tool: &str) -> Option<Effect> {
        let ruled = self.effects.iter().filter(|rule| glob::any(&rule.tools, tool)).map(|rule| rule.effect).max();
        // Whose credential the vault holds decides where everything else goes.
        ruled.max(self.gives_credential(tool).then_some(Effect::External))
    }

    /// Whether the tool's answer holds a credential.
    pub(crate) fn gives_credential(&self, tool: &str) -> bool {
        self.registration.as_ref().is_some_and(|registration| registration.verify.tool == tool)
            || self.invites.as_ref().is_some_and(|invites| invites.verify == tool)
    }

    pub(crate) fn record_of(&self, tool: &str) -> Option<&RecordRule> {
        self.records.iter().find(|rule| glob::any(&rule.tools, tool))
    }

    pub(crate) fn report(&self) -> ProfileReport<'_> {
        ProfileReport {
            name: &self.name,
            title: &self.title,
            endpoint: &self.endpoint,
            environment: &self.environment,
            credential: self.credential.as_ref(),
            registration: self.registration.is_some(),
            timing: self.timing.as_ref(),
            describe: self.describe.as_ref(),
            plan: self.plan.as_ref(),
            sends: self.sends.as_ref(),
        }
    }

    /// The prefixes by which the backend's secrets are known.
    pub(crate) fn prefixes(&self) -> Vec<String> {
        let credential = self.credential.iter().map(|credential| credential.prefix.clone());
        self.secret_prefixes.iter().cloned().chain(credential).collect()
    }

    /// The answer inside a `tools/call` result, out of whatever it is wrapped in; text that is JSON is read.
    pub(crate) fn answer<'t>(&self, result: Node<'t>) -> Part<'t> {
        let pointers = self.answer.iter().map(String::as_str);
        let found = pointers.filter_map(|pointer| result.pointer(pointer)).find(|node| node.kind() != Kind::Null);
        let Some(node) = found else { return Part::Node(Node::absent()) };
        match node.as_text().map(|text| Document::read(&text, json::RESULT)) {
            Some(Ok(document)) => Part::Document(document, 0),
            _ => Part::Node(node),
        }
    }

    /// What a result that the backend calls an error means; none where no pattern knows it.
    pub(crate) fn trouble(&self, result: Node<'_>) -> Option<Trouble> {
        let (code, message) = error_of(result);
        let message = message.to_ascii_lowercase();
        let known = |pattern: &&ErrorPattern| {
            (!code.is_empty() && pattern.codes.iter().any(|known| known.eq_ignore_ascii_case(&code)))
                || pattern.texts.iter().any(|known| message.contains(&known.to_ascii_lowercase()))
        };
        self.errors.iter().find(known).map(|pattern| pattern.means)
    }
}

/// A part of an answer: where it stands, or read out of a text there.
#[derive(Debug)]
pub(crate) enum Part<'t> {
    Node(Node<'t>),
    /// With the place on its tape.
    Document(Document, u32),
}

impl Part<'_> {
    pub(crate) fn node(&self) -> Node<'_> {
        match self {
            Part::Node(node) => *node,
            Part::Document(document, index) => document.tape().node(*index),
        }
    }
}

/// Where backends put their error's code and message.
pub(crate) fn error_of(result: Node<'_>) -> (String, String) {
    const PLACES: &[&str] = &["/structuredContent/error", "/structuredContent/data/error", "/structuredContent"];
    let text = result.pointer("/content/0/text").map(Node::text).unwrap_or_default();
    let parsed = Document::read(&text, json::RESULT).ok();
    let parsed = parsed.as_ref().map(|document| document.tape().root());
    let object = PLACES
        .iter()
        .filter_map(|place| result.pointer(place))
        .chain(parsed.map(|root| root.get("error").unwrap_or(root)))
        .find(|node| node.get("code").is_some() || node.get("message").is_some());
    let field = |names: &[&str]| object.and_then(|object| json::text(object, names));
    let code = field(&["code", "error", "type"]).unwrap_or_default();
    let message = field(&["message", "detail"]).unwrap_or_else(|| text.clone());
    let code = if code.is_empty() { text.split_once(':').map_or("", |(code, _)| code.trim()) } else { &code };
    (code.to_owned(), message.into_owned())
}

/// The error object of a result, for its numbers (`retryAfter`, …).
pub(crate) fn error_object(result: Node<'_>) -> Option<Part<'_>> {
    let places =
        ["/structuredContent/error", "/structuredContent/data/error", "/structuredContent/data", "/structuredContent"];
    let found = places.iter().filter_map(|place| result.pointer(place)).find(|node| node.kind() == Kind::Object);
    if let Some(node) = found {
        return Some(Part::Node(node));
    }
    let text = result.pointer("/content/0/text")?.as_text()?;
    let document = Document::read(&text, json::RESULT).ok()?;
    let index = document.tape().root().get("error").map_or(0, Node::index);
    Some(Part::Document(document, index))
}
