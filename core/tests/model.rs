//! Every order of what two processes, their ledger, one backend and their people can do, within bounds, played on the
//! real core: [`Guard`] itself is the state, and nothing of it is written a second time here.
//!
//! Bounds, see [`Bounds`]: two guards share one ledger; so many flows are started, and so many troubles happen, of any
//! kind and in any order: a ledger that fails or stores without saying so, an answer that is lost, a call that is not
//! sent, a process that dies with or without a snapshot (an old one too), or whose snapshot is taken over by the other
//! while it lives on, a changed definition, another policy, time that passes the approvals' expiry, a record edited by
//! an outsider, and calls that are edited, invalid or not listed. What costs no trouble is free: people approve, deny or
//! defer, and every old step is answered again at any time. Checked are one start with two troubles, two starts with one,
//! and two starts without any under a policy that forbids and counts: some 330,000 states, reached in 980,000 ways.
//!
//! A guard's snapshot stands for it where states are compared, so that what a snapshot leaves out (the answer that a flow
//! is about to return) does not tell two states apart.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test may panic, and tells how long it took"
)]

mod consequences;

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};
use stateright::{Checker, HasDiscoveries, Model, Property};
use toolgate_core::error::Code;
use toolgate_core::ffi::Core;
use toolgate_core::flow::CheckRequest;
use toolgate_core::guard::Guard;
use toolgate_core::mcp::inputs::InputSource;
use toolgate_core::mutant::{self, Mutant};
use toolgate_core::step::{self, About, Answer, Event, Failure, Happening, Outcome, Start, Step, StepId, Work};

const LIFETIME: u64 = 1_000;
const BEGINNING: u64 = 1_795_237_200_000;
const EXACT: &str = r#"{"id":"a"}"#;
const EDITED: &str = r#"{"id":"b"}"#;
const INVALID: &str = r#"{"id":7}"#;

/// Destructive, and a second run would do harm.
const CANCEL: &str = "cancel_booking";
/// Destructive, and idempotent.
const REPLACE: &str = "replace_settings";
const READ: &str = "get_bookings";
const UNLISTED: &str = "cancel_everything";
const TOOLS: [&str; 3] = [CANCEL, REPLACE, READ];

/// The second forbids one tool, and permits the other once in a session.
const POLICIES: [&str; 2] = [
    "{}",
    r#"{"rules":[{"tools":["cancel_booking"],"then":"deny"}],"pace":{"limits":[{"tools":["replace_settings"],"budget":1}]}}"#,
];

/// How much of everything happens.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    starts: u8,
    troubles: u8,
    ticks: u8,
    /// How often a yes, or what was asked, is taken back.
    withdrawals: u8,
    /// The policy that both guards begin with.
    policy: usize,
    /// Which are called. Calls of different tools meet only in a policy.
    tools: &'static [&'static str],
    /// Whether the tool asks for more before it is done.
    rounds: bool,
}

macro_rules! promises {
    ($($name:ident = $text:literal),+ $(,)?) => {
        #[derive(Debug, Clone, Copy)]
        enum Promise { $($name),+ }

        /// Each of them, so that none can be forgotten. A condition is no closure, so that each has its own.
        fn kept() -> Vec<Property<Checked>> {
            vec![$(Property::always($text, |_: &Checked, state: &State| {
                state.broken & (1 << Promise::$name as u32) == 0
            })),+]
        }
    };
}

promises! {
    Recorded = "the ledger says `dispatched` before a call above `write` goes out",
    Approved = "no call above `write` goes out without a person's yes",
    Exact = "what goes out is to the byte what the person saw, under the same definition and policy",
    Live = "no call goes out under an approval that has expired",
    Once = "an approval lets at most one call out",
    Withdrawn = "no call goes out under a yes that was taken back",
    CalledOff = "a call that was called off leaves no question and no yes that another could go by",
    NotAgain = "a call whose answer was lost is not sent again",
    Pinned = "no call goes out under a definition that is neither pinned nor accepted",
    Listed = "no call of an unlisted tool goes out",
    Valid = "no arguments go out that the tool's schema refuses",
    Permitted = "no call goes out that the policy forbids",
    Paced = "no more calls go out than the budget allows",
    Settled = "a record never leaves the state in which its call ended",
    Stale = "an answer to an old step changes nothing",
    Open = "every open step takes its answers",
}

macro_rules! reached {
    ($($name:ident = $text:literal),+ $(,)?) => {
        #[derive(Debug, Clone, Copy)]
        enum Reached { $($name),+ }
        const REACHED: &[(Reached, &str)] = &[$((Reached::$name, $text)),+];
    };
}

reached! {
    Completed = "an approved call completes",
    Round = "a later round goes out with what a person typed",
    Handed = "a later round goes out with what a host gave and a person approved",
    Orphaned = "a crash leaves a record `dispatched`",
    RaceLost = "a race for an approval is lost",
    Drifted = "a changed definition is refused",
    Accepted = "a changed definition is accepted",
    Expired = "an approval expires",
    Mismatched = "an approval is quoted for another call",
    Spent = "a spent approval is quoted again",
    Denied = "a person denies",
    TakenBack = "a yes is taken back",
    Forbidden = "the policy forbids a call",
    Budgeted = "a budget is spent",
    Tampered = "an edited record is refused",
    Unknown = "a call's outcome is unknown",
    GivenBack = "an approval of which nothing was sent is given back",
    Resolved = "a lost call is settled",
    Resumed = "a snapshot goes on",
}

/// What a person would see of an approval, as the checker itself knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asked {
    tool: String,
    arguments: String,
    /// What a later round is given; empty in the first.
    inputs: String,
    version: u8,
    policy: usize,
    expires_at: u64,
    yes: bool,
    withdrawn: bool,
    /// Its call was called off, and its host could not take it back.
    left: bool,
    sent: u8,
    lost: bool,
}

#[derive(Debug, Clone)]
struct Open {
    step: Step,
    /// The flow's step before this one.
    before: Option<StepId>,
    /// It was sent, and its answer is still to come.
    sent: bool,
}

#[derive(Clone)]
struct Host {
    guard: Arc<Mutex<Guard>>,
    /// Of everything that the guard holds.
    print: u64,
    open: Vec<Open>,
    policy: usize,
    /// The version of the definition that it has listed, and the one that it has pinned.
    listed: u8,
    pinned: u8,
    starts: u8,
    /// Calls of the tool with a budget since the session began.
    paced: u8,
    saved: Option<Arc<(String, u8)>>,
}

