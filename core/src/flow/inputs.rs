//! What a server asks for while a call runs, under protocols before 2026-07-28: `elicitation/create`,
//! `sampling/createMessage` and `roots/list` come as requests of their own, and do not say which call they belong to.
//!
//! They are shown, checked and written down like the rounds of a call; above `write` what is answered has a record of its
//! own, which names the one of the running call.

use serde::Serialize;

use super::decide::{Decided, decided, note};
use super::retraction::Retraction;
use super::{Input, cancelled, failed};
use crate::approval::{Approval, Bound, Preview, State as Standing, required};
use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::gate::dispatch;
use crate::guard::{Shared, flow_of};
use crate::json::canonical::sha256_hex;
use crate::json::de::record;
use crate::json::{self, Document, Json};
use crate::mcp::inputs::{self, Given, InputAction, InputAnswer, InputSource};
use crate::questions::Denial;
use crate::step::{About, Action, Answer, FlowId, Happening, Millis, Outcome, RunningCall};
use crate::text::quoted_name;

/// Wrong answers to one question.
const MAX_ATTEMPTS: u32 = 3;
/// The key under which the one request stands.
const KEY: &str = "request";

/// A call that may be asking.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) call: RunningCall,
    /// What an approval of it is bound to: the binding, the arguments in their canonical form, and what a person sees.
    pub(crate) bound: Option<(Bound, String, Preview)>,
}

/// A request of a server's.
pub(crate) struct Begun<'d> {
    /// The JSON-RPC request without its envelope: `method` and `params`.
    pub(crate) request: Option<&'d str>,
    pub(crate) running: Vec<Running>,
    /// How many such requests came before during the calls that run.
    pub(crate) asked: u32,
    pub(crate) entropy: String,
}

/// What a question for inputs is about: the call, whatever its round, and what is asked in it.
pub(crate) fn key_of(call: Option<Bound>, requests: &str) -> String {
    let call = call.map(|call| Bound { inputs: None, ..call }.key()).unwrap_or_default();
    sha256_hex(["inputs ", &call, " ", requests].concat().as_bytes())
}

/// What an answer that fits such a question means for later ones: what a host's handler gives bothers nobody.
pub(crate) fn heard(answer: &Answer, flow: &FlowId, tools: &[&str], key: &str, now: Millis, shared: &mut Shared) {
    let (reason, silence, until) = match answer {
        Answer::Inputs { responses } => {
            let given = responses.iter().filter(|(_, given)| given.by != Some(InputSource::Host));
            let words: Vec<Option<InputAction>> = given.map(|(_, given)| given.action).collect();
            if words.is_empty() {
                return shared.questions.unasked(flow);
            }
            if words.contains(&Some(InputAction::Accept)) {
                return shared.questions.agreed(flow);
            }
            if words.contains(&Some(InputAction::Cancel)) {
                return shared.questions.ended(flow, now);
            }
            (None, None, None)
        }
        Answer::Deny { reason, silence, until, .. } => (reason.as_deref(), *silence, *until),
        _ => return,
    };
    shared.questions.ended(flow, now);
    for tool in tools {
        let id = &["inputs:", tool].concat();
        let denial = Denial { id, tool, key, reason, by: answer.by(), silence, until };
        denial.record(&mut shared.questions, &shared.policy.questions, now);
    }
}

/// The flow `inputs`. It cannot go on in another process: the server's request ends with its connection.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Inputs {
    #[serde(skip)]
    open: Option<Box<Open>>,
}

record!(open Inputs { ; ; open });

#[derive(Debug, Clone)]
struct Open {
    requests: Json,
    running: Vec<Running>,
    entropy: String,
    expires_at: Millis,
    problem: Option<Error>,
    attempts: u32,
    response: Json,
    stage: Stage,
}

#[derive(Debug, Clone)]
enum Stage {
    Answering,
    Proposing(Approval, bool),
    Asking(Approval),
    Deciding(Approval, Approval),
    Claiming(Approval, Approval),
    Settling(Approval, Approval),
    /// Ends the record of a question that came to nothing: nobody else can use it.
    Retracting(Retraction),
    Finished(Outcome),
}

