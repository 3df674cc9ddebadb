//! Every order of what two processes can do about one consequence, or by one remembered answer, within bounds, played on
//! the real core: they share a ledger, each step may fail, be done unheard or be lost, and a process may die with or
//! without its snapshot, or have it taken over by the other while it lives on.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::json;
use toolgate_core::error::Code;
use toolgate_core::ffi::Core;
use toolgate_core::guard::Guard;
use toolgate_core::mutant::Mutant;
use toolgate_core::step::{
    About, Action, Answer, Event, Failure, Happening, Outcome, Remember, Scope, Start, Step, StepId, Work,
};

const NOW: u64 = 1_795_237_200_000;
const TOOL: &str = "refund_invoice";

/// What is let to happen.
#[derive(Clone, Copy)]
struct Bounds {
    policy: &'static str,
    starts: u8,
    troubles: u8,
    /// Whether a person says yes to what is asked.
    approves: bool,
}

const ONCE: &str = r#"{"once":[{"tools":["refund_invoice"],"once_per":["/id"]}]}"#;
const ALLOWED: &str = r#"{"rules":[{"tools":["refund_invoice"],"then":"allow"}],"once":[{"tools":["refund_invoice"],"once_per":["/id"]}]}"#;
const ASKS: &str = r#"{"rules":[{"tools":["refund_invoice"],"then":"ask"}]}"#;

#[derive(Clone)]
struct World {
    guards: [Guard; 2],
    open: [Vec<Step>; 2],
    ledger: BTreeMap<String, String>,
    starts: u8,
    troubles: u8,
    /// Calls that went out and are not known to have failed.
    out: u8,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Properly,
    Fails,
    Unheard,
}

fn guard(policy: &str, tools: &serde_json::Value) -> Guard {
    let policy: serde_json::Value = serde_json::from_str(policy).unwrap();
    let options = json!({ "server": "https://crm.example.test/mcp", "policy": policy, "seal_key": "0b".repeat(32), "trusted": true });
    let mut guard = Guard::from(Core::new(&options.to_string()).unwrap());
    relist(&mut guard, tools, 90);
    guard
}

fn relist(guard: &mut Guard, tools: &serde_json::Value, number: u8) {
    let step = start(guard, Work::List, None, number);
    handle(guard, &step.id, Happening::Tools, Some(&json!({ "tools": tools }).to_string()));
}

fn tools(description: &str) -> serde_json::Value {
    json!([{
        "name": TOOL,
        "description": description,
        "inputSchema": { "type": "object", "properties": { "id": { "type": "string" }, "note": { "type": "string" } } },
        "annotations": { "readOnlyHint": false, "destructiveHint": true, "openWorldHint": false },
    }])
}

fn start(guard: &mut Guard, flow: Work, document: Option<&str>, number: u8) -> Step {
    let entropy = format!("{number:016x}{:032x}", 7);
    guard.start(Start { now: NOW, entropy, flow }, document).unwrap()
}

fn handle(guard: &mut Guard, step: &StepId, event: Happening, document: Option<&str>) -> Step {
    guard.handle(Event { step: step.clone(), now: NOW, event }, document).unwrap()
}

fn call(guard: &mut Guard, arguments: &str, number: u8) -> Step {
    start(guard, Work::Call { name: TOOL.to_owned(), approval: None, meta: None }, Some(arguments), number)
}

fn failed(kind: Failure) -> Happening {
    Happening::Failed { kind, message: String::new(), retry_after: None }
}

impl World {
    fn new(bounds: Bounds) -> World {
        let one = guard(bounds.policy, &tools("Refunds an invoice."));
        World {
            guards: [one.clone(), one],
            open: Default::default(),
            ledger: BTreeMap::new(),
            starts: 0,
            troubles: 0,
            out: 0,
        }
    }

    fn print(&self) -> u64 {
        let steps = serde_json::to_string(&self.open).unwrap();
        let [one, two] = &self.guards;
        let mut hasher = DefaultHasher::new();
        (one.fingerprint(), two.fingerprint(), steps, &self.ledger, self.starts, self.troubles, self.out)
            .hash(&mut hasher);
        hasher.finish()
    }