#[derive(Clone)]
struct State {
    hosts: [Host; 2],
    ledger: Arc<BTreeMap<String, String>>,
    asked: Arc<BTreeMap<String, Asked>>,
    /// Flow → the approval that the ledger took as `dispatched` for it.
    claims: Arc<BTreeMap<String, String>>,
    /// Flow → what was last given in answer to its tool's question, and whether a person typed it.
    given: Arc<BTreeMap<String, (String, bool)>>,
    version: u8,
    clock: u8,
    starts: u8,
    troubles: u8,
    withdrawals: u8,
    broken: u32,
}

impl State {
    fn parts(&self) -> impl Hash + PartialEq + '_ {
        let host = |host: &Host| (host.print, host.policy, (host.listed, host.pinned, host.starts, host.paced));
        let flags = |host: &Host| host.open.iter().map(|open| open.sent).collect::<Vec<_>>();
        let [one, two] = &self.hosts;
        (
            (host(one), flags(one), one.saved.clone(), host(two), flags(two), two.saved.clone()),
            (&self.ledger, &self.asked, &self.claims, &self.given),
            (self.version, self.clock, self.starts, self.troubles, self.withdrawals, self.broken),
        )
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, to: &mut H) {
        self.parts().hash(to);
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, host) in self.hosts.iter().enumerate() {
            let open: Vec<_> = host.open.iter().map(|open| (&open.step.action, open.sent)).collect();
            writeln!(f, "host {number}: policy {}, listed {}, open {open:?}", host.policy, host.listed)?;
        }
        writeln!(f, "ledger {:?}\nasked {:?}", self.ledger, self.asked)
    }
}

/// The answer of a tool that wants a number before it goes on.
const ASKS: &str = r#"{"resultType":"input_required","requestState":"s","inputRequests":{"q":{"method":"elicitation/create","params":{"message":"Which?","requestedSchema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}}}}"#;