impl Inputs {
    pub(crate) fn begin(begun: Begun<'_>, now: Millis, shared: &mut Shared) -> Self {
        let Begun { request, running, asked, entropy } = begun;
        let mut open = Open {
            requests: Json::verbatim("{}"),
            running,
            entropy,
            expires_at: now.saturating_add(shared.approval_ttl),
            problem: None,
            attempts: 0,
            response: Json::verbatim("null"),
            stage: Stage::Answering,
        };
        match inputs::single(KEY, request.unwrap_or_default()) {
            Ok(_) if asked >= inputs::MAX_ROUNDS => open.end(Err(inputs::too_many_requests())),
            Ok(requests) => {
                open.requests = requests;
                open.ask(now, shared);
            }
            Err(error) => open.end(Err(error)),
        }
        Inputs { open: Some(Box::new(open)) }
    }

    /// The no that settles the open question.
    pub(crate) fn silence(&self, now: Millis, shared: &Shared) -> Option<Error> {
        let open = self.open.as_ref()?;
        let key = match &open.stage {
            Stage::Answering => open.key(),
            Stage::Asking(approval) => approval.call.key(),
            _ => return None,
        };
        open.tools().into_iter().find_map(|tool| shared.questions.silenced(tool, &key, now))
    }

    pub(crate) fn action(&self, shared: &Shared) -> Action {
        let Some(open) = &self.open else { return Action::Done { outcome: Box::new(failed(cancelled())) } };
        match &open.stage {
            Stage::Answering => open.question(shared),
            Stage::Proposing(approval, _) => {
                Action::Commit { key: approval.key(), expected: None, record: approval.record() }
            }
            Stage::Asking(approval) => question_about(approval, shared),
            Stage::Deciding(before, after) | Stage::Claiming(before, after) | Stage::Settling(before, after) => {
                Action::Commit { key: after.key(), expected: Some(before.record()), record: after.record() }
            }
            Stage::Retracting(retraction) => retraction.action(),
            Stage::Finished(outcome) => Action::Done { outcome: Box::new(outcome.clone()) },
        }
    }

    pub(crate) fn handle(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let silence = self.silence(input.now, shared);
        let Some(open) = &mut self.open else { return Err(input.wrong_event("nothing: it is done")) };
        let is_ending = matches!(open.stage, Stage::Settling(..) | Stage::Retracting(_));
        if matches!(input.happening, Happening::Cancelled) && !is_ending {
            self.end(cancelled(), shared);
            return Ok(());
        }
        if matches!(input.happening, Happening::Woke) && matches!(open.stage, Stage::Answering | Stage::Asking(_)) {
            // A host's timer may go off early: the same question is open again.
            if input.now >= open.expires_at {
                open.end(Err(inputs::required("nobody answered in time")));
            } else if let Some(error) = silence {
                open.leave(error, Some(input.now), shared);
            }
            return Ok(());
        }
        match open.stage.clone() {
            Stage::Answering => open.answered(input, shared),
            Stage::Asking(approval) => open.decided(&approval, input, shared),
            Stage::Proposing(approval, by_person) => {
                if open.is_stored(input, shared)? {
                    shared.remember(approval.clone());
                    if by_person {
                        open.decide(&approval, &Answer::Approve { by: None }, input.now, shared);
                    } else {
                        shared.questions.put(flow_of(&open.entropy), String::new(), input.now);
                        open.expires_at = approval.expires_at;
                        open.stage = Stage::Asking(approval);
                    }
                }
                Ok(())
            }
            Stage::Deciding(_, after) => {
                if open.is_stored(input, shared)? {
                    shared.remember(after.clone());
                    match after.check_usable(input.now).map(|()| after.moved(Standing::Dispatched)) {
                        Ok(Some(sent)) => {
                            let sent = Approval { dispatched_at: Some(input.now), ..sent }.sealed(&shared.seal);
                            open.stage = Stage::Claiming(after, sent);
                        }
                        Ok(None) => open.end(Err(cancelled())),
                        // Others must agree too, and none of them is asked while the call runs.
                        Err(error) => open.retract(&after, error, None, shared),
                    }
                }
                Ok(())
            }
            Stage::Claiming(before, after) => {
                let claimed = dispatch::claimed(&input.happening, &before, &shared.redactor)
                    .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?;
                match claimed {
                    Ok(()) => {
                        shared.remember(after.clone());
                        match after.moved(Standing::Completed) {
                            Some(done) => open.stage = Stage::Settling(after, done.sealed(&shared.seal)),
                            None => open.finish(),
                        }
                    }
                    Err(error) => open.end(Err(error)),
                }
                Ok(())
            }
            // What was claimed is given to the server, whether the ledger takes its end or not.
            Stage::Settling(_, after) => {
                match &input.happening {
                    Happening::Committed => shared.remember(after),
                    Happening::Conflict | Happening::Failed { .. } | Happening::Cancelled => {}
                    _ => return Err(input.wrong_event("`committed`, `conflict` or `failed`")),
                }
                open.finish();
                Ok(())
            }
            Stage::Retracting(mut retraction) => {
                let over = retraction.handle(input, shared)?;
                match over {
                    Some(error) => open.end(Err(error)),
                    None => open.stage = Stage::Retracting(retraction),
                }
                Ok(())
            }
            Stage::Finished(_) => Err(input.wrong_event("nothing: it is done")),
        }
    }

