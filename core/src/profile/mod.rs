//! What is known of a backend, as data. Nothing in the core names a vendor; a server without a profile works
//! with MCP's own defaults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::glob;
use crate::json;
use crate::step::Millis;

const BUILT_IN: &[(&str, &str)] = &[("favcrm", include_str!("favcrm.json"))];

/// A backend.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) title: String,
    /// Whether the server's hints are believed where nothing contradicts them.
    #[serde(default)]
    pub(crate) trusted: bool,
    pub(crate) endpoint: Endpoint,
    #[serde(default)]
    pub(crate) environment: Environment,
    #[serde(default)]
    pub(crate) credential: Option<Credential>,
    /// How the vendor's secrets begin.
    #[serde(default)]
    pub(crate) secret_prefixes: Vec<String>,
    /// JSON Pointers into a `tools/call` result: the first that leads to something holds the answer.
    #[serde(default)]
    pub(crate) answer: Vec<String>,
    /// How the backend says what went wrong; the first that matches counts.
    #[serde(default)]
    pub(crate) errors: Vec<ErrorPattern>,
    #[serde(default)]
    pub(crate) registration: Option<Registration>,
    #[serde(default)]
    pub(crate) invites: Option<Invites>,
    #[serde(default)]
    pub(crate) doctor: Doctor,
    /// The backend's own timing, for hosts.
    #[serde(default)]
    pub(crate) timing: Option<Timing>,
    /// The read that tells a tool's annotations where the list does not.
    #[serde(default)]
    pub(crate) describe: Option<Describe>,
    #[serde(default)]
    pub(crate) plan: Option<Plan>,
    #[serde(default)]
    pub(crate) sends: Option<Sends>,
    /// Effects by tool name pattern; they only raise.
    #[serde(default)]
    pub(crate) effects: Vec<EffectRule>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) alternatives: Vec<String>,
    #[serde(default)]
    pub(crate) server_card: Option<String>,
    #[serde(default)]
    pub(crate) protocol_version: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Timing {
    timeout_ms: Millis,
    diagnostics_interval_ms: Millis,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Describe {
    tool: String,
    argument: String,
}

/// Which tools know the plan, in each dialect.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    status: String,
    /// The first that is listed counts.
    checks: Vec<Operation>,
    options: String,
    upgrade: Upgrade,
}

/// A tool, and what its arguments are called by what they mean.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    tool: String,
    arguments: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upgrade {
    tool: String,
    /// The argument that turns a question into a payment link.
    confirm: String,
    plan: Vec<String>,
    /// Where a refusal says which upgrade would help.
    action: Vec<String>,
}

/// How something reaches a customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sends {
    tools: Vec<String>,
    draft: String,
    approval: Operation,
    /// Who sends once the owner approved.
    sender: Sender,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sender {
    Backend,
    Agent,
}

/// Names of environment variables that a host may read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Environment {
    pub(crate) url: Vec<String>,
    pub(crate) organisation: Vec<String>,
    pub(crate) workspace: Vec<String>,
    pub(crate) timeout_ms: Vec<String>,
    pub(crate) diagnostics_interval_ms: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credential {
    /// The vault's name for it.
    pub(crate) name: String,
    pub(crate) prefix: String,
    /// Environment variables that may hold it.
    #[serde(default)]
    pub(crate) environment: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorPattern {
    pub(crate) means: Trouble,
    /// Machine codes, compared without case.
    #[serde(default)]
    pub(crate) codes: Vec<String>,
    /// Parts of the message, compared without case.
    #[serde(default)]
    pub(crate) texts: Vec<String>,
}

/// What a backend's error means to a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
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

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    pub(crate) request: Request,
    pub(crate) verify: Verify,
    pub(crate) code: CodeShape,
    pub(crate) limits: Limits,
    /// Where a person signs in and makes keys by hand.
    pub(crate) portal: String,
    pub(crate) portal_keys: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) tool: String,
    pub(crate) industries: Vec<String>,
    pub(crate) organisation_name_least: usize,
    pub(crate) request_id_prefix: String,
    pub(crate) answer: RequestAnswer,
}

/// The spellings of each field of the request's answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestAnswer {
    pub(crate) request_id: Vec<String>,
    pub(crate) masked_email: Vec<String>,
    pub(crate) expires_at: Vec<String>,
    pub(crate) server_time: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verify {
    pub(crate) tool: String,
    pub(crate) answer: VerifyAnswer,
}

