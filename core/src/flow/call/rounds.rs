//! A tool that asks for further inputs before it goes on: each round is a request of its own, and passes the gates again.
//!
//! What a person gives in the guard's own question is their yes to exactly that; what a host's handler gives, or the guard
//! itself declines, is shown and asked like any other call above `write`. Each round has its own record in the ledger,
//! which names the one before.

use serde::Serialize;

use super::{Call, State};
use crate::approval::Approval;
use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::flow::Input;
use crate::flow::inputs::{Running, heard, key_of};
use crate::gate::{Gate, GateVerdict};
use crate::guard::{Shared, flow_of};
use crate::json::canonical::{canonical, sha256_hex};
use crate::json::de::record;
use crate::json::tape::Node;
use crate::json::{self, Document, Json};
use crate::mcp::inputs::{self, Given, InputAction, InputAnswer, InputRequest, RequestState, ResultType};
use crate::mutant::{self, Mutant};
use crate::step::{About, Action, Answer, FlowId, Happening, Millis, NextRound, Outcome, RunningCall};
use crate::text::quoted_name;

/// Wrong answers to one question, of a person or of a host's handler.
const MAX_ATTEMPTS: u32 = 3;
/// How long to wait before a tool is asked again that wanted nothing but that; it grows with the rounds.
const PAUSE: Millis = 250;

/// A round of a call after its first request.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Round {
    /// From 1 on.
    pub(super) number: u32,
    /// The record of the round before.
    pub(super) continues: Option<String>,
    /// The `inputRequests`; absent where the tool wants nothing but to be asked again.
    requests: Option<Json>,
    state: Option<RequestState>,
    /// When its question ends.
    expires_at: Millis,
    /// Why the person is asked again, and how often they were.
    problem: Option<Error>,
    attempts: u32,
    /// What the tool is given, once it is known.
    pub(super) given: Option<Given>,
}

record!(open Round { number, expires_at, attempts; continues, requests, state, problem, given });

impl Round {
    /// What the request of the round adds to that of the call.
    pub(super) fn next(&self) -> NextRound {
        let given = self.given.as_ref().filter(|_| self.requests.is_some());
        NextRound { input_responses: given.map(|given| given.responses.clone()), request_state: self.state.clone() }
    }

    /// What an approval of the round covers besides the call: what was asked, what is given, and where it belongs.
    pub(super) fn digest(&self) -> String {
        let digest = |text: &str| Json::of(&sha256_hex(text.as_bytes()));
        let null = Json::verbatim("null");
        let continues = Json::of(&self.continues);
        let requests = self.requests.as_ref().map_or(null.clone(), |requests| {
            let document = Document::read(requests.get(), json::OWN).unwrap_or_default();
            digest(&canonical(document.tape().root()))
        });
        let responses = self.given.as_ref().map_or(null.clone(), |given| given.responses.clone());
        let state = self.state.as_ref().map_or(null, |state| digest(state.get()));
        let members = [
            ("continues", &continues),
            ("requests", &requests),
            ("responses", &responses),
            ("round", &Json::of(&self.number)),
            ("state", &state),
        ];
        // Canonical: in the order of their names, each of them canonical itself.
        sha256_hex(Json::object(&members).get().as_bytes())
    }

    fn requests(&self, shared: &Shared) -> Vec<InputRequest> {
        self.requests.as_ref().map(|requests| inputs::requests(requests, &shared.redactor)).unwrap_or_default()
    }
}

impl Call {
    /// Whether the open round's inputs are a person's own word.
    pub(super) fn is_given_by_person(&self) -> bool {
        self.round.as_ref().and_then(|round| round.given.as_ref()).is_some_and(|given| given.by_person)
    }