    /// Ends with that error, and the record of what was to be given with it.
    pub(crate) fn end(&mut self, error: Error, shared: &Shared) {
        if let Some(open) = &mut self.open {
            open.leave(error, None, shared);
        }
    }
}

impl Open {
    fn asked(&self, shared: &Shared) -> Vec<inputs::InputRequest> {
        inputs::requests(&self.requests, &shared.redactor)
    }

    /// The tools that may be asking.
    fn tools(&self) -> Vec<&str> {
        let tools: Vec<&str> = self
            .running
            .iter()
            .map(|running| match &running.bound {
                Some((call, ..)) => call.tool.as_str(),
                None => "",
            })
            .collect();
        if tools.is_empty() { vec![""] } else { tools }
    }

    fn key(&self) -> String {
        let bound = self.running.iter().find_map(|running| running.bound.clone()).map(|(call, ..)| call);
        key_of(bound, self.requests.get())
    }

    /// Why nobody is asked, if nobody is.
    fn refusal(&self, key: &str, now: Millis, shared: &Shared) -> Option<Error> {
        let (questions, bounds) = (&shared.questions, &shared.policy.questions);
        self.tools().into_iter().find_map(|tool| questions.refusal(tool, key, bounds, now))
    }

    fn ask(&mut self, now: Millis, shared: &mut Shared) {
        let asked = self.asked(shared);
        if asked.iter().all(|request| request.declined.is_some()) {
            return self.give(&Answer::Defer, &[], now, shared);
        }
        if asked.iter().any(inputs::InputRequest::is_for_person) {
            let key = self.key();
            if let Some(error) = self.refusal(&key, now, shared) {
                return self.end(Err(error));
            }
            shared.questions.put(flow_of(&self.entropy), key, now);
        }
    }

    /// The worst that any of the running calls does; none where nothing of this guard's runs.
    fn effect(&self) -> Option<Effect> {
        self.running.iter().filter_map(|running| running.call.effect).max()
    }

    fn question(&self, shared: &Shared) -> Action {
        let calls: Vec<RunningCall> = self.running.iter().map(|running| running.call.clone()).collect();
        let server = shared.server_in_words();
        let message = match calls.as_slice() {
            [] => format!(
                "The server {server} asks for inputs, though no call of the agent's is running. What may it be given?"
            ),
            [one] => format!(
                "While {} runs, the server {server} asks for inputs. What may it be given?",
                quoted_name(&one.tool)
            ),
            several => {
                let names: Vec<String> = several.iter().map(|call| quoted_name(&call.tool)).collect();
                format!(
                    "The server {server} asks for inputs and does not say for which of the running calls: {}. What may it be given?",
                    names.join(", ")
                )
            }
        };
        Action::Ask {
            question: About::Inputs {
                message,
                calls,
                round: None,
                requests: self.asked(shared),
                expires_at: self.expires_at,
                problem: self.problem.clone(),
            }
            .into(),
        }
    }