/// The spellings of each field of the verification's answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyAnswer {
    pub(crate) key: Vec<String>,
    pub(crate) organisation_id: Field,
    pub(crate) company_id: Field,
    pub(crate) user_id: Field,
    pub(crate) login_url: Vec<String>,
    pub(crate) next_steps: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) names: Vec<String>,
    pub(crate) prefix: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeShape {
    pub(crate) digits: u32,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) requests_per_hour: usize,
    pub(crate) requests_per_day: usize,
    pub(crate) resend_after: Millis,
    pub(crate) wrong_codes: u32,
}

/// The team's way in; a later flow walks it, the error messages name it already.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invites {
    pub(crate) create: String,
    pub(crate) request: String,
    pub(crate) verify: String,
}

/// Which reads tell how a workspace is; each is called only if it is listed and only reads.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Doctor {
    /// One tool that reports everything.
    pub(crate) whole: Option<String>,
    pub(crate) organisation: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) whatsapp: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EffectRule {
    pub(crate) tools: Vec<String>,
    pub(crate) effect: Effect,
}

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
    /// A built-in profile by name, or a profile as an object.
    pub(crate) fn load(source: &Value) -> Result<Profile> {
        let invalid = |message: String| Error::new(Code::InvalidProfile, message);
        match source {
            Value::String(name) => {
                let (_, text) = BUILT_IN.iter().find(|(built_in, _)| built_in == name).ok_or_else(|| {
                    let names = BUILT_IN.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                    invalid(format!("There is no built-in profile of that name; there is {names}."))
                })?;
                serde_json::from_str(text)
                    .map_err(|error| invalid(format!("The built-in profile cannot be read: {error}.")))
            }
            object => serde_json::from_value(object.clone())
                .map_err(|error| invalid(format!("The profile cannot be used: {error}."))),
        }
    }

    pub(crate) fn effect_of(&self, tool: &str) -> Option<Effect> {
        self.effects
            .iter()
            .filter(|rule| rule.tools.iter().any(|pattern| glob::matches(pattern, tool)))
            .map(|rule| rule.effect)
            .max()
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
    pub(crate) fn answer(&self, result: &Value) -> Value {
        let pointers = self.answer.iter().map(String::as_str);
        let found = pointers.filter_map(|pointer| result.pointer(pointer)).find(|value| !value.is_null());
        match found {
            Some(Value::String(text)) => {
                json::parse(text, json::RESULT).unwrap_or_else(|_| Value::String(text.clone()))
            }
            Some(value) => value.clone(),
            None => Value::Null,
        }
    }

    /// What a result that the backend calls an error means; none where no pattern knows it.
    pub(crate) fn trouble(&self, result: &Value) -> Option<Trouble> {
        let (code, message) = error_of(result);
        let (code, message) = (code.to_lowercase(), message.to_lowercase());
        let known = |pattern: &&ErrorPattern| {
            (!code.is_empty() && pattern.codes.iter().any(|known| known.eq_ignore_ascii_case(&code)))
                || pattern.texts.iter().any(|known| message.contains(&known.to_lowercase()))
        };
        self.errors.iter().find(known).map(|pattern| pattern.means)
    }
}

/// Where backends put their error's code and message.
pub(crate) fn error_of(result: &Value) -> (String, String) {
    const PLACES: &[&str] = &["/structuredContent/error", "/structuredContent/data/error", "/structuredContent"];
    let text = result.pointer("/content/0/text").and_then(Value::as_str).unwrap_or_default();
    let parsed = json::parse(text, json::RESULT).ok();
    let within = parsed.as_ref().map(|value| value.get("error").unwrap_or(value));
    let object = PLACES
        .iter()
        .filter_map(|place| result.pointer(place))
        .chain(within)
        .find(|value| value.get("code").is_some() || value.get("message").is_some());
    let code = object.and_then(|object| json::text(object, &["code", "error", "type"])).unwrap_or_default();
    let message = object.and_then(|object| json::text(object, &["message", "detail"])).unwrap_or(text);
    let code = if code.is_empty() { text.split_once(':').map_or("", |(code, _)| code.trim()) } else { code };
    (code.to_owned(), message.to_owned())
}

/// The error object of a result, for its numbers (`retryAfter`, …).
pub(crate) fn error_object(result: &Value) -> Option<Value> {
    let places =
        ["/structuredContent/error", "/structuredContent/data/error", "/structuredContent/data", "/structuredContent"];
    places.iter().filter_map(|place| result.pointer(place)).find(|value| value.is_object()).cloned().or_else(|| {
        let text = result.pointer("/content/0/text")?.as_str()?;
        let parsed = json::parse(text, json::RESULT).ok()?;
        parsed.get("error").cloned().or(Some(parsed))
    })
}
