//! The gates that a call passes before anyone is asked: known, pinned, arguments, policy, pace.

use super::{Arguments, Call, meta};
use crate::approval::{Approvers, Bound, Frame, Preview};
use crate::error::{Code, Error, Result};
use crate::flow::signup::{self, Role};
use crate::gate::pace::Paced;
use crate::gate::{self, Gate, GateVerdict};
use crate::guard::Shared;
use crate::json::canonical::{canonical, sha256_hex};
use crate::json::{self, Document, Json};
use crate::mutant::{self, Mutant};
use crate::policy::{Ruling, Verdict, secret_arguments};
use crate::schema::Violation;
use crate::step::Millis;
use crate::text::quoted_name;

/// What those gates make of a call.
pub(super) struct Examined {
    pub(super) document: Document,
    pub(super) verdict: Verdict,
    /// Who may answer, if a person is asked and the policy names them.
    pub(super) approvers: Option<Approvers>,
    pub(super) paced: Paced,
}

/// What an approval of the call is bound to.
pub(super) struct Binding {
    /// The arguments in their canonical form.
    pub(super) arguments: String,
    pub(super) call: Bound,
    pub(super) preview: Preview,
}

impl Call {
    /// `may_wait` is false for a call that has just waited for the pace.
    pub(super) fn examine(&mut self, now: Millis, may_wait: bool, shared: &Shared) -> Result<Examined> {
        let (document, ruling) = self.permit(now, shared)?;
        if self.round.is_some() {
            // It was counted with its first request.
            let (verdict, approvers) = (ruling.verdict, ruling.approvers);
            return Ok(Examined { document, verdict, approvers, paced: Paced::Pass });
        }
        let paced = gate::pace::check(shared, &self.name, ruling.effect, now, may_wait, &mut self.decision)?;
        Ok(Examined { document, verdict: ruling.verdict, approvers: ruling.approvers, paced })
    }

    /// The same gates but for the pace, which counted a call that was sent already.
    pub(super) fn permit(&mut self, now: Millis, shared: &Shared) -> Result<(Document, Ruling)> {
        let decision = &mut self.decision;
        let tool = gate::known::check(&shared.catalog, &self.name, &shared.redactor)
            .inspect_err(|error| decision.deny(Gate::Known, error))?;
        decision.say(Gate::Known, GateVerdict::Pass, "");
        decision.effect = Some(tool.effect);
        decision.reasons.clone_from(&tool.reasons);
        gate::pinned::pass(tool, &shared.redactor, decision)?;

        let hidden = signup::hidden_arguments(self.role);
        let text = self.arguments.text.get();
        let checked = tool.definition().and_then(|definition| {
            let document = gate::arguments::check(tool, definition, text, &hidden, &shared.redactor)?;
            if let Some(meta) = &self.meta {
                meta::check(meta, &shared.redactor)?;
            }
            if let Some(role) = self.role {
                signup::check_call(role, document.tape().root(), now, shared)?;
            }
            Ok(document)
        });
        let document = checked.inspect_err(|error| decision.deny(Gate::Arguments, error))?;
        decision.say(Gate::Arguments, GateVerdict::Pass, "");

        let ruling = gate::policy::check(&shared.policy, tool, document.tape().root(), &shared.marks, decision)?;
        self.rule.clone_from(&ruling.source);
        // Behind the policy, so that nobody is asked about what it forbids, or allows whatever the tool does.
        if ruling.needs_confirmation && !mutant::is(Mutant::Confirmed) {
            let error = gate::pinned::unconfirmed(tool);
            decision.deny(Gate::Pinned, &error);
            return Err(error);
        }
        Ok((document, ruling))
    }

    /// Pointers to the arguments that nobody sees, in which `*` stands for any name or place.
    pub(super) fn hidden(&self, shared: &Shared) -> Vec<String> {
        let profile = shared.profile.as_ref().map(|profile| profile.secret_arguments.as_slice()).unwrap_or_default();
        let secret = [profile, &shared.policy.secret_arguments];
        let secret = secret.into_iter().flat_map(|rules| secret_arguments::of_tool(rules, &self.name));
        secret.map(str::to_owned).chain(signup::hidden_arguments(self.role)).collect()
    }