    fn answered(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let Happening::Answer { answer } = &input.happening else { return Err(input.wrong_event("`answer`")) };
        match answer {
            Answer::Inputs { responses } => {
                if input.now >= self.expires_at {
                    self.end(Err(inputs::required("the answer came too late")));
                } else {
                    self.give(answer, responses, input.now, shared);
                }
            }
            Answer::Deny { .. } => {
                let decline = InputAnswer { action: Some(InputAction::Decline), ..InputAnswer::default() };
                self.give(answer, &[(KEY.to_owned(), decline)], input.now, shared);
            }
            Answer::Defer => self.end(Err(inputs::required("they were not given"))),
            Answer::Cancel => self.end(Err(cancelled())),
            _ => {
                return Err(Error::new(
                    Code::WrongAnswer,
                    "The question is what a server may be given: answer with `inputs`, `deny`, `cancel` or `defer`.",
                ));
            }
        }
        Ok(())
    }

    /// `answer` as it was given, `answers` as what it means for each request.
    fn give(&mut self, answer: &Answer, answers: &[(String, InputAnswer)], now: Millis, shared: &mut Shared) {
        let asked = self.asked(shared);
        let given = match inputs::given(&self.requests, &asked, answers, &shared.redactor) {
            Ok(given) => given,
            Err(error) if error.code() == Code::InputsRequired => return self.end(Err(error)),
            Err(error) => {
                self.attempts = self.attempts.saturating_add(1);
                if self.attempts >= MAX_ATTEMPTS {
                    return self.end(Err(inputs::required("what was given did not fit three times over")));
                }
                self.problem = Some(error);
                return;
            }
        };
        heard(answer, &flow_of(&self.entropy), &self.tools(), &self.key(), now, shared);
        let document = Document::read(given.responses.get(), json::OWN).unwrap_or_default();
        let response = document.tape().root().get(KEY).map(Json::copied).unwrap_or_else(|| Json::verbatim("null"));
        let tells_nothing = inputs::tells_nothing(response.get());
        self.response = response;
        match self.effect() {
            _ if tells_nothing => self.finish(),
            None if given.by_person => self.finish(),
            None => self.end(Err(inputs::required("no call is running, so nobody can tell what for"))),
            Some(effect) if effect <= Effect::Write || shared.policy.observes() => self.finish(),
            Some(effect) => self.propose(&given, effect, now, shared),
        }
    }

    /// A record of what is given, bound to the worst of the running calls.
    fn propose(&mut self, given: &Given, effect: Effect, now: Millis, shared: &Shared) {
        let worst = self.running.iter().find(|running| running.call.effect == Some(effect));
        let Some((Some((call, arguments, preview)), continues)) =
            worst.map(|running| (running.bound.clone(), running.call.approval.clone()))
        else {
            return self.end(Err(inputs::required("the running call is not known any more")));
        };
        let members = [
            ("continues", &Json::of(&continues)),
            ("requests", &Json::of(&sha256_hex(self.requests.get().as_bytes()))),
            ("responses", &given.responses),
        ];
        let digest = sha256_hex(Json::object(&members).get().as_bytes());
        let call = Bound { inputs: Some(digest), ..call };
        if !given.by_person
            && let Some(error) = self.refusal(&call.key(), now, shared)
        {
            return self.end(Err(error));
        }
        let preview = Preview { inputs: given.lines.clone(), ..preview };
        let times = (now, now.saturating_add(shared.approval_ttl));
        let approval = Approval::propose(&self.entropy, call, &arguments, preview, None, times);
        // Where the policy wants certain people to agree, what one of them types is not enough.
        let asked = continues.as_ref().and_then(|id| shared.approvals.get(id));
        let approvers = asked.and_then(|asked| asked.approvers.clone());
        let by_person = given.by_person && approvers.is_none();
        self.stage = Stage::Proposing(Approval { continues, approvers, ..approval }.sealed(&shared.seal), by_person);
    }