/// Which call is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Plain(&'static str),
    Quoting(&'static str, usize),
    /// Quoting an approval with edited arguments.
    Edited(usize),
    Invalid,
    Unlisted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// As it should be: the commit is stored or meets a conflict, the record is read, the call is sent or answered.
    Properly,
    /// The step fails, and nothing happened.
    Fails,
    /// It was done, and the host does not know.
    Unheard,
    Approve,
    Deny,
    Defer,
    Ran,
    NotRan,
    Cancel,
    /// A person types this number into the tool's form.
    Types(u8),
    /// A host's handler gives it.
    Hands(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Restart {
    Empty,
    Current,
    Saved,
    /// With a snapshot, under the other policy.
    OtherPolicy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Call(usize, Call),
    /// A person answers an approval that was left open, at any host.
    Decide(usize, usize, bool),
    /// A person takes back what they said, at any host.
    Withdraw(usize, usize),
    Settle(usize, usize),
    Answer(usize, usize, How),
    /// The one before the open step is answered once more.
    Stale(usize, usize),
    Save(usize),
    Crash(usize, Restart),
    /// The other host takes over a snapshot of this one, which lives on.
    TakeOver(usize),
    Relist(usize, bool),
    Accept(usize),
    Tick,
    /// An outsider edits a record so that it says `approved`.
    Edit(usize),
}

struct Checked {
    bounds: Bounds,
    /// Guards that have listed each version, by policy.
    fresh: Vec<Mutex<Guard>>,
    reached: Arc<AtomicU32>,
}

fn listing(version: u8) -> String {
    let tool = |name: &str, read_only: bool, idempotent: bool| {
        let description = if name == CANCEL && version == 1 { "Another text." } else { "A text." };
        json!({
            "name": name,
            "description": description,
            "inputSchema": { "type": "object", "properties": { "id": { "type": "string" } }, "additionalProperties": false },
            "annotations": { "readOnlyHint": read_only, "destructiveHint": !read_only, "idempotentHint": idempotent, "openWorldHint": false }
        })
    };
    json!({ "tools": [tool(CANCEL, false, false), tool(REPLACE, false, true), tool(READ, true, true)] }).to_string()
}

fn state_of(record: &str) -> &str {
    // The preview before it may tell of an earlier call's state.
    record.rsplit_once(r#""state":""#).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(state, _)| state)
}

fn id_of(key: &str) -> &str {
    key.strip_prefix("approval/").unwrap_or(key)
}

fn has_ended(state: &str) -> bool {
    matches!(state, "completed" | "failed" | "denied")
}

fn asks_of_definition(open: &Open) -> bool {
    matches!(&open.step.action, step::Action::Ask { question } if matches!(question.about, About::Definition { .. }))
}

/// Reads are only of the approval that a call is about.
fn is_retracting(action: &step::Action) -> bool {
    match action {
        step::Action::Commit { record, .. } => record.contains(r#""withdrawn":true"#),
        action => matches!(action, step::Action::Read { .. }),
    }
}

fn failed(kind: Failure) -> Happening {
    Happening::Failed { kind, message: String::new(), retry_after: None }
}

impl Checked {
    fn new(bounds: Bounds) -> Self {
        let guard = |policy: &str, version: u8| {
            let policy: Value = serde_json::from_str(policy).unwrap();
            let options = json!({
                "server": "https://crm.example.test/mcp", "policy": policy, "approval_ttl": LIFETIME,
                "dispatch_timeout": LIFETIME, "trusted": true, "seal_key": "0b".repeat(32),
            });
            let mut guard = Guard::from(Core::new(&options.to_string()).unwrap());
            relist(&mut guard, 0, version);
            // Compiled once: every copy shares it.
            for tool in TOOLS {
                let request = CheckRequest { now: BEGINNING, name: tool.to_owned(), approval: None, meta: None };
                guard.check(request, Some(EXACT));
            }
            guard
        };
        let fresh = POLICIES.iter().flat_map(|policy| [guard(policy, 0), guard(policy, 1)].map(Mutex::new)).collect();
        Checked { bounds, fresh, reached: Arc::default() }
    }

    fn host(&self, policy: usize, version: u8, starts: u8) -> Host {
        let guard = self.fresh[policy * 2 + usize::from(version)].lock().unwrap().clone();
        Host {
            print: guard.fingerprint(),
            guard: Arc::new(Mutex::new(guard)),
            open: Vec::new(),
            policy,
            listed: version,
            pinned: version,
            starts,
            paced: 0,
            saved: None,
        }
    }

    fn reach(&self, what: Reached) {
        self.reached.fetch_or(1 << what as u32, Ordering::Relaxed);
    }
}

fn entropy(host: u8, start: u8) -> String {
    format!("{host:08x}{start:08x}{:032x}", 7)
}

fn relist(guard: &mut Guard, number: u8, version: u8) {
    list(guard, number, &listing(version));
}

fn list(guard: &mut Guard, number: u8, page: &str) {
    let start = Start { now: BEGINNING, entropy: entropy(9, number), flow: Work::List };
    let step = guard.start(start, None).unwrap();
    let event = Event { step: step.id, now: BEGINNING, event: Happening::Tools };
    guard.handle(event, Some(page)).unwrap();
}

/// One transition at work.
struct Turn<'m> {
    model: &'m Checked,
    state: State,
}

impl Turn<'_> {
    fn now(&self) -> u64 {
        BEGINNING + u64::from(self.state.clock) * LIFETIME
    }

    fn trouble(&mut self) -> Option<()> {
        self.state.troubles += 1;
        (self.state.troubles <= self.model.bounds.troubles).then_some(())
    }

    fn breaks(&mut self, promise: Promise) {
        self.state.broken |= 1 << promise as u32;
    }

    fn with_guard<T>(&mut self, host: usize, what: impl FnOnce(&mut Guard) -> T) -> T {
        let mut guard = self.state.hosts[host].guard.lock().unwrap().clone();
        let said = what(&mut guard);
        self.state.hosts[host].print = guard.fingerprint();
        self.state.hosts[host].guard = Arc::new(Mutex::new(guard));
        said
    }

    fn start(&mut self, host: usize, flow: Work, document: Option<&str>) -> Option<()> {
        self.state.starts += 1;
        self.state.hosts[host].starts += 1;
        let entropy = entropy(host as u8, self.state.hosts[host].starts);
        let start = Start { now: self.now(), entropy, flow };
        let step = self.with_guard(host, |guard| guard.start(start, document)).ok()?;
        self.state.hosts[host].open.push(Open { step: step.clone(), before: None, sent: false });
        self.hear(host, step, document);
        Some(())
    }

    fn event(&mut self, host: usize, step: &Step, event: Happening, document: Option<&str>) {
        let event = Event { step: step.id.clone(), now: self.now(), event };
        match self.with_guard(host, |guard| guard.handle(event, document)) {
            Ok(next) => self.hear(host, next, None),
            Err(_) => self.breaks(Promise::Open),
        }
    }

    /// Checks whatever the core says, and remembers it.
    fn hear(&mut self, host: usize, step: Step, document: Option<&str>) {
        let flow = flow_of(&step);
        let place = self.state.hosts[host].open.iter().position(|open| flow_of(&open.step) == flow).unwrap();
        match &step.action {
            step::Action::Done { outcome } => {
                self.ended(outcome);
                self.state.hosts[host].open.remove(place);
                return;
            }
            step::Action::CallTool { name, arguments, round, .. } => {
                let inputs = round.as_ref().and_then(|round| round.input_responses.as_ref());
                let inputs = inputs.map(|inputs| serde_json::to_string(inputs).unwrap()).unwrap_or_default();
                self.goes_out(host, &flow, name, &serde_json::to_string(arguments).unwrap(), &inputs);
            }
            step::Action::Commit { key, expected: None, record } => {
                let record: Value = serde_json::from_str(record).unwrap();
                let arguments = document.unwrap_or(EXACT).to_owned();
                // What is typed into the guard's own question is the yes to exactly that.
                let given = self.state.given.get(&flow).filter(|_| record.get("continues").is_some()).cloned();
                let (inputs, typed) = given.unwrap_or_default();
                let version = self.version_of(host, record["call"]["tool"].as_str().unwrap());
                let asked = Asked {
                    tool: record["call"]["tool"].as_str().unwrap().to_owned(),
                    arguments,
                    inputs,
                    version,
                    policy: self.state.hosts[host].policy,
                    expires_at: self.now() + LIFETIME,
                    yes: typed,
                    withdrawn: false,
                    left: false,
                    sent: 0,
                    lost: false,
                };
                let known = Arc::make_mut(&mut self.state.asked);
                // Another process may have the same question from a snapshot, and one person's yes is one for both.
                known.entry(id_of(key).to_owned()).or_insert(asked).yes |= typed;
            }
            _ => {}
        }
        let open = &mut self.state.hosts[host].open[place];
        let before = Some(open.step.id.clone()).filter(|id| *id != step.id);
        *open = Open { step, before, sent: false };
    }

    /// Only one tool's definition ever changes.
    fn version_of(&self, host: usize, tool: &str) -> u8 {
        if tool == CANCEL { self.state.hosts[host].listed } else { 0 }
    }

    fn goes_out(&mut self, number: usize, flow: &str, name: &str, arguments: &str, inputs: &str) {
        let host = self.state.hosts[number].clone();
        if !TOOLS.contains(&name) {
            self.breaks(Promise::Listed);
        }
        if arguments == INVALID {
            self.breaks(Promise::Valid);
        }
        if name == READ {
            return;
        }
        if name == CANCEL && host.listed != host.pinned {
            self.breaks(Promise::Pinned);
        }
        if name == CANCEL && host.policy == 1 {
            self.breaks(Promise::Permitted);
        }
        if name == REPLACE && host.policy == 1 {
            self.state.hosts[number].paced += 1;
            if host.paced > 0 {
                self.breaks(Promise::Paced);
            }
        }
        let claim = self.state.claims.get(flow).cloned();
        let record = claim.as_ref().and_then(|id| self.state.ledger.get(&format!("approval/{id}")));
        if record.is_none_or(|record| state_of(record) != "dispatched") {
            self.breaks(Promise::Recorded);
        }
        // Without a claim, whatever was asked about that very call counts.
        let id = claim.or_else(|| {
            let same = |(_, asked): &(&String, &Asked)| asked.tool == name && asked.arguments == arguments;
            self.state.asked.iter().find(same).map(|(id, _)| id.clone())
        });
        let Some(asked) = id.as_ref().and_then(|id| self.state.asked.get(id)).cloned() else {
            return self.breaks(Promise::Approved);
        };
        if !asked.yes {
            self.breaks(Promise::Approved);
        }
        let version = self.version_of(number, name);
        if (asked.tool.as_str(), asked.arguments.as_str(), asked.inputs.as_str(), asked.version, asked.policy)
            != (name, arguments, inputs, version, host.policy)
        {
            self.breaks(Promise::Exact);
        }
        if !inputs.is_empty() {
            let typed = self.state.given.get(flow).is_some_and(|(_, typed)| *typed);
            self.model.reach(if typed { Reached::Round } else { Reached::Handed });
        }
        if self.now() >= asked.expires_at {
            self.breaks(Promise::Live);
        }
        if asked.withdrawn {
            self.breaks(Promise::Withdrawn);
        }
        if asked.sent > 0 {
            self.breaks(Promise::Once);
        }
        if asked.lost {
            self.breaks(Promise::NotAgain);
        }
        if let Some(asked) = id.and_then(|id| Arc::make_mut(&mut self.state.asked).get_mut(&id)) {
            asked.sent = 1;
        }
    }

    fn ended(&mut self, outcome: &Outcome) {
        let code = match outcome {
            Outcome::Result { decision, .. } => {
                if decision.approval.is_some() {
                    self.model.reach(Reached::Completed);
                }
                return;
            }
            Outcome::Accepted { .. } => return self.model.reach(Reached::Accepted),
            Outcome::Decided { approval } if approval.withdrawn => return self.model.reach(Reached::TakenBack),
            Outcome::Settled { approval } if approval.settled_by.is_some() => {
                return self.model.reach(Reached::Resolved);
            }
            Outcome::Failed { error, decision } => {
                let lost = decision.as_ref().is_some_and(|decision| {
                    decision.gates.last().is_some_and(|passage| passage.gate == toolgate_core::gate::Gate::Dispatch)
                });
                let approval = decision.as_ref().and_then(|decision| decision.approval.as_ref());
                if let Some(id) = approval.filter(|_| error.code() == Code::Cancelled)
                    && let Some(record) = self.state.ledger.get(&format!("approval/{id}"))
                {
                    let is_left = self.state.asked.get(id).is_some_and(|asked| asked.left);
                    if matches!(state_of(record), "proposed" | "approved") && !is_left {
                        self.breaks(Promise::CalledOff);
                    }
                }
                if error.code() == Code::ApprovalSpent {
                    self.model.reach(if lost { Reached::RaceLost } else { Reached::Spent });
                }
                error.code()
            }
            _ => return,
        };
        match code {
            Code::DefinitionChanged => self.model.reach(Reached::Drifted),
            Code::ApprovalExpired => self.model.reach(Reached::Expired),
            Code::ApprovalMismatch => self.model.reach(Reached::Mismatched),
            Code::ApprovalDenied => self.model.reach(Reached::Denied),
            Code::DeniedByPolicy => self.model.reach(Reached::Forbidden),
            Code::BudgetSpent => self.model.reach(Reached::Budgeted),
            Code::InvalidRecord => self.model.reach(Reached::Tampered),
            Code::OutcomeUnknown => self.model.reach(Reached::Unknown),
            _ => {}
        }
    }

    fn answer(&mut self, host: usize, place: usize, how: How) -> Option<()> {
        let open = self.state.hosts[host].open.get(place)?.clone();
        let step = &open.step;
        if matches!(how, How::Fails | How::Unheard | How::Cancel) {
            self.trouble()?;
        }
        // What cannot be read or stored, or is called off once more, leaves what it should have ended.
        if matches!(how, How::Fails | How::Unheard | How::Cancel)
            && is_retracting(&step.action)
            && let step::Action::Commit { key, .. } | step::Action::Read { key } = &step.action
            && let Some(asked) = Arc::make_mut(&mut self.state.asked).get_mut(id_of(key))
        {
            asked.left = true;
        }
        if how == How::Cancel {
            if matches!(step.action, step::Action::CallTool { .. }) {
                self.lost(&step.action, &flow_of(step));
            }
            // A host lets the ledger finish: a yes may stand there although its call was called off meanwhile.
            if let step::Action::Commit { key, expected, record } = &step.action
                && state_of(record) == "approved"
                && self.state.ledger.get(key) == expected.as_ref()
            {
                Arc::make_mut(&mut self.state.ledger).insert(key.clone(), record.clone());
            }
            self.event(host, step, Happening::Cancelled, None);
            return Some(());
        }
        match &step.action {
            step::Action::Commit { key, expected, record } => {
                if how == How::Fails {
                    self.event(host, step, failed(Failure::Host), None);
                    return Some(());
                }
                if self.state.ledger.get(key) != expected.as_ref() {
                    self.event(host, step, Happening::Conflict, None);
                    return (how == How::Properly).then_some(());
                }
                if expected.as_deref().is_some_and(|held| has_ended(state_of(held))) {
                    self.breaks(Promise::Settled);
                }
                Arc::make_mut(&mut self.state.ledger).insert(key.clone(), record.clone());
                if record.contains(r#""withdrawn":true"#)
                    && let Some(asked) = Arc::make_mut(&mut self.state.asked).get_mut(id_of(key))
                {
                    asked.withdrawn = true;
                }
                if state_of(record) == "dispatched" && expected.as_deref().is_some_and(|it| state_of(it) == "approved")
                {
                    Arc::make_mut(&mut self.state.claims).insert(flow_of(step), id_of(key).to_owned());
                }
                if state_of(record) == "approved" && expected.as_deref().is_some_and(|it| state_of(it) == "dispatched")
                {
                    self.model.reach(Reached::GivenBack);
                }
                let event = if how == How::Unheard { failed(Failure::Host) } else { Happening::Committed };
                self.event(host, step, event, None);
            }
            step::Action::Read { key } => {
                let found = Happening::Found { record: self.state.ledger.get(key).cloned() };
                let event = if how == How::Fails { failed(Failure::Host) } else { found };
                self.event(host, step, event, None);
            }
            step::Action::Ask { question } => {
                let answer = match (&question.about, how) {
                    (About::Approval { approval, .. }, How::Approve) => {
                        self.says_yes(approval);
                        Answer::Approve { by: None }
                    }
                    (About::Definition { digest, .. }, How::Approve) => {
                        let drift = self.with_guard(host, |guard| serde_json::to_value(guard.drift()).unwrap());
                        // The list may have changed since the question was put.
                        if drift[0]["digest"] == digest.as_str() {
                            self.state.hosts[host].pinned = self.state.hosts[host].listed;
                            self.model.reach(Reached::Accepted);
                        }
                        Answer::Approve { by: None }
                    }
                    (About::Inputs { .. }, How::Types(number)) => self.gives(step, number, InputSource::Person),
                    (About::Inputs { .. }, How::Hands(number)) => self.gives(step, number, InputSource::Host),
                    (_, How::Deny) => Answer::Deny { reason: None, by: None, silence: None, until: None },
                    (_, How::Ran) => Answer::Ran { by: None },
                    (_, How::NotRan) => Answer::NotRan { by: None },
                    _ => Answer::Defer,
                };
                self.event(host, step, Happening::Answer { answer }, None);
            }
            step::Action::CallTool { .. } => {
                match how {
                    How::Properly if !open.sent => self.state.hosts[host].open[place].sent = true,
                    How::Properly => {
                        let result = Happening::Result { server_time: None };
                        let asks = self.model.bounds.rounds
                            && matches!(&step.action, step::Action::CallTool { round: None, .. });
                        self.event(host, step, result, Some(if asks { ASKS } else { r#"{"content":[]}"# }));
                    }
                    How::Fails if !open.sent => {
                        self.not_sent(&flow_of(step));
                        self.event(host, step, failed(Failure::NotSent), None);
                    }
                    // Refused by the backend: it did not run.
                    How::Fails => self.event(host, step, failed(Failure::Refused), None),
                    _ => {
                        self.lost(&step.action, &flow_of(step));
                        self.event(host, step, failed(Failure::Lost), None);
                    }
                }
            }
            step::Action::Wait { .. } if how == How::Properly => self.event(host, step, Happening::Woke, None),
            step::Action::ListTools { .. } if how == How::Properly => {
                let version = self.state.version;
                self.state.hosts[host].listed = version;
                self.event(host, step, Happening::Tools, Some(&listing(version)));
            }
            _ => return None,
        }
        Some(())
    }

    fn gives(&mut self, step: &Step, number: u8, by: InputSource) -> Answer {
        let content: Value = json!({ "n": number });
        let given = json!({ "q": { "action": "accept", "content": content } }).to_string();
        Arc::make_mut(&mut self.state.given).insert(flow_of(step), (given, by == InputSource::Person));
        let answer = json!({ "q": { "action": "accept", "content": content, "by": by.as_str() } });
        Answer::from_text(&json!({ "type": "inputs", "responses": answer }).to_string()).unwrap()
    }

    /// The host knows for certain that nothing of it was written.
    fn not_sent(&mut self, flow: &str) {
        if let Some(id) = self.state.claims.get(flow).cloned()
            && let Some(asked) = Arc::make_mut(&mut self.state.asked).get_mut(&id)
        {
            asked.sent = 0;
        }
    }

    fn lost(&mut self, action: &step::Action, flow: &str) {
        let step::Action::CallTool { name, .. } = action else { return };
        if name == READ {
            return;
        }
        if let Some(id) = self.state.claims.get(flow).cloned()
            && let Some(asked) = Arc::make_mut(&mut self.state.asked).get_mut(&id)
        {
            asked.lost = true;
        }
    }

    /// An expired question may be answered too; what comes of it is the core's matter.
    fn says_yes(&mut self, id: &str) {
        if let Some(asked) = Arc::make_mut(&mut self.state.asked).get_mut(id) {
            asked.yes = true;
        }
    }

    fn stale(&mut self, number: usize, place: usize) -> Option<()> {
        let host = &self.state.hosts[number];
        let step = host.open.get(place)?.before.clone()?;
        let events =
            [Happening::Committed, Happening::Answer { answer: Answer::Approve { by: None } }, Happening::Woke];
        let print = host.print;
        let now = self.now();
        let accepts = |guard: &mut Guard| {
            events.into_iter().any(|event| guard.handle(Event { step: step.clone(), now, event }, None).is_ok())
        };
        if self.with_guard(number, accepts) || self.state.hosts[number].print != print {
            self.breaks(Promise::Stale);
            return Some(());
        }
        None
    }

    fn crash(&mut self, number: usize, how: Restart) -> Option<()> {
        self.trouble()?;
        let host = self.state.hosts[number].clone();
        let policy = if how == Restart::OtherPolicy { 1 - host.policy } else { host.policy };
        let orphaned = |open: &Open| matches!(open.step.action, step::Action::CallTool { .. });
        if host.open.iter().any(orphaned) && how == Restart::Empty {
            self.model.reach(Reached::Orphaned);
        }
        for open in host.open.iter().filter(|open| open.sent) {
            self.lost(&open.step.action, &flow_of(&open.step));
        }
        let (snapshot, paced) = match how {
            Restart::Empty => (None, 0),
            Restart::Current | Restart::OtherPolicy => (
                Some(host.guard.lock().unwrap().clone().snapshot()),
                if policy == host.policy { host.paced } else { 0 },
            ),
            Restart::Saved => {
                let saved = host.saved.as_deref()?;
                (Some(saved.0.clone()), saved.1)
            }
        };
        let fresh = self.model.host(policy, self.state.version, host.starts);
        self.state.hosts[number] = Host { paced, saved: None, ..fresh };
        match snapshot {
            Some(snapshot) => self.restore(number, &snapshot),
            None => Some(()),
        }
    }

    fn restore(&mut self, number: usize, snapshot: &str) -> Option<()> {
        let steps = self.with_guard(number, |guard| guard.restore(snapshot)).ok()?;
        if !steps.is_empty() {
            self.model.reach(Reached::Resumed);
        }
        for step in steps {
            self.state.hosts[number].open.push(Open { step: step.clone(), before: None, sent: false });
            self.hear(number, step, None);
        }
        Some(())
    }

    fn take(&mut self, action: Action) -> Option<()> {
        match action {
            Action::Call(host, call) => {
                let quoted = |at: usize| self.state.asked.iter().nth(at).map(|(id, asked)| (id.clone(), asked.clone()));
                let (name, approval, arguments) = match call {
                    Call::Plain(name) => (name, None, EXACT),
                    Call::Quoting(name, at) => (name, Some(quoted(at)?.0), EXACT),
                    Call::Edited(at) => {
                        let (id, asked) = quoted(at)?;
                        self.trouble()?;
                        let flow = Work::Call { name: asked.tool, approval: Some(id), meta: None };
                        return self.start(host, flow, Some(EDITED));
                    }
                    Call::Invalid => (CANCEL, None, INVALID),
                    Call::Unlisted => (UNLISTED, None, EXACT),
                };
                if matches!(call, Call::Invalid | Call::Unlisted) {
                    self.trouble()?;
                }
                self.start(host, Work::Call { name: name.to_owned(), approval, meta: None }, Some(arguments))
            }
            Action::Decide(host, at, yes) => {
                let id = self.state.asked.keys().nth(at)?.clone();
                if yes {
                    self.says_yes(&id);
                }
                let answer = if yes {
                    Answer::Approve { by: None }
                } else {
                    Answer::Deny { reason: None, by: None, silence: None, until: None }
                };
                self.start(host, Work::Decide { approval: id, answer }, None)
            }
            Action::Withdraw(host, at) => {
                self.state.withdrawals += 1;
                self.state.starts -= 1;
                let approval = self.state.asked.keys().nth(at)?.clone();
                let answer = Answer::Withdraw { reason: None, by: None };
                self.start(host, Work::Decide { approval, answer }, None)
            }
            Action::Settle(host, at) => {
                let approval = self.state.asked.keys().nth(at)?.clone();
                self.start(host, Work::Settle { approval, ran: None, by: None }, None)
            }
            Action::Answer(host, place, how) => self.answer(host, place, how),
            Action::Stale(host, place) => self.stale(host, place),
            Action::Save(host) => {
                self.trouble()?;
                // Other states share the guard, so that what a snapshot leaves in it is written to a copy.
                let snapshot = self.with_guard(host, |guard| guard.snapshot());
                let host = &mut self.state.hosts[host];
                host.saved = Some(Arc::new((snapshot, host.paced)));
                Some(())
            }
            Action::Crash(host, how) => self.crash(host, how),
            Action::TakeOver(host) => {
                self.trouble()?;
                let snapshot = self.with_guard(host, |guard| guard.snapshot());
                self.restore(1 - host, &snapshot)
            }
            Action::Relist(number, changed) => {
                if changed {
                    self.trouble()?;
                    self.state.version = 1 - self.state.version;
                }
                let version = self.state.version;
                self.with_guard(number, |guard| relist(guard, 0, version));
                let host = &mut self.state.hosts[number];
                host.listed = version;
                Some(())
            }
            Action::Accept(number) => {
                let drift = self.with_guard(number, |guard| serde_json::to_value(guard.drift()).unwrap());
                let digest = drift[0]["digest"].as_str()?.to_owned();
                self.start(number, Work::Accept { tool: CANCEL.to_owned(), digest }, None)?;
                let host = &mut self.state.hosts[number];
                host.pinned = host.listed;
                Some(())
            }
            Action::Tick => {
                self.trouble()?;
                self.state.clock += 1;
                Some(())
            }
            Action::Edit(at) => {
                self.trouble()?;
                let id = self.state.asked.keys().nth(at)?;
                let key = format!("approval/{id}");
                let edited = self.state.ledger.get(&key)?.replace(r#""state":"proposed""#, r#""state":"approved""#);
                Arc::make_mut(&mut self.state.ledger).insert(key, edited);
                // What its seal does not fit is read by nobody, so that nobody can end it or go by it.
                if let Some((_, asked)) = Arc::make_mut(&mut self.state.asked).iter_mut().nth(at) {
                    asked.left = true;
                }
                Some(())
            }
        }
    }
}

fn flow_of(step: &Step) -> String {
    serde_json::to_value(&step.flow).unwrap().as_str().unwrap().to_owned()
}

impl Model for Checked {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let host = || self.host(self.bounds.policy, 0, 0);
        vec![State {
            hosts: [host(), host()],
            ledger: Arc::default(),
            asked: Arc::default(),
            claims: Arc::default(),
            given: Arc::default(),
            version: 0,
            clock: 0,
            starts: 0,
            troubles: 0,
            withdrawals: 0,
            broken: 0,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let may_trouble = state.troubles < self.bounds.troubles;
        for (number, host) in state.hosts.iter().enumerate() {
            for (place, open) in host.open.iter().enumerate() {
                let hows: &[How] = match &open.step.action {
                    step::Action::Commit { .. } | step::Action::CallTool { .. } => {
                        &[How::Properly, How::Fails, How::Unheard, How::Cancel]
                    }
                    step::Action::ListTools { .. } => &[How::Properly, How::Cancel],
                    step::Action::Read { .. } => &[How::Properly, How::Fails, How::Cancel],
                    // Until the other call's question has its answer nothing else would come of it.
                    step::Action::Wait { .. } if host.open.iter().any(asks_of_definition) => &[How::Cancel],
                    step::Action::Wait { .. } => &[How::Properly, How::Cancel],
                    step::Action::Ask { question } if matches!(question.about, About::Outcome { .. }) => {
                        &[How::Ran, How::NotRan, How::Defer]
                    }
                    step::Action::Ask { question } if matches!(question.about, About::Inputs { .. }) => {
                        &[How::Types(1), How::Hands(1), How::Hands(2), How::Defer]
                    }
                    _ => &[How::Approve, How::Deny, How::Defer, How::Cancel],
                };
                let free = |how: &&How| may_trouble || !matches!(how, How::Fails | How::Unheard | How::Cancel);
                actions.extend(hows.iter().filter(free).map(|how| Action::Answer(number, place, *how)));
                actions.push(Action::Stale(number, place));
            }
            // The hosts are alike until one of them starts: what the other would do first is the same by other names.
            let may_start = state.starts < self.bounds.starts && (state.starts > 0 || number == 0);
            if may_start {
                actions.extend(self.bounds.tools.iter().map(|tool| Action::Call(number, Call::Plain(tool))));
            }
            if may_start && !self.bounds.rounds {
                for (at, asked) in state.asked.values().enumerate() {
                    let tool = TOOLS.iter().find(|tool| **tool == asked.tool).unwrap_or(&UNLISTED);
                    actions.push(Action::Call(number, Call::Quoting(tool, at)));
                    actions.extend([true, false].map(|yes| Action::Decide(number, at, yes)));
                    actions.push(Action::Settle(number, at));
                    if may_trouble {
                        actions.push(Action::Call(number, Call::Edited(at)));
                    }
                }
                if may_trouble {
                    actions.extend([Call::Invalid, Call::Unlisted].map(|call| Action::Call(number, call)));
                }
                if host.listed != host.pinned {
                    actions.push(Action::Accept(number));
                }
            }
            if state.withdrawals < self.bounds.withdrawals {
                actions.extend((0..state.asked.len()).map(|at| Action::Withdraw(number, at)));
            }
            if host.listed != state.version {
                actions.push(Action::Relist(number, false));
            }
            if may_trouble {
                let is_idle = host.open.is_empty();
                actions.push(Action::Relist(number, true));
                actions.extend([Restart::Empty, Restart::OtherPolicy].map(|how| Action::Crash(number, how)));
                if !is_idle {
                    actions.extend([Action::Crash(number, Restart::Current), Action::TakeOver(number)]);
                }
                if host.saved.is_some() {
                    actions.push(Action::Crash(number, Restart::Saved));
                } else if !is_idle {
                    actions.push(Action::Save(number));
                }
            }
        }
        if may_trouble {
            if state.clock < self.bounds.ticks {
                actions.push(Action::Tick);
            }
            let proposed = |(_, id): &(usize, &String)| {
                state.ledger.get(&format!("approval/{id}")).is_some_and(|record| state_of(record) == "proposed")
            };
            actions.extend(state.asked.keys().enumerate().filter(proposed).map(|(at, _)| Action::Edit(at)));
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut turn = Turn { model: self, state: state.clone() };
        turn.take(action)?;
        Some(turn.state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        kept()
    }
}

/// What came of a check: the broken promises with the ways there, the numbers of states, and what was reached.
struct Verdict {
    broken: Vec<(&'static str, String)>,
    unique: usize,
    generated: usize,
    depth: usize,
    seconds: f64,
    reached: u32,
}

/// Everything within the bounds; `threads` is one where the way to a broken promise shall be short.
fn check(bounds: Bounds, threads: usize) -> Verdict {
    let model = Checked::new(bounds);
    let reached = Arc::clone(&model.reached);
    let began = Instant::now();
    let checker = model.checker().threads(threads).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let told = |(name, path): (&'static str, stateright::Path<State, Action>)| {
        let actions: Vec<String> = path.into_actions().iter().map(|action| format!("  {action:?}")).collect();
        (name, actions.join("\n"))
    };
    Verdict {
        broken: checker.discoveries().into_iter().map(told).collect(),
        unique: checker.unique_state_count(),
        generated: checker.state_count(),
        depth: checker.max_depth(),
        seconds: began.elapsed().as_secs_f64(),
        reached: reached.load(Ordering::Relaxed),
    }
}

const fn bounds(starts: u8, troubles: u8, policy: usize) -> Bounds {
    Bounds { starts, troubles, ticks: 2, withdrawals: 0, policy, tools: &TOOLS, rounds: false }
}

/// The same for calls of one tool.
const fn of(tools: &'static [&'static str], bounds: Bounds) -> Bounds {
    Bounds { tools, ..bounds }
}

/// The same, and somebody takes back once what was asked or agreed.
const fn withdrawing(starts: u8, troubles: u8) -> Bounds {
    Bounds { withdrawals: 1, ..bounds(starts, troubles, 0) }
}

/// The same for the one tool that asks for more.
const fn rounds(starts: u8, troubles: u8) -> Bounds {
    Bounds { ticks: 1, rounds: true, ..of(&[CANCEL], bounds(starts, troubles, 0)) }
}

/// A mutant is selected for the whole process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn the_core_keeps_its_promises() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    mutant::select(None);
    let mut reached = 0;
    let two = bounds(2, 1, 0);
    let all = [bounds(1, 2, 0), bounds(2, 0, 1), of(&[CANCEL], two), of(&[REPLACE], two), withdrawing(1, 1)];
    for bounds in all.into_iter().chain([withdrawing(2, 0), rounds(1, 1), rounds(2, 0)]) {
        let verdict = check(bounds, 2);
        println!(
            "{bounds:?}: {} states, {} generated, depth {}, {:.1} s",
            verdict.unique, verdict.generated, verdict.depth, verdict.seconds
        );
        for (name, way) in &verdict.broken {
            println!("broken: {name}\n{way}");
        }
        assert!(verdict.broken.is_empty(), "the core breaks its promises");
        reached |= verdict.reached;
    }
    let missed: Vec<&str> =
        REACHED.iter().filter(|(what, _)| reached & (1 << *what as u32) == 0).map(|(_, text)| *text).collect();
    assert!(missed.is_empty(), "the bounds leave out what should be looked at: {missed:?}");
}

#[test]
fn consequences_and_remembered_answers_hold() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    mutant::select(None);
    consequences::hold();
}

#[test]
fn every_mutant_is_caught() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut survivors = Vec::new();
    println!("{:12} {:>7} caught by", "mutant", "states");
    for mutant in Mutant::ALL {
        mutant::select(Some(*mutant));
        let of_consequences = consequences::catches(*mutant);
        let caught = match mutant {
            _ if of_consequences.is_some() => of_consequences.flatten(),
            Mutant::Plan => directly(!plan_is_asked(), "a direct check: the backend's plan is asked first"),
            Mutant::Confirmed => {
                directly(!hint_is_confirmed(), "a direct check: a person confirms what only a hint says")
            }
            Mutant::Result => directly(!output_is_checked(), "a direct check: an answer is held against its schema"),
            Mutant::Approvers => directly(!approvers_are_asked(), "a direct check: only those named may answer"),
            Mutant::Silences => directly(!denials_hold(), "a direct check: a no holds for the same call"),
            Mutant::Claim => directly(!snapshots_are_claimed(), "a direct check: a snapshot is taken up once"),
            Mutant::Inputs => in_bounds(&[rounds(2, 0)]),
            Mutant::Handed => directly(!handed_inputs_are_asked(), "a direct check: no rule permits what a host gives"),
            _ => in_the_model(),
        };
        mutant::select(None);
        match caught {
            Some((promise, states)) => println!("{:12} {states:>7} {promise}", format!("{mutant:?}")),
            None => survivors.push(*mutant),
        }
    }
    assert!(plan_is_asked(), "without a mutant, the plan is asked");
    assert!(output_is_checked(), "without a mutant, an answer is checked");
    assert!(hint_is_confirmed(), "without a mutant, a hint is confirmed");
    assert!(approvers_are_asked(), "without a mutant, only those named may answer");
    assert!(denials_hold(), "without a mutant, a no holds");
    assert!(snapshots_are_claimed(), "without a mutant, a snapshot is claimed");
    assert!(handed_inputs_are_asked(), "without a mutant, a host's inputs are asked about");
    assert!(survivors.is_empty(), "nothing notices that these are broken: {survivors:?}");
}

fn in_the_model() -> Option<(String, usize)> {
    let small = [bounds(1, 0, 0), bounds(1, 1, 0), bounds(2, 0, 0), withdrawing(2, 0), bounds(2, 0, 1)];
    in_bounds(&[small.as_slice(), &[bounds(1, 2, 0), bounds(2, 1, 0)]].concat())
}

fn in_bounds(all: &[Bounds]) -> Option<(String, usize)> {
    let mut states = 0;
    for bounds in all {
        let verdict = check(*bounds, 1);
        states += verdict.unique;
        if !verdict.broken.is_empty() {
            let names: Vec<&str> = verdict.broken.iter().map(|(name, _)| *name).collect();
            return Some((names.join("; "), states));
        }
    }
    None
}

fn directly(caught: bool, by: &str) -> Option<(String, usize)> {
    caught.then(|| (by.to_owned(), 0))
}

/// Three gates are outside of the model: it has no profile with a plan, its answers promise nothing, and its server is
/// trusted.
fn guard_with(options: &Value, tools: &Value) -> Guard {
    let mut guard = Guard::from(Core::new(&options.to_string()).unwrap());
    list(&mut guard, 0, &json!({ "tools": tools }).to_string());
    guard
}

fn called(guard: &mut Guard, name: &str) -> Step {
    let flow = Work::Call { name: name.to_owned(), approval: None, meta: None };
    guard.start(Start { now: BEGINNING, entropy: entropy(0, 1), flow }, None).unwrap()
}

fn plan_is_asked() -> bool {
    let schema = json!({ "type": "object" });
    let writes = json!({ "readOnlyHint": false, "destructiveHint": false });
    let tools = json!([
        { "name": "create_booking", "inputSchema": schema, "annotations": writes },
        { "name": "plan_check", "inputSchema": schema, "annotations": { "readOnlyHint": true } },
    ]);
    let mut guard = guard_with(&json!({ "server": "https://crm.example.test/mcp", "profile": "favcrm" }), &tools);
    let step = called(&mut guard, "create_booking");
    matches!(&step.action, step::Action::CallTool { name, .. } if name != "create_booking")
}

fn hint_is_confirmed() -> bool {
    let annotations = json!({ "readOnlyHint": true, "openWorldHint": false });
    let tools = json!([{ "name": "open_nodes", "inputSchema": { "type": "object" }, "annotations": annotations }]);
    let mut guard = guard_with(&json!({ "server": "https://crm.example.test/mcp" }), &tools);
    matches!(called(&mut guard, "open_nodes").action, step::Action::Ask { .. })
}

fn output_is_checked() -> bool {
    let output = json!({ "type": "object", "required": ["count"] });
    let tools = json!([{
        "name": "count_bookings", "inputSchema": { "type": "object" }, "outputSchema": output,
        "annotations": { "readOnlyHint": true },
    }]);
    let mut guard = guard_with(&json!({ "server": "https://crm.example.test/mcp" }), &tools);
    let step = called(&mut guard, "count_bookings");
    let event = Event { step: step.id, now: BEGINNING, event: Happening::Result { server_time: None } };
    let step = guard.handle(event, Some(r#"{"content":[],"structuredContent":{}}"#)).unwrap();
    matches!(&step.action, step::Action::Done { outcome } if matches!(&**outcome, Outcome::Failed { .. }))
}

fn answered(guard: &mut Guard, step: &Step, event: Happening) -> Step {
    guard.handle(Event { step: step.id.clone(), now: BEGINNING, event }, None).unwrap()
}

fn is_done(step: &Step, code: Code) -> bool {
    matches!(&step.action, step::Action::Done { outcome }
        if matches!(&**outcome, Outcome::Failed { error, .. } if error.code() == code))
}

/// Bookings that only some may cancel.
fn cancelling(policy: &Value) -> Guard {
    let options = json!({ "server": "https://crm.example.test/mcp", "policy": policy });
    let tools: Value = serde_json::from_str(&listing(0)).unwrap();
    guard_with(&options, &tools["tools"])
}

fn approvers_are_asked() -> bool {
    let rule = json!({ "tools": [CANCEL], "then": "ask", "approvers": { "from": ["ana", "ben"], "count": 2 } });
    let mut guard = cancelling(&json!({ "rules": [rule] }));
    let step = called(&mut guard, CANCEL);
    let step = answered(&mut guard, &step, Happening::Committed);
    let step = answered(&mut guard, &step, Happening::Answer { answer: Answer::Approve { by: None } });
    is_done(&step, Code::ApproverRequired)
}

fn denials_hold() -> bool {
    let mut guard = cancelling(&json!({}));
    let step = called(&mut guard, CANCEL);
    let step = answered(&mut guard, &step, Happening::Committed);
    let answer = Answer::Deny { reason: None, by: None, silence: None, until: None };
    let step = answered(&mut guard, &step, Happening::Answer { answer });
    answered(&mut guard, &step, Happening::Committed);
    let flow = Work::Call { name: CANCEL.to_owned(), approval: None, meta: None };
    let step = guard.start(Start { now: BEGINNING, entropy: entropy(0, 2), flow }, None).unwrap();
    is_done(&step, Code::ApprovalDenied)
}

/// A rule lets the call out unasked, its tool asks for a number, and the host gives one.
fn handed_inputs_are_asked() -> bool {
    let mut guard = cancelling(&json!({ "rules": [{ "tools": [CANCEL], "then": "allow" }] }));
    let step = called(&mut guard, CANCEL);
    let event = Event { step: step.id, now: BEGINNING, event: Happening::Result { server_time: None } };
    let step = guard.handle(event, Some(ASKS)).unwrap();
    let given = json!({ "q": { "action": "accept", "content": { "n": 1 }, "by": "host" } });
    let answer = Answer::from_text(&json!({ "type": "inputs", "responses": given }).to_string()).unwrap();
    let step = answered(&mut guard, &step, Happening::Answer { answer });
    matches!(&step.action, step::Action::Commit { record, .. } if state_of(record) == "proposed")
}

fn snapshots_are_claimed() -> bool {
    let options = json!({
        "server": "https://crm.example.test/mcp", "subject": "agent", "lasting": true,
        "policy": { "pace": { "limits": [{ "rate": { "calls": 1, "per_ms": 1_000 } }], "wait_ms": 1_000 } },
    });
    let writes = json!({ "readOnlyHint": false, "destructiveHint": false, "openWorldHint": false });
    let tools = json!([{ "name": "set_order", "inputSchema": { "type": "object" }, "annotations": writes }]);
    let [mut one, mut other] = [guard_with(&options, &tools), guard_with(&options, &tools)];
    called(&mut one, "set_order");
    let flow = Work::Call { name: "set_order".to_owned(), approval: None, meta: None };
    one.start(Start { now: BEGINNING, entropy: entropy(0, 2), flow }, None).unwrap();
    let steps = other.restore(&one.snapshot()).unwrap();
    let waiting = steps.iter().find(|step| matches!(step.action, step::Action::Wait { .. })).unwrap();
    let woke = Event { step: waiting.id.clone(), now: BEGINNING + 1_000, event: Happening::Woke };
    let step = other.handle(woke, None).unwrap();
    matches!(&step.action, step::Action::Commit { key, .. } if key.starts_with("claim/"))
}