    /// Everything that can happen next.
    fn next(&self, bounds: Bounds) -> Vec<World> {
        let mut worlds = Vec::new();
        for host in 0..2 {
            if self.starts < bounds.starts && self.open[host].is_empty() {
                let mut world = self.clone();
                world.starts += 1;
                // Two calls of one consequence, and never the same arguments twice.
                let arguments = format!(r#"{{"id":"{}","note":"{}"}}"#, ["a", "A"][host], world.starts);
                let step = call(&mut world.guards[host], &arguments, 10 * host as u8 + world.starts);
                world.hear(host, step);
                worlds.push(world);
            }
            for place in 0..self.open[host].len() {
                for how in [How::Properly, How::Fails, How::Unheard] {
                    if how == How::Properly || self.troubles < bounds.troubles {
                        worlds.extend(self.answered(host, place, how, bounds));
                    }
                }
            }
            if self.troubles < bounds.troubles && !self.open[host].is_empty() {
                let snapshot = self.guards[host].clone().snapshot();
                let fresh = World::new(bounds);
                for (heir, dies) in [(None, true), (Some(host), true), (Some(1 - host), false)] {
                    let mut world = self.clone();
                    world.troubles += 1;
                    if dies {
                        world.guards[host] = fresh.guards[host].clone();
                        world.open[host].clear();
                    }
                    let Some(heir) = heir else {
                        worlds.push(world);
                        continue;
                    };
                    let Ok(steps) = world.guards[heir].restore(&snapshot) else { continue };
                    for step in steps {
                        world.hear(heir, step);
                    }
                    worlds.push(world);
                }
            }
        }
        worlds
    }

    fn answered(&self, host: usize, place: usize, how: How, bounds: Bounds) -> Option<World> {
        let mut world = self.clone();
        let step = world.open[host].remove(place);
        world.troubles += u8::from(how != How::Properly);
        let mut document = None;
        let event = match &step.action {
            Action::Commit { key, expected, record } => {
                let fits = world.ledger.get(key) == expected.as_ref();
                if how != How::Fails && fits {
                    world.ledger.insert(key.clone(), record.clone());
                }
                match how {
                    How::Properly if fits => Happening::Committed,
                    How::Properly => Happening::Conflict,
                    How::Fails => failed(Failure::Host),
                    How::Unheard => fits.then(|| failed(Failure::Host))?,
                }
            }
            Action::Read { key } if how == How::Properly => Happening::Found { record: world.ledger.get(key).cloned() },
            Action::Read { .. } => failed(Failure::Host),
            Action::Ask { .. } if how == How::Properly => {
                Happening::Answer { answer: if bounds.approves { Answer::Approve { by: None } } else { Answer::Defer } }
            }
            Action::CallTool { .. } => match how {
                How::Properly => {
                    document = Some(r#"{"content":[]}"#);
                    Happening::Result { server_time: None }
                }
                How::Fails => {
                    world.out -= 1;
                    failed(Failure::NotSent)
                }
                How::Unheard => failed(Failure::Lost),
            },
            _ => return None,
        };
        let next = handle(&mut world.guards[host], &step.id, event, document);
        world.hear(host, next);
        Some(world)
    }

    fn hear(&mut self, host: usize, step: Step) {
        match &step.action {
            Action::Done { .. } => return,
            Action::CallTool { .. } => self.out += 1,
            _ => {}
        }
        self.open[host].push(step);
    }
}

/// How many states there are; none where more than one call goes out.
fn explore(first: World, bounds: Bounds) -> Option<usize> {
    let mut seen = BTreeSet::from([first.print()]);
    let mut waiting = vec![first];
    while let Some(world) = waiting.pop() {
        for next in world.next(bounds) {
            if next.out > 1 {
                return None;
            }
            if seen.insert(next.print()) {
                waiting.push(next);
            }
        }
    }
    Some(seen.len())
}

const BOUNDS: [Bounds; 2] = [
    Bounds { policy: ONCE, starts: 2, troubles: 1, approves: true },
    Bounds { policy: ALLOWED, starts: 2, troubles: 1, approves: true },
];

fn happens_once() -> Option<usize> {
    BOUNDS.into_iter().map(|bounds| explore(World::new(bounds), bounds)).sum()
}

fn remember() -> Remember {
    Remember { arguments: vec!["/id".to_owned()], until: None, calls: Some(1), scope: Scope::Ledger }
}

/// A guard and its ledger, after a person's answer to `{"id":"a"}` was remembered for one more call.
fn remembered(calls: u64) -> (World, Bounds) {
    let bounds = Bounds { policy: ASKS, starts: 2, troubles: 1, approves: false };
    let mut world = World::new(bounds);
    let mut step = call(&mut world.guards[0], r#"{"id":"a"}"#, 1);
    loop {
        let mut document = None;
        let event = match &step.action {
            Action::Commit { key, record, .. } => {
                world.ledger.insert(key.clone(), record.clone());
                Happening::Committed
            }
            Action::Ask { .. } => {
                Happening::Answer { answer: Answer::Remember(Remember { calls: Some(calls), ..remember() }, None) }
            }
            Action::CallTool { .. } => {
                document = Some(r#"{"content":[]}"#);
                Happening::Result { server_time: None }
            }
            _ => break,
        };
        step = handle(&mut world.guards[0], &step.id, event, document);
    }
    let records: Vec<String> = world.ledger.values().cloned().collect();
    world.guards[1].remembered(&records);
    (world, bounds)
}

/// Whether a call of these arguments would go out by the remembered answer.
fn goes_by_it(guard: &Guard, arguments: &str) -> bool {
    let mut guard = guard.clone();
    let step = call(&mut guard, arguments, 40);
    matches!(&step.action, Action::Commit { key, .. } if key.starts_with("remembered/"))
}

/// What two processes send by an answer that is good for one call; upper-case values are other ones.
fn is_counted() -> Option<usize> {
    let (mut world, bounds) = remembered(1);
    world.starts = 0;
    // Both ask for the same value.
    let mut both = world.clone();
    for host in 0..2 {
        let step = call(&mut both.guards[host], r#"{"id":"a","note":"again"}"#, 50 + host as u8);
        both.hear(host, step);
    }
    explore(both, Bounds { starts: 0, ..bounds })
}

fn fixes_arguments() -> bool {
    let (world, _) = remembered(5);
    goes_by_it(&world.guards[1], r#"{"id":"a","note":"free"}"#) && !goes_by_it(&world.guards[1], r#"{"id":"b"}"#)
}

fn ends_with_the_definition() -> bool {
    let (mut world, _) = remembered(5);
    let [_, other] = &mut world.guards;
    relist(other, &tools("Refunds an invoice, and tells everyone."), 91);
    let digest = serde_json::to_value(other.drift()).unwrap()[0]["digest"].as_str().unwrap().to_owned();
    start(other, Work::Accept { tool: TOOL.to_owned(), digest }, None, 92);
    !goes_by_it(other, r#"{"id":"a"}"#)
}

fn billing_is_never_remembered() -> bool {
    let tools = json!([{ "name": "charge_card", "inputSchema": { "type": "object" } }]);
    let policy = r#"{"rules":[{"tools":["charge_card"],"effect":"billing"}]}"#;
    let mut guard = guard(policy, &tools);
    let flow = Work::Call { name: "charge_card".to_owned(), approval: None, meta: None };
    let step = start(&mut guard, flow, Some(r#"{"id":"a"}"#), 1);
    let step = handle(&mut guard, &step.id, Happening::Committed, None);
    let is_offered = matches!(&step.action, Action::Ask { question } if matches!(&question.about, About::Approval { remember, .. } if !remember.is_empty()));
    let event = Happening::Answer { answer: Answer::Remember(remember(), None) };
    let mut next = guard.handle(Event { step: step.id, now: NOW, event }, None);
    // What is answered wrongly takes its question back.
    if let Ok(Step { id, action: Action::Commit { .. }, .. }) = &next {
        let committed = Event { step: id.clone(), now: NOW, event: Happening::Committed };
        next = guard.handle(committed, None);
    }
    let code = match &next {
        Err(error) => error.code(),
        Ok(Step { action: Action::Done { outcome }, .. }) => match &**outcome {
            Outcome::Failed { error, .. } => error.code(),
            _ => return false,
        },
        Ok(_) => return false,
    };
    !is_offered && code == Code::WrongAnswer
}

/// Goes on by the ledger until something else is to be done.
fn by_the_ledger(guard: &mut Guard, ledger: &mut BTreeMap<String, String>, mut step: Step) -> Step {
    loop {
        let event = match &step.action {
            Action::Commit { key, record, .. } => {
                ledger.insert(key.clone(), record.clone());
                Happening::Committed
            }
            Action::Read { key } => Happening::Found { record: ledger.get(key).cloned() },
            _ => return step,
        };
        step = handle(guard, &step.id, event, None);
    }
}

fn errors_free_nothing() -> bool {
    let (mut guard, mut ledger) = (guard(ALLOWED, &tools("Refunds an invoice.")), BTreeMap::new());
    let step = call(&mut guard, r#"{"id":"a"}"#, 1);
    let step = by_the_ledger(&mut guard, &mut ledger, step);
    let answer = Some(r#"{"content":[],"isError":true}"#);
    let step = handle(&mut guard, &step.id, Happening::Result { server_time: None }, answer);
    by_the_ledger(&mut guard, &mut ledger, step);
    let step = call(&mut guard, r#"{"id":"a"}"#, 2);
    matches!(by_the_ledger(&mut guard, &mut ledger, step).action, Action::Ask { .. })
}

fn noes_hold_elsewhere() -> bool {
    let options =
        json!({ "server": "https://crm.example.test/mcp", "subject": "ana", "lasting": true, "trusted": true });
    let mut ledger = BTreeMap::new();
    let mut asks = |number: u8| {
        let mut guard = Guard::from(Core::new(&options.to_string()).unwrap());
        relist(&mut guard, &tools("Refunds an invoice."), 90);
        let step = call(&mut guard, r#"{"id":"a"}"#, number);
        let step = by_the_ledger(&mut guard, &mut ledger, step);
        let is_asked = matches!(step.action, Action::Ask { .. });
        if is_asked {
            let answer = Answer::Deny { reason: None, by: None, silence: None, until: None };
            let step = handle(&mut guard, &step.id, Happening::Answer { answer }, None);
            by_the_ledger(&mut guard, &mut ledger, step);
        }
        is_asked
    };
    asks(1) && !asks(2)
}

fn looks_back() -> bool {
    let tools = json!([
        { "name": "fetch_page", "inputSchema": { "type": "object" }, "annotations": { "readOnlyHint": true, "openWorldHint": true } },
        { "name": "send_mail", "inputSchema": { "type": "object" } },
    ]);
    let policy = r#"{"rules":[{"tools":["send_mail"],"after":["untrusted"],"then":"deny"},{"tools":["send_mail","fetch_page"],"then":"allow"}]}"#;
    let mut guard = guard(policy, &tools);
    let mut ends = |name: &str, number: u8| {
        let flow = Work::Call { name: name.to_owned(), approval: None, meta: None };
        let step = start(&mut guard, flow, None, number);
        if matches!(step.action, Action::CallTool { .. }) {
            handle(
                &mut guard,
                &step.id,
                Happening::Result { server_time: None },
                Some(r#"{"content":[],"isError":true}"#),
            );
            return true;
        }
        false
    };
    ends("send_mail", 1) && ends("fetch_page", 2) && !ends("send_mail", 3)
}

/// By what a mutant of these gates is caught, if it is one.
pub(crate) fn catches(mutant: Mutant) -> Option<Option<(String, usize)>> {
    let caught = |holds: bool, by: &str| (!holds).then(|| (by.to_owned(), 0));
    Some(match mutant {
        Mutant::Once | Mutant::OnceConflict => caught(
            happens_once().is_some(),
            "a consequence happens at most once, whoever is quicker and whatever crashes",
        ),
        Mutant::OnceError => caught(errors_free_nothing(), "an error that the server answers with frees nothing"),
        Mutant::Elsewhere => caught(noes_hold_elsewhere(), "a no holds at every guard on the ledger"),
        Mutant::RememberCount => {
            caught(is_counted().is_some(), "a remembered answer lets out no more calls than it is good for")
        }
        Mutant::RememberArguments => caught(fixes_arguments(), "a remembered answer fixes its arguments"),
        Mutant::RememberDefinition => {
            caught(ends_with_the_definition(), "a remembered answer ends with the definition")
        }
        Mutant::RememberBilling => caught(billing_is_never_remembered(), "what costs money is asked about each time"),
        Mutant::After => caught(looks_back(), "what was read is looked back on"),
        _ => return None,
    })
}

/// Without a mutant, all of it holds.
pub(crate) fn hold() {
    let states = happens_once().unwrap();
    let counted = is_counted().unwrap();
    println!("consequences: {states} states; remembered answers: {counted} states");
    assert!(errors_free_nothing(), "an error that the server answers with frees nothing");
    assert!(noes_hold_elsewhere(), "a no holds at every guard on the ledger");
    assert!(fixes_arguments(), "a remembered answer fixes its arguments");
    assert!(ends_with_the_definition(), "a remembered answer ends with the definition");
    assert!(billing_is_never_remembered(), "what costs money is asked about each time");
    assert!(looks_back(), "what was read is looked back on");
}