    /// Whether the open round tells the tool something, above `write`: rules and remembered answers are about a call's
    /// arguments, so that none of them permits it.
    pub(super) fn gives_inputs(&self, shared: &Shared) -> bool {
        let given = self.round.as_ref().and_then(|round| round.given.as_ref());
        let Some(given) = given.filter(|_| self.decision.effect.is_none_or(|effect| effect > Effect::Write)) else {
            return false;
        };
        let document = Document::read(given.responses.get(), json::OWN).unwrap_or_default();
        let tells = document.tape().root().members().any(|member| !inputs::tells_nothing(&json::copy(member.value)));
        tells && !shared.policy.observes() && !mutant::is(Mutant::Handed)
    }

    /// The flow's id.
    fn flow(&self) -> FlowId {
        crate::guard::flow_id(&self.entropy).unwrap_or_else(|_| FlowId::from(String::new()))
    }

    /// The call as one that may be asking for inputs, while it is on its way.
    pub(crate) fn running(&mut self, shared: &Shared) -> Option<(Running, u32)> {
        let State::Dispatching(approval) = &self.state else { return None };
        let bound = self.bind(&self.read_arguments(), shared).ok();
        let call = RunningCall {
            flow: self.flow(),
            tool: crate::text::visible(&crate::text::shorten(&self.name, 256)),
            effect: self.decision.effect,
            approval: approval.as_ref().map(|approval| approval.id.clone()),
        };
        let bound = bound.map(|binding| (binding.call, binding.arguments, binding.preview));
        let before = self.asked_meanwhile;
        self.asked_meanwhile = before.saturating_add(1);
        Some((Running { call, bound }, before))
    }

    /// What came back, if it is no result: the tool's question, or a task. Says whether it was.
    pub(super) fn came_back_open(
        &mut self,
        approval: Option<&Approval>,
        text: &str,
        now: Millis,
        shared: &mut Shared,
    ) -> bool {
        // Nearly every result has neither, or says that it is complete.
        if !text.contains("resultType") && !text.contains("task") {
            return false;
        }
        let Ok(document) = Document::read(text, json::RESULT) else { return false };
        let result = document.tape().root();
        match inputs::result_type(result) {
            Some(ResultType::InputRequired) => self.asked(approval, result, now, shared),
            Some(ResultType::Task) => self.runs_on(approval, result, shared),
            Some(ResultType::Complete) | None => return false,
        }
        true
    }