    fn decided(&mut self, approval: &Approval, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let Happening::Answer { answer } = &input.happening else { return Err(input.wrong_event("`answer`")) };
        match answer {
            Answer::Approve { .. } | Answer::Deny { .. } => self.decide(approval, answer, input.now, shared),
            // The server does not ask again, so that no later answer would be of use.
            Answer::Defer => {
                self.leave(inputs::required("a person must agree to what it would be given"), None, shared);
            }
            Answer::Cancel => self.leave(cancelled(), None, shared),
            _ => {
                return Err(Error::new(
                    Code::WrongAnswer,
                    "The question is about an approval: answer with `approve`, `deny`, `cancel` or `defer`.",
                ));
            }
        }
        Ok(())
    }

    fn decide(&mut self, approval: &Approval, answer: &Answer, now: Millis, shared: &mut Shared) {
        match decided(approval, answer, now, &shared.seal) {
            Ok(Decided::Moved(after)) => {
                note(approval, answer, now, shared);
                match answer {
                    Answer::Approve { .. } => shared.questions.agreed(&flow_of(&self.entropy)),
                    _ => shared.questions.ended(&flow_of(&self.entropy), now),
                }
                self.stage = Stage::Deciding(approval.clone(), *after);
            }
            Ok(Decided::Same) => self.retract(approval, required(approval), None, shared),
            Err(error) => self.retract(approval, error, None, shared),
        }
    }

    fn leave(&mut self, error: Error, denied_at: Option<Millis>, shared: &Shared) {
        match self.stage.clone() {
            Stage::Proposing(own, _) | Stage::Asking(own) | Stage::Deciding(own, _) | Stage::Claiming(own, _) => {
                self.retract(&own, error, denied_at, shared);
            }
            _ => self.end(Err(error)),
        }
    }

    fn retract(&mut self, own: &Approval, error: Error, denied_at: Option<Millis>, shared: &Shared) {
        match Retraction::begin(own, error, denied_at, shared) {
            Ok(retraction) => self.stage = Stage::Retracting(retraction),
            Err(error) => self.end(Err(error)),
        }
    }

    /// Ends the flow if the ledger did not take the record.
    fn is_stored(&mut self, input: &Input<'_>, shared: &Shared) -> Result<bool> {
        let stored = dispatch::stored(&input.happening, &shared.redactor)
            .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?;
        match stored {
            Ok(()) => Ok(true),
            Err(error) => {
                self.end(Err(error));
                Ok(false)
            }
        }
    }

    fn finish(&mut self) {
        self.end(Ok(self.response.clone()));
    }

    fn end(&mut self, response: Result<Json>) {
        self.stage = Stage::Finished(match response {
            Ok(response) => Outcome::Inputs { response },
            Err(error) => failed(error),
        });
    }
}

/// Whether exactly that may be given while the call runs.
fn question_about(approval: &Approval, shared: &Shared) -> Action {
    let preview = &approval.preview;
    Action::Ask {
        question: About::Approval {
            message: format!(
                "May {} ({}) at {} be given this while it runs for {}?",
                quoted_name(&preview.tool),
                preview.effect.as_str(),
                shared.server_in_words(),
                quoted_name(&preview.subject)
            ),
            approval: approval.id.clone(),
            preview: preview.clone(),
            digest: approval.digest.clone(),
            expires_at: approval.expires_at,
            same_call: None,
            remember: Vec::new(),
            remember_in_ledger: false,
            approvers: approval.approvers.clone(),
            agreed: approval.agreed.iter().map(|agreement| agreement.by.who.clone()).collect(),
            earlier: None,
        }
        .into(),
    }
}
