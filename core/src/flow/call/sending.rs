//! What reaches a customer goes out in two phases: a person approves, then the backend asks its owner, and only the
//! backend's own word counts as delivery.

use super::{Call, State};
use crate::approval::{Approval, Line, Request, State as Standing};
use crate::catalog::Definition;
use crate::error::Result;
use crate::flow::{Errand, Input};
use crate::gate::{Gate, GateVerdict, result};
use crate::guard::Shared;
use crate::json::canonical::{canonical, sha256_hex};
use crate::json::de::FromNode;
use crate::json::tape::Node;
use crate::json::{self, Json, text};
use crate::profile::{self, Profile, Sender, Sends};
use crate::step::{Happening, Outcome};
use crate::text::shorten;

/// Lengths of a summary in characters, longest first: what the backend takes is told only by its schema.
const SUMMARIES: &[usize] = &[1_000, 500, 200];

/// Hexadecimal digits of the payload's digest that a summary shows.
const DIGEST: usize = 32;

/// Characters of a value that are always shown.
const SHORTEST: usize = 4;

/// Longer values are shortened by the preview itself.
const MAX_KNOWN: usize = 2_000;

/// At most so many characters of a value and how many it has in all; its quotes are closed, which keeps it from looking
/// like another member.
fn cut(value: &str, most: usize) -> String {
    let length = value.chars().count();
    let quotes = if value.starts_with('"') { 2 } else { 0 };
    let inner = length.saturating_sub(quotes);
    if inner <= most {
        return value.to_owned();
    }
    let mut start: String = value.chars().take(most.saturating_add(quotes >> 1)).collect();
    if quotes > 0 {
        let escapes = start.len().saturating_sub(start.trim_end_matches('\\').len());
        if escapes & 1 == 1 {
            start.pop();
        }
        start.push('"');
    }
    let over = if inner > MAX_KNOWN { "over " } else { "" };
    [&start, "… of ", over, &inner.min(MAX_KNOWN).to_string()].concat()
}

/// How the backend's own question to its owner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Nobody has decided, or the backend says a word that is not known.
    Pending,
    /// The owner agreed, and the agent may send.
    Approved,
    /// It was sent.
    Completed,
    /// It will not be.
    Failed,
}