    fn asked(&mut self, approval: Option<&Approval>, result: Node<'_>, now: Millis, shared: &mut Shared) {
        let number = self.round.as_ref().map_or(0, |round| round.number).saturating_add(1);
        let settled = approval.and_then(|before| {
            let after = before.came_back_as(ResultType::InputRequired)?.sealed(&shared.seal);
            Some((before.clone(), after))
        });
        let wanted = match inputs::wanted(result) {
            Ok(_) if number > inputs::MAX_ROUNDS => Err(inputs::too_many_rounds()),
            wanted => wanted,
        };
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(error) => {
                self.decision.deny(Gate::Result, &error);
                let outcome = self.failure(error);
                return self.settle_or_finish(settled, outcome);
            }
        };
        self.decision.say(Gate::Result, GateVerdict::Ask, format!("the tool asks for further inputs (round {number})"));
        self.round = Some(Box::new(Round {
            number,
            continues: approval.map(|approval| approval.id.clone()),
            requests: wanted.requests,
            state: wanted.state,
            expires_at: now.saturating_add(shared.approval_ttl),
            problem: None,
            attempts: 0,
            given: None,
        }));
        // The record of the round before is over; what follows has its own.
        self.decision.approval = None;
        match settled {
            Some((before, after)) => self.state = State::Turning { before, after },
            None => self.turn(now, shared),
        }
    }

    /// The record of the round before took its end, or the ledger did not: what was done is done.
    pub(super) fn turned(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let State::Turning { after, .. } = &self.state else { return Ok(()) };
        match &input.happening {
            Happening::Committed => {
                let after = after.clone();
                shared.remember(after);
                self.turn(input.now, shared);
            }
            Happening::Conflict | Happening::Failed { .. } => self.turn(input.now, shared),
            Happening::Cancelled => self.leave(),
            _ => return Err(input.wrong_event("`committed`, `conflict` or `failed`")),
        }
        Ok(())
    }

    /// What comes next in a round that has begun.
    fn turn(&mut self, now: Millis, shared: &mut Shared) {
        self.quoted = None;
        self.recalled = false;
        self.passed = self.decision.gates.len();
        let Some(requests) = self.round.as_ref().map(|round| round.requests(shared)) else { return self.leave() };
        let Some(round) = self.round.as_mut() else { return self.leave() };
        if requests.is_empty() {
            round.given = Some(inputs::nothing());
            let until = now.saturating_add(PAUSE.saturating_mul(u64::from(round.number)));
            self.state = State::Waiting { until, why: "the backend wants to be asked again".to_owned() };
            return;
        }
        for request in &requests {
            if let Some(why) = &request.declined {
                let note = format!("declined {}: {why}", quoted_name(&request.key));
                self.decision.say(Gate::Arguments, GateVerdict::Deny, note);
            }
        }
        self.passed = self.decision.gates.len();
        if requests.iter().any(|request| request.declined.is_none()) {
            if requests.iter().any(InputRequest::is_for_person) {
                let key = self.inputs_key(shared);
                if let Some(error) = shared.questions.refusal(&self.name, &key, &shared.policy.questions, now) {
                    return self.give_up(error);
                }
                shared.questions.put(flow_of(&self.entropy), key, now);
            }
            self.state = State::Answering;
            return;
        }
        let Some(round) = self.round.as_mut() else { return self.leave() };
        let wanted = round.requests.clone().unwrap_or_else(|| Json::verbatim("{}"));
        match inputs::given(&wanted, &requests, &[], &shared.redactor) {
            Ok(given) => {
                round.given = Some(given);
                self.advance(now, true, shared);
            }
            Err(error) => self.give_up(error),
        }
    }

    /// What that question is about: this call, and what is asked in it.
    pub(super) fn inputs_key(&self, shared: &Shared) -> String {
        let bound = self.bind(&self.read_arguments(), shared).ok();
        let requests = self.round.as_ref().and_then(|round| round.requests.as_ref());
        key_of(bound.map(|binding| binding.call), requests.map_or("", Json::get))
    }

    /// The question for what the tool wants.
    pub(super) fn inputs_question(&self, shared: &Shared) -> Action {
        let effect = self.decision.effect;
        let (number, expires_at, problem, continues, requests) = match &self.round {
            Some(round) => {
                (round.number, round.expires_at, round.problem.clone(), round.continues.clone(), round.requests(shared))
            }
            None => (0, 0, None, None, Vec::new()),
        };
        let tool = crate::text::visible(&crate::text::shorten(&self.name, 256));
        let told = effect.map(|effect| format!(" ({})", effect.as_str())).unwrap_or_default();
        Action::Ask {
            question: About::Inputs {
                message: format!(
                    "The tool {}{told} at {} asks for further inputs before it goes on. What may it be given?",
                    quoted_name(&tool),
                    shared.server_in_words()
                ),
                calls: vec![RunningCall { flow: self.flow(), tool: tool.clone(), effect, approval: continues }],
                round: Some(number),
                requests,
                expires_at,
                problem,
            }
            .into(),
        }
    }

    pub(super) fn inputs_answered(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let ends = self.round.as_ref().map_or(0, |round| round.expires_at);
        let answer = match &input.happening {
            // A host's timer may go off early: the same question is open again.
            Happening::Woke if input.now < ends => {
                if let Some(error) = self.silence(input.now, shared) {
                    self.give_up(error);
                }
                return Ok(());
            }
            Happening::Woke => {
                self.give_up(inputs::required("nobody answered in time"));
                return Ok(());
            }
            Happening::Answer { answer } => answer,
            Happening::Cancelled => &Answer::Cancel,
            _ => return Err(input.wrong_event("`answer`")),
        };
        let (flow, key) = (flow_of(&self.entropy), self.inputs_key(shared));
        let Some(round) = self.round.as_mut() else {
            self.leave();
            return Ok(());
        };
        let requests = round.requests(shared);
        let denied: Vec<(String, InputAnswer)>;
        let responses = match answer {
            Answer::Inputs { responses } => responses,
            Answer::Deny { .. } => {
                let decline = InputAnswer { action: Some(InputAction::Decline), ..InputAnswer::default() };
                denied = requests.iter().map(|request| (request.key.clone(), decline.clone())).collect();
                &denied
            }
            Answer::Defer => {
                shared.questions.deferred(&flow, input.now);
                let error = inputs::required("they were not given");
                let asked: Vec<String> = requests.iter().flat_map(InputRequest::names).collect();
                self.give_up(error.with("inputs", Json::of(&asked)));
                return Ok(());
            }
            Answer::Cancel => {
                self.leave();
                return Ok(());
            }
            _ => {
                return Err(Error::new(
                    Code::WrongAnswer,
                    "The question is what a tool may be given: answer with `inputs`, `deny`, `cancel` or `defer`.",
                ));
            }
        };
        if input.now >= round.expires_at {
            self.give_up(inputs::required("the answer came too late"));
            return Ok(());
        }
        let wanted = round.requests.clone().unwrap_or_else(|| Json::verbatim("{}"));
        match inputs::given(&wanted, &requests, responses, &shared.redactor) {
            Ok(given) => {
                round.problem = None;
                round.given = Some(given);
                heard(answer, &flow, &[&self.name], &key, input.now, shared);
                self.advance(input.now, true, shared);
            }
            Err(error) if error.code() == Code::InputsRequired => self.give_up(error),
            Err(error) => {
                round.attempts = round.attempts.saturating_add(1);
                if round.attempts >= MAX_ATTEMPTS {
                    let why = "what was given did not fit three times over. The last time: ";
                    self.give_up(inputs::required(&[why, error.message().trim_end_matches('.')].concat()));
                } else {
                    round.problem = Some(error);
                }
            }
        }
        Ok(())
    }

    fn give_up(&mut self, error: Error) {
        self.decision.deny(Gate::Arguments, &error);
        self.refuse(error);
    }

    /// The call is left in the middle.
    pub(super) fn leave(&mut self) {
        self.refuse(left());
    }

    /// The backend runs the call as a task: nothing of it is lost, and nothing is known of its end.
    fn runs_on(&mut self, approval: Option<&Approval>, result: Node<'_>, shared: &Shared) {
        let settled = approval.and_then(|before| {
            let after = before.came_back_as(ResultType::Task)?.sealed(&shared.seal);
            Some((before.clone(), after))
        });
        let mut error = Error::new(
            Code::TaskStarted,
            format!(
                "The backend runs this call of {} as a task; its end is not awaited here.",
                quoted_name(&self.decision.tool)
            ),
        );
        let task = result.get("task").unwrap_or(result);
        if task.len() > 0 && task.source().len() <= MAX_TASK {
            error = error.with("task", shared.redactor.json(task));
        }
        if let Some(approval) = approval {
            error = error.with("approval", approval.id.as_str());
        }
        self.decision.say(Gate::Result, GateVerdict::Pass, "the backend runs it as a task");
        let outcome = Outcome::Failed { error, decision: Some(self.decision.clone()) };
        self.settle_or_finish(settled, outcome);
    }
}

/// A larger handle is not repeated.
const MAX_TASK: usize = 8 << 10;

/// The call was left in the middle.
pub(super) fn left() -> Error {
    Error::new(Code::Cancelled, "The call was called off while its tool waited for further inputs.")
}