    /// What an approval of the call would be bound to, and what a person would see.
    pub(super) fn bind(&self, document: &Document, shared: &Shared) -> Result<Binding> {
        let tool = gate::known::check(&shared.catalog, &self.name, &shared.redactor)?;
        let definition = tool.definition()?;
        let value = document.tape().root();
        let arguments = canonical(value);
        let meta = self.meta.as_ref().and_then(meta::approved);
        let call = Bound {
            server: shared.server.clone(),
            tool: tool.name.clone(),
            definition: definition.digest.clone(),
            arguments: sha256_hex(arguments.as_bytes()),
            subject: shared.subject.clone(),
            policy: shared.policy.digest.clone(),
            meta: meta.as_ref().map(|meta| digest(meta.get())),
            inputs: self.round.as_ref().filter(|_| !mutant::is(Mutant::Inputs)).map(|round| round.digest()),
        };
        let hidden = self.hidden(shared);
        let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
        let profile = shared.profile.as_ref();
        let frame = Frame {
            server: &shared.server,
            subject: &shared.subject,
            meta: meta.as_ref(),
            hidden: &hidden,
            order: profile.map(|profile| profile.preview.as_slice()).unwrap_or_default(),
        };
        let listed = tool.read_definition();
        let mut preview = Preview::of(tool, listed.tape().root(), value, &frame);
        preview.effect = self.decision.effect.unwrap_or(preview.effect);
        preview.reasons.clone_from(&self.decision.reasons);
        preview.record = self.record.clone().unwrap_or_default();
        let given = self.round.as_ref().and_then(|round| round.given.as_ref());
        if let Some(given) = given.filter(|_| !mutant::is(Mutant::Inputs)) {
            preview.inputs.clone_from(&given.lines);
        }
        Ok(Binding { arguments, call, preview })
    }
}

/// SHA-256 of the canonical form of a text that was read before.
fn digest(text: &str) -> String {
    let document = Document::read(text, json::OWN).unwrap_or_default();
    sha256_hex(canonical(document.tape().root()).as_bytes())
}

/// The arguments as they will be examined. Where the profile names an argument by which a person's yes is told to the
/// backend, that word is the guard's: an agent that says it itself is refused.
pub(super) fn arguments(name: &str, text: &str, role: Option<Role>, shared: &Shared) -> Result<Arguments> {
    let secret = role.is_some_and(Role::gives_key);
    let plan = shared.profile.as_ref().and_then(|profile| profile.plan.as_ref());
    let Some(upgrade) = plan.map(|plan| &plan.upgrade).filter(|upgrade| upgrade.tool == name) else {
        return Ok(Arguments { text: Json::verbatim(text), secret });
    };
    // What cannot be read is told by the arguments gate.
    let Ok(document) = Document::read(text, json::ARGUMENTS) else {
        return Ok(Arguments { text: Json::verbatim(text), secret });
    };
    let value = document.tape().root();
    if value.get(&upgrade.confirm).is_some() {
        let violation = Violation {
            path: format!("/{}", json::pointer_token(&upgrade.confirm)),
            schema_path: String::new(),
            keyword: "confirmed_by_agent".to_owned(),
            expected: "nothing: the guard adds it once a person said yes".to_owned(),
            got: "the agent's own word".to_owned(),
            repair: format!("Leave `{}` out: the guard adds it once a person said yes.", upgrade.confirm),
        };
        let message = format!("The arguments of {} are not acceptable: {}", quoted_name(name), violation.repair);
        return Err(Error::new(Code::InvalidArguments, message).with("violations", Json::of(&[violation])));
    }
    let mut members: Vec<(String, Json)> =
        value.members().map(|member| (member.name().into_owned(), Json::copied(member.value))).collect();
    members.push((upgrade.confirm.clone(), Json::of(&true)));
    let members: Vec<(&str, &Json)> = members.iter().map(|(name, value)| (name.as_str(), value)).collect();
    Ok(Arguments { text: Json::object(&members), secret })
}