impl Call {
    /// The sends of the profile and what the arguments of the backend's question are called, if that is what goes out
    /// instead of the call.
    fn question<'s>(&self, approval: Option<&Approval>, shared: &'s Shared) -> Option<(&'s Sends, [&'s str; 3])> {
        let sends = shared.profile.as_ref()?.sends.as_ref()?;
        let released = approval.and_then(|approval| approval.request.as_ref()).is_some_and(|request| request.sent);
        let goes = sends.tools.contains(&self.name) && shared.catalog.get(&sends.approval.tool).is_some();
        let [action, summary, payload] = profile::QUESTION.map(|meaning| sends.approval.arguments.get(meaning));
        let names = [action?.as_str(), summary?.as_str(), payload?.as_str()];
        (goes && !released).then_some((sends, names))
    }

    /// The tool that is really called.
    pub(super) fn sent_tool<'s>(&'s self, approval: Option<&Approval>, shared: &'s Shared) -> &'s str {
        self.question(approval, shared).map_or(&self.name, |(sends, _)| &sends.approval.tool)
    }

    /// What really goes out: the call, or the backend's question to its owner about it.
    pub(super) fn outgoing(&self, approval: Option<&Approval>, shared: &Shared) -> Errand {
        let Some((sends, [action, summary, payload])) = self.question(approval, shared) else {
            return Errand { tool: self.name.clone(), arguments: self.arguments.text.clone() };
        };
        let definition = shared.catalog.get(&sends.approval.tool).and_then(|tool| tool.definition().ok());
        let (name, lines, digest) = (Json::of(&self.name), self.told(approval, shared), self.payload_digest());
        let mut arguments = Json::blank();
        for length in SUMMARIES {
            let told = self.summary(&lines, length.saturating_sub(digest.len()).saturating_sub(2));
            let told = Json::of(&format!("{told} {digest}"));
            arguments = Json::object(&[(action, &name), (summary, &told), (payload, &self.arguments.text)]);
            let fits = |definition: &Definition| {
                definition.input.is_valid_text(arguments.get(), json::ARGUMENTS, &mut Vec::new())
            };
            if definition.is_none_or(fits) {
                break;
            }
        }
        Errand { tool: sends.approval.tool.clone(), arguments }
    }

    fn payload_digest(&self) -> String {
        let digest = sha256_hex(canonical(self.read_arguments().tape().root()).as_bytes());
        format!("(payload sha256:{})", digest.chars().take(DIGEST).collect::<String>())
    }

    /// What the owner reads: the same that the person saw.
    fn told(&self, approval: Option<&Approval>, shared: &Shared) -> Vec<Line> {
        let shown = match approval {
            Some(approval) => Some(approval.preview.clone()),
            None => self.bind(&self.read_arguments(), shared).ok().map(|binding| binding.preview),
        };
        let lines = shown.map(|preview| if preview.record.is_empty() { preview.lines } else { preview.record });
        lines.unwrap_or_default()
    }

    /// In at most so many characters. The longest values are cut first, recipients last; then members are left out from
    /// the end, and counted.
    fn summary(&self, lines: &[Line], most: usize) -> String {
        let whole = |line: &&Line| line.is_recipient();
        let recipients: usize = lines.iter().filter(whole).map(|line| line.value.chars().count()).sum();
        let keeps = recipients <= most.saturating_mul(3) >> 2;
        let (mut share, mut left_out) = (most, 0_usize);
        loop {
            let mut summary = self.name.clone();
            let mut open = lines.iter().filter(|line| !(keeps && whole(line))).count().saturating_sub(left_out);
            for line in lines {
                let is_whole = keeps && whole(&line);
                if !is_whole && open == 0 {
                    continue;
                }
                open = open.saturating_sub(usize::from(!is_whole));
                let value = cut(&line.value, if is_whole { usize::MAX } else { share });
                for part in ["; ", &line.label, ": ", &value] {
                    summary.push_str(part);
                }
            }
            if left_out > 0 {
                summary.push_str(&["; ", &left_out.to_string(), " more"].concat());
            }
            if summary.chars().count() <= most || left_out >= lines.len() {
                return shorten(&summary, most);
            }
            if share > SHORTEST {
                share = share.saturating_mul(7) >> 3;
            } else {
                left_out = left_out.saturating_add(1);
            }
        }
    }

    /// Whether this call's result is only the backend's question to its owner.
    pub(super) fn asks_owner(&self, approval: Option<&Approval>, shared: &Shared) -> bool {
        self.question(approval, shared).is_some()
    }

    /// The record after the backend took its question, and what that means for the approval.
    pub(super) fn requested(
        &mut self,
        approval: Option<Approval>,
        result: Node<'_>,
        shared: &Shared,
    ) -> Option<(Approval, Approval)> {
        let (request, owner) = request_of(shared.profile.as_ref()?, result)?;
        self.decision.say(Gate::Result, GateVerdict::Pass, owner.in_words());
        let before = approval?;
        let waiting = before.requested(request)?;
        let after = owner.settled().and_then(|to| waiting.moved(to)).unwrap_or(waiting);
        Some((before, after.sealed(&shared.seal)))
    }

    pub(super) fn followed(&mut self, approval: &Approval, input: &Input<'_>, shared: &Shared) -> Result<()> {
        match &input.happening {
            Happening::Result { .. } => {
                let answer = input.document()?;
                let document = match result::open(answer) {
                    Ok(document) => document,
                    Err(error) => {
                        self.refuse(error);
                        return Ok(());
                    }
                };
                let result = document.tape().root();
                let said = shared.profile.as_ref().and_then(|profile| word_on(approval, profile, result));
                let Some((mut request, owner)) = said.filter(|_| !result::is_error(result)) else {
                    let shown = result::show(&document, answer, "", &shared.redactor);
                    let outcome = Outcome::Result { result: shown.text, decision: self.decision.clone() };
                    self.state = State::Finished(outcome);
                    return Ok(());
                };
                let agent_sends = owner == Owner::Approved
                    && self.question(Some(approval), shared).is_some_and(|(sends, _)| sends.sender == Sender::Agent);
                request.sent = agent_sends;
                let waiting = approval.requested(request);
                if agent_sends {
                    self.state = match waiting {
                        Some(after) => State::Claiming { before: approval.clone(), after: after.sealed(&shared.seal) },
                        None => return Ok(()),
                    };
                    return Ok(());
                }
                self.decision.say(Gate::Result, GateVerdict::Pass, owner.in_words());
                let shown = result::show(&document, answer, "", &shared.redactor);
                let outcome = Outcome::Result { result: shown.text, decision: self.decision.clone() };
                let settled = owner
                    .settled()
                    .and_then(|to| waiting?.moved(to))
                    .map(|after| (approval.clone(), after.sealed(&shared.seal)));
                self.settle_or_finish(settled, outcome);
            }
            _ => self.errand_failed(input, shared)?,
        }
        Ok(())
    }
}

/// The read of how the owner decided about a send.
pub(crate) fn follow_up(approval: &Approval, shared: &Shared) -> Option<Errand> {
    let request = approval.request.as_ref()?;
    let read = &shared.profile.as_ref()?.sends.as_ref()?.follow.read;
    let argument = read.arguments.get("request")?;
    Errand::new(&read.tool, Json::object(&[(argument, &Json::of(&request.id))]), shared)
}

/// How the backend's question about that approval stands; none if the answer is about another.
pub(crate) fn word_on(approval: &Approval, profile: &Profile, result: Node<'_>) -> Option<(Request, Owner)> {
    let asked = approval.request.as_ref()?;
    request_of(profile, result).filter(|(request, _)| request.id == asked.id)
}

/// The backend's question as its answer names it.
fn request_of(profile: &Profile, result: Node<'_>) -> Option<(Request, Owner)> {
    let follow = &profile.sends.as_ref()?.follow;
    let answer = profile.answer(result);
    let field = |names: &[String]| {
        names.iter().find_map(|name| text(answer.node(), &[name.as_str()])).map(|text| shorten(&text, 200))
    };
    let (id, status) = (field(&follow.request)?, field(&follow.status).unwrap_or_default());
    let is = |words: &[String]| words.iter().any(|word| word.eq_ignore_ascii_case(&status));
    let owner = match () {
        () if is(&follow.completed) => Owner::Completed,
        () if is(&follow.failed) => Owner::Failed,
        () if is(&follow.approved) => Owner::Approved,
        () => Owner::Pending,
    };
    Some((Request { id, status, sent: false }, owner))
}

impl Owner {
    /// Where the approval goes, if anywhere yet.
    pub(crate) fn settled(self) -> Option<Standing> {
        match self {
            Owner::Completed => Some(Standing::Completed),
            Owner::Failed => Some(Standing::Failed),
            Owner::Pending | Owner::Approved => None,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Owner::Pending => "the backend asks its owner; nothing is sent yet",
            Owner::Approved => "the owner agreed; nothing is known of a delivery yet",
            Owner::Completed => "the backend says that it was sent",
            Owner::Failed => "the backend says that it will not be sent",
        }
    }
}
