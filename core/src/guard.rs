//! One backend under guard: its catalogue, policy, approvals and sign-ups, and the flows in flight.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::Serialize;

use crate::approval::held::Held;
use crate::approval::remembered::Remembered;
use crate::approval::{Approval, Book, Parked, Seal};
use crate::audit::{self, Audit, AuditOptions, Trail};
use crate::catalog::findings::Finding;
use crate::catalog::{self, Catalog, DriftReport, Listing, ToolReport};
use crate::error::{Code, Error, Result};
use crate::flow::accept::Accept;
use crate::flow::call::check;
use crate::flow::call::{Asked, Call};
use crate::flow::decide::Decide;
use crate::flow::doctor::Doctor;
use crate::flow::forget::Forget;
use crate::flow::inputs::{Begun, Inputs, Running};
use crate::flow::plan_upgrade;
use crate::flow::settle::Settle;
use crate::flow::signup::Signup;
use crate::flow::signup::registration::Registrations;
use crate::flow::{CheckReport, CheckRequest, Flow, Input, failed, kept_wait};
use crate::gate;
use crate::gate::plan::Plans;
use crate::identity::{Endpoint, Given, Identity};
use crate::json::canonical::{canonical, canonical_without, sha256_hex};
use crate::json::de::{self, Misfit, record};
use crate::json::tape::Token;
use crate::json::{self, Document, Json};
use crate::map::Map;
use crate::marks::Marks;
use crate::mutant::{self, Mutant};
use crate::pace::Pace;
use crate::policy::Policy;
use crate::policy::lint::{Known, PolicyFinding};
use crate::profile::{Profile, ProfileReport, Registration};
use crate::questions::{Questions, Silence};
use crate::redact::Redactor;
use crate::seal::Key;
use crate::secret::Secret;
use crate::sort::sort_by;
use crate::step::{Action, Answer, Event, Failure, FlowId, Happening, Millis, Outcome, Start, Step, StepId, Work};
use crate::text::quoted_name;

const MAX_FLOWS: usize = 1_024;
/// Remembered answers beyond this many are not known here, oldest first; their calls are asked about.
const MAX_REMEMBERED: usize = 1_024;
const DEFAULT_APPROVAL_TTL: Millis = 10 * 60 * 1_000;
const DEFAULT_DISPATCH_TIMEOUT: Millis = 5 * 60 * 1_000;
/// More calls than any flow makes one after the other.
const MAX_REFUSED: u32 = 16;
const SNAPSHOT_VERSION: u32 = 1;
/// Characters of a server's and a subject's name in the audit.
const MAX_WHOSE: usize = 512;

/// What a guard is made from.
#[derive(Debug, Clone)]
pub struct Options {
    /// The backend's identity, such as its URL: part of every approval. Without it, and with a lasting ledger, it follows
    /// from `endpoint`, else from `name`.
    pub server: Option<String>,
    /// What the server calls itself.
    pub name: Option<String>,
    /// Where the host's client is connected to, where the host knows.
    pub endpoint: Option<Endpoint>,
    /// Whether the ledger outlives the process or is shared, so that approvals and claims of others are in it.
    pub lasting: bool,
    /// Whether the server's hints are believed where nothing contradicts them; the profile's word by default,
    /// and no without one.
    pub trusted: Option<bool>,
    /// A built-in profile's name, or a profile.
    pub profile: Option<Json>,
    /// The user's policy, or a string with its JSON text: errors then name the text's own lines.
    pub policy: Option<Json>,
    /// Who acts: part of every approval. With a lasting ledger it must be given.
    pub subject: Option<String>,
    /// How long an approval lives, in milliseconds.
    pub approval_ttl: Option<Millis>,
    /// How long a call may be on its way before its answer counts as lost, in milliseconds.
    pub dispatch_timeout: Option<Millis>,
    /// The pinned definitions: what [`Guard::lock`] wrote, as text or as a value.
    pub lock: Option<Json>,
    /// Values that must be seen nowhere, whatever they look like.
    pub secrets: Option<Vec<Secret>>,
    /// How the audit is kept; absent: there is none.
    pub audit: Option<AuditOptions>,
    /// At least 32 bytes in hexadecimal. Seals the ledger's records, the snapshots and the audit: whoever lacks it can
    /// neither forge nor rewrite them. All processes that share a ledger share it.
    pub seal_key: Option<Secret>,
}

record!(strict Options { ; server, name, endpoint, lasting, trusted, profile, policy, subject, approval_ttl, dispatch_timeout, lock, secrets, audit, seal_key });

/// One backend under guard.
#[derive(Debug, Clone)]
pub struct Guard {
    shared: Shared,
    audit: Option<Audit>,
    flows: Map<FlowId, InFlight>,
}

/// What the flows of one backend share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) server: String,
    /// What a person should know of it, for display alone.
    pub(crate) server_note: Option<String>,
    /// Whether nothing but the server's own word says what it is.
    is_claimed: bool,
    /// What lock files are bound to.
    lock: String,
    pub(crate) subject: String,
    pub(crate) lasting: bool,
    pub(crate) trusted: bool,
    pub(crate) profile: Option<Profile>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) redactor: Redactor,
    pub(crate) approval_ttl: Millis,
    pub(crate) dispatch_timeout: Millis,
    pub(crate) seal: Seal,
    pub(crate) plans: Plans,
    pub(crate) catalog: Catalog,
    pub(crate) approvals: Book,
    pub(crate) held: Held,
    pub(crate) registrations: Registrations,
    pub(crate) pace: Pace,
    /// What was read in this session, for the rules that look back.
    pub(crate) marks: Marks,
    /// Answers that hold for further calls, by their ids.
    pub(crate) remembered: Map<String, Remembered>,
    /// Names the session that remembered answers end with; empty until there is one.
    pub(crate) session: String,
    pub(crate) questions: Questions,
    /// When an unknown tool was last looked up.
    pub(crate) looked_up: Option<Millis>,
}

#[derive(Debug, Clone, Serialize)]
struct InFlight {
    /// The number of the open step.
    number: u32,
    flow: Flow,
    #[serde(skip)]
    trail: Trail,
}

record!(open InFlight { number, flow; ; trail });

/// Everything that another process needs to go on: no secret, and no catalogue, which is read afresh.
#[derive(Serialize)]
struct Snapshot<'g> {
    toolgate: &'static str,
    version: u32,
    server: &'g str,
    /// Without those that a flow holds because it asks about them.
    approvals: Vec<&'g Approval>,
    /// Open approvals that only the ledger has in full.
    #[serde(skip_serializing_if = "Map::is_empty")]
    parked: &'g Map<String, Parked>,
    registrations: &'g Registrations,
    #[serde(skip_serializing_if = "Pace::is_empty")]
    pace: &'g Pace,
    /// Absent where no rule looks back, so that nothing is noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    marks: Option<&'g Marks>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remembered: Vec<&'g Remembered>,
    #[serde(skip_serializing_if = "str::is_empty")]
    session: &'g str,
    #[serde(skip_serializing_if = "Questions::is_empty")]
    questions: &'g Questions,
    flows: &'g Map<FlowId, InFlight>,
}

/// How everything that is written for another process begins.
pub(crate) struct Head {
    pub(crate) toolgate: String,
    pub(crate) version: u32,
    pub(crate) server: String,
}

record!(open Head { toolgate, version, server; });

struct SnapshotBody {
    approvals: Vec<Approval>,
    parked: Map<String, Parked>,
    registrations: Registrations,
    flows: Map<FlowId, InFlight>,
    pace: Pace,
    marks: Option<Marks>,
    remembered: Vec<Remembered>,
    session: String,
    questions: Questions,
    /// Over everything else: an edited flow would send what nobody approved.
    seal: String,
}

record!(open SnapshotBody { approvals, registrations, flows, seal; pace, parked, marks, remembered, session, questions });

impl Guard {
    /// A guard without a catalogue: run a `list` flow before any other.
    pub fn new(options: Options) -> Result<Guard> {
        let Identity { server, lock, subject, is_claimed } = Given {
            server: options.server.as_deref(),
            name: options.name.as_deref(),
            endpoint: options.endpoint.as_ref(),
            subject: options.subject.as_deref(),
            lasting: options.lasting,
        }
        .settle()?;
        let approval_ttl = options.approval_ttl.unwrap_or(DEFAULT_APPROVAL_TTL);
        if approval_ttl == 0 {
            return Err(Error::new(Code::InvalidOptions, "`approval_ttl` must be at least one millisecond."));
        }
        let profile = options.profile.as_ref().map(|profile| Profile::load(profile.get())).transpose()?;
        let policy = Policy::load(options.policy.as_ref().map(Json::get))?;
        let trusted = options.trusted.unwrap_or_else(|| profile.as_ref().is_some_and(|profile| profile.trusted));
        let pins = options.lock.as_ref().map(|pins| catalog::lock::read(pins, &lock)).transpose()?;
        let mut redactor = Redactor::new(profile.as_ref().map(Profile::prefixes).unwrap_or_default());
        redactor.declare_all(options.secrets.as_deref().unwrap_or_default())?;
        let key = options.seal_key.as_ref().map(Key::read).transpose()?;
        if let Some(key) = &options.seal_key {
            redactor.declare(key);
        }
        let server_note = match &options.endpoint {
            _ if is_claimed => Some("which is what it calls itself".to_owned()),
            Some(endpoint) => endpoint.command(&redactor),
            None => None,
        };
        let whose = (redactor.shown(&server, MAX_WHOSE), redactor.shown(&subject, MAX_WHOSE));
        let audit = options.audit.map(|audit| Audit::load(&audit, whose, key.clone())).transpose()?;
        Ok(Guard {
            audit,
            shared: Shared {
                server,
                server_note,
                is_claimed,
                lock,
                subject,
                lasting: options.lasting,
                trusted,
                profile,
                policy: Arc::new(policy),
                redactor,
                approval_ttl,
                dispatch_timeout: options.dispatch_timeout.unwrap_or(DEFAULT_DISPATCH_TIMEOUT),
                seal: Seal::new(key),
                plans: Plans::default(),
                catalog: pins.map_or_else(Catalog::default, Catalog::locked),
                approvals: Book::default(),
                held: Held::default(),
                registrations: Registrations::default(),
                pace: Pace::default(),
                marks: Marks::default(),
                remembered: Map::default(),
                session: String::new(),
                questions: Questions::default(),
                looked_up: None,
            },
            flows: Map::default(),
        })
    }

    /// Begins a flow; answers its first step. `document` is the arguments' JSON text of a call.
    pub fn start(&mut self, start: Start, document: Option<&str>) -> Result<Step> {
        if self.flows.len() >= MAX_FLOWS {
            return Err(Error::new(Code::TooManyFlows, format!("{MAX_FLOWS} flows are open.")));
        }
        let id = flow_id(&start.entropy)?;
        if self.flows.contains_key(&id) {
            return Err(Error::new(Code::InvalidEvent, "A flow with this entropy is open already.")
                .with_next("Start with fresh random bytes."));
        }
        let now = start.now;
        if matches!(start.flow, Work::Doctor | Work::Signup { .. }) {
            gate::pace::check_hold(&self.shared, now)?;
        }
        let mut trail = Trail::default();
        let mut said = None;
        if let Some(audit) = &mut self.audit {
            audit.now = now;
            if audit.broken && !matches!(start.flow, Work::List) {
                return Ok(done(&id, 1, audit::failed("", &self.shared.redactor)));
            }
            match &start.flow {
                Work::Call { name, .. } => trail = audit.begin(name, document.unwrap_or("{}"), &self.shared),
                Work::Decide { approval, answer } => {
                    trail.concerns(&self.shared.redactor.shown(approval, 64));
                    said = Some(answer.clone());
                }
                Work::Forget { remembered } => trail.concerns(&self.shared.redactor.shown(remembered, 64)),
                Work::Settle { approval, ran, by } => {
                    trail.concerns(&self.shared.redactor.shown(approval, 64));
                    let by = by.clone();
                    said = ran.map(|ran| if ran { Answer::Ran { by } } else { Answer::NotRan { by } });
                }
                _ => {}
            }
        }
        let flow = match start.flow {
            Work::List => Flow::List(Box::default()),
            Work::Doctor => Flow::Doctor(Box::new(Doctor::begin())),
            Work::Call { name, approval, meta } => {
                self.shared.questions.called();
                let asked = Asked { name, quoted: approval, meta, arguments: document };
                Flow::Call(Box::new(Call::begin(asked, start.entropy, now, &mut self.shared)))
            }
            Work::Signup { form } => Flow::Signup(Box::new(Signup::begin(form, now, &mut self.shared))),
            Work::Decide { approval, answer } => {
                Flow::Decide(Box::new(Decide::begin(approval, &answer, now, &mut self.shared)))
            }
            Work::Settle { approval, ran, by } => {
                Flow::Settle(Box::new(Settle::begin(approval, ran, by, &self.shared)))
            }
            Work::Lift { silence } => {
                let lifted = self.shared.questions.lift(&silence);
                Flow::Ended(Box::new(Outcome::Lifted { lifted }))
            }
            Work::PlanUpgrade { upgrade } => {
                let (name, arguments) = plan_upgrade::call(upgrade, &self.shared)?;
                if let Some(audit) = &self.audit {
                    trail = audit.begin(&name, arguments.get(), &self.shared);
                }
                let asked = Asked { name, quoted: None, meta: None, arguments: Some(arguments.get()) };
                let call = Call::begin(asked, start.entropy, now, &mut self.shared);
                Flow::Call(Box::new(call))
            }
            Work::Forget { remembered } => Flow::Forget(Box::new(Forget::begin(remembered, &self.shared))),
            Work::Inputs => {
                let mut running: Vec<Running> = Vec::new();
                let mut asked = None;
                for in_flight in self.flows.values_mut() {
                    if let Some((call, before)) = in_flight.flow.running(&self.shared) {
                        asked = Some(asked.map_or(before, |asked: u32| asked.min(before)));
                        running.push(call);
                    }
                }
                let asked = asked.unwrap_or_else(|| self.shared.questions.asked_alone());
                if self.audit.is_some() {
                    trail.runs_with(&running);
                }
                let begun = Begun { request: document, running, asked, entropy: start.entropy };
                Flow::Inputs(Box::new(Inputs::begin(begun, now, &mut self.shared)))
            }
            Work::Accept { tool, digest } => Flow::Accept(Box::new(Accept::begin(tool, &digest, &mut self.shared))),
        };
        self.flows.insert(id.clone(), InFlight { number: 1, flow, trail });
        self.step(&id, said, now)
    }

    /// Goes on with what happened at the host; answers the flow's next step. An error changes nothing.
    pub fn handle(&mut self, event: Event, document: Option<&str>) -> Result<Step> {
        let id = event.step.flow();
        let not_open = || Error::new(Code::StepNotOpen, "The event answers a step that is not open.");
        let in_flight = self.flows.get_mut(&id).ok_or_else(not_open)?;
        if StepId::of(&id, in_flight.number) != event.step && !mutant::is(Mutant::Stale) {
            return Err(not_open());
        }
        let told_to_wait = match &event.event {
            Happening::Failed { kind: Failure::RateLimited, retry_after, .. } => {
                event.now.saturating_add(kept_wait(*retry_after))
            }
            _ => 0,
        };
        if let Some(audit) = &mut self.audit {
            audit.now = event.now;
            audit.broken |= matches!(event.event, Happening::Failed { kind: Failure::Audit, .. });
        }
        let said = match &event.event {
            Happening::Answer { answer } if self.audit.is_some() => Some(answer.clone()),
            _ => None,
        };
        let now = event.now;
        in_flight.take(&id, Input { now, happening: event.event, document }, &mut self.shared)?;
        self.shared.pace.told_to_wait(told_to_wait);
        self.step(&id, said, now)
    }

    /// An audit knows of every call.
    pub(crate) fn is_plain_read(&self, name: &str, arguments: &str, now: Millis, tokens: &mut Vec<Token>) -> bool {
        self.audit.is_none() && gate::plain::is_read(name, arguments, now, &self.shared, tokens)
    }

    pub(crate) fn is_plain_result(&self, name: &str, result: &str) -> bool {
        gate::plain::is_result(name, result, &self.shared)
    }

    /// The open steps of all flows.
    pub fn open_steps(&self) -> Vec<Step> {
        self.flows.iter().map(|(id, in_flight)| open_step(id, in_flight, &self.shared)).collect()
    }

    /// Everything that another process needs to go on, as versioned JSON without secrets. From now on the open flows
    /// take heed of such a process.
    pub fn snapshot(&mut self) -> String {
        for in_flight in self.flows.values_mut() {
            in_flight.flow.expose();
        }
        // Nothing that a server put into what waits here may carry a credential out.
        let masked = self.shared.redactor.json_text(serde_json::to_string(&self.written()).unwrap_or_default());
        let sealed = canonical(Document::read(&masked, json::OWN).unwrap_or_default().tape().root());
        let members = masked.strip_prefix('{').unwrap_or_default();
        ["{\"seal\":\"", &self.shared.seal.of(&sealed), "\",", members].concat()
    }

    /// The same for guards of which a snapshot would say the same; nothing can be told from it, and nothing is changed.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        serde_json::to_string(&self.written()).unwrap_or_default().hash(&mut hasher);
        hasher.finish()
    }

    fn written(&self) -> Snapshot<'_> {
        Snapshot {
            toolgate: "snapshot",
            version: SNAPSHOT_VERSION,
            server: &self.shared.server,
            approvals: self.shared.approvals.values().filter(|approval| !self.is_asked_about(approval)).collect(),
            parked: self.shared.approvals.parked(),
            registrations: &self.shared.registrations,
            pace: &self.shared.pace,
            marks: Some(&self.shared.marks).filter(|_| self.shared.policy.looks_back()),
            remembered: self.shared.remembered.values().collect(),
            session: &self.shared.session,
            questions: &self.shared.questions,
            flows: &self.flows,
        }
    }

    /// Whether a flow that asks about it holds the same record.
    fn is_asked_about(&self, approval: &Approval) -> bool {
        let mut asked = self.flows.values().filter_map(|in_flight| in_flight.flow.asks_about());
        asked.any(|asked| asked.id == approval.id && asked.seal == approval.seal)
    }

    /// Takes over what a snapshot of the same server holds; answers its open steps. Flows that cannot safely go
    /// on answer with `done`. An error changes nothing.
    pub fn restore(&mut self, text: &str) -> Result<Vec<Step>> {
        let unreadable = |misfit: Misfit| {
            Error::new(Code::InvalidSnapshot, "The snapshot cannot be read: it is cut short or was changed.")
                .with("line", misfit.line())
                .with("column", misfit.column())
        };
        let document = Document::read(text, json::OWN).map_err(|refusal| unreadable(refusal.into()))?;
        let head: Head = de::from_node(document.tape().root()).map_err(unreadable)?;
        if head.toolgate != "snapshot" {
            return Err(Error::new(Code::InvalidSnapshot, "The text is no snapshot."));
        }
        if head.version == 0 || head.version > SNAPSHOT_VERSION {
            return Err(Error::new(
                Code::UnsupportedSnapshot,
                format!("The snapshot has version {}; this toolgate knows up to {SNAPSHOT_VERSION}.", head.version),
            )
            .with("version", head.version));
        }
        if head.server != self.shared.server {
            return Err(Error::new(Code::InvalidSnapshot, "The snapshot was written for another server."));
        }
        let body: SnapshotBody = de::from_node(document.tape().root()).map_err(unreadable)?;
        let altered = |why: &str| Error::new(Code::InvalidSnapshot, format!("The snapshot {why}."));
        self.shared.seal.check(&canonical_without(document.tape().root(), "seal"), &body.seal).map_err(altered)?;
        if self.flows.len().saturating_add(body.flows.len()) > MAX_FLOWS {
            return Err(Error::new(Code::TooManyFlows, format!("More than {MAX_FLOWS} flows would be open.")));
        }
        if body.flows.keys().any(|id| self.flows.contains_key(id)) {
            return Err(Error::new(Code::InvalidSnapshot, "The snapshot's flows are open in this guard already."));
        }
        for approval in body.approvals {
            self.shared.remember(approval);
        }
        for (id, parked) in body.parked {
            self.shared.approvals.park(id, parked);
        }
        self.shared.registrations = body.registrations;
        self.shared.pace.restore(body.pace);
        gate::after::restore(&mut self.shared, body.marks.as_ref());
        if self.shared.session.is_empty() {
            self.shared.session = body.session;
        }
        for remembered in body.remembered {
            self.shared.learn(remembered);
        }
        self.shared.questions.restore(body.questions);
        let mut steps = Vec::new();
        for (id, mut in_flight) in body.flows {
            let asked = in_flight.flow.asks_about().filter(|asked| !self.shared.approvals.knows(&asked.id));
            if let Some(asked) = asked.cloned() {
                self.shared.remember(asked);
            }
            in_flight.flow.resume(&mut self.shared);
            self.flows.insert(id.clone(), in_flight);
            steps.push(self.step(&id, None, 0)?);
        }
        Ok(steps)
    }

    /// The tools as listed, with their effects.
    pub fn tools(&self) -> Vec<ToolReport<'_>> {
        self.shared.catalog.report().collect()
    }

    /// The tools whose listed definition is not the pinned one, and how it differs.
    pub fn drift(&self) -> Vec<DriftReport<'_>> {
        self.shared.catalog.drift(&self.shared.redactor)
    }

    /// How the list that a model sees differs from the server's.
    pub fn listing(&self) -> Listing<'_> {
        self.shared.catalog.listing(&self.shared.policy, &self.shared.redactor)
    }

    /// What is suspicious about the tools as listed. Reads every definition.
    pub fn findings(&self) -> Vec<Finding> {
        let Shared { catalog, redactor, trusted, profile, .. } = &self.shared;
        catalog.findings(redactor, *trusted, profile.as_ref())
    }

    /// What looks safe in the policy and is not, beside the tools as listed.
    pub fn policy_findings(&self) -> Vec<PolicyFinding> {
        let Shared { catalog, policy, .. } = &self.shared;
        policy.findings(Some(Known { catalog, is_locked: catalog.is_locked() }))
    }

    /// The lock file: what is pinned now, the same bytes for the same definitions.
    pub fn lock(&self) -> String {
        let Shared { catalog, lock, trusted, profile, redactor, .. } = &self.shared;
        catalog::lock::write(catalog, lock, *trusted, profile.as_ref(), redactor)
    }

    pub(crate) fn masked(&self, text: &str) -> String {
        self.shared.redactor.text(text).unwrap_or_else(|| text.to_owned())
    }

    pub(crate) fn masked_json(&self, text: String) -> String {
        self.shared.redactor.json_text(text)
    }

    pub(crate) fn hide(&mut self, secret: &str) -> bool {
        self.shared.redactor.declare(&Secret::new(secret))
    }

    /// The approvals that are known here, oldest first.
    pub fn approvals(&self) -> Vec<&Approval> {
        let mut approvals: Vec<&Approval> = self.shared.approvals.values().collect();
        sort_by(&mut approvals, |one, other| one.proposed_at.cmp(&other.proposed_at));
        approvals
    }

    /// Learns what the ledger holds under `remembered/`; answers the answers that calls of this guard may go by, oldest
    /// first. Records that cannot be trusted, or are for others, are left out: nothing goes by them.
    pub fn remembered(&mut self, records: &[String]) -> Vec<&Remembered> {
        for record in records {
            if let Ok(remembered) = Remembered::read(record, &self.shared.seal) {
                self.shared.learn(remembered);
            }
        }
        let Shared { remembered, server, subject, session, .. } = &self.shared;
        let mut known: Vec<&Remembered> =
            remembered.values().filter(|one| one.is_of(server, subject, session)).collect();
        sort_by(&mut known, |one, other| one.remembered_at.cmp(&other.remembered_at));
        known
    }

    /// What the gates would say of a call at that time, without sending, asking or spending anything. `document` is the
    /// arguments' JSON text.
    pub fn check(&self, request: CheckRequest, document: Option<&str>) -> CheckReport {
        check::check(request, document, self.audit.as_ref().is_some_and(|audit| audit.broken), &self.shared)
    }

    /// What people do not want to be asked about at that time.
    pub fn silences(&self, now: Millis) -> Vec<&Silence> {
        self.shared.questions.silences(now)
    }

    /// What a host needs of the profile.
    pub fn profile(&self) -> Option<ProfileReport<'_>> {
        self.shared.profile.as_ref().map(Profile::report)
    }

    /// The one place where steps leave: with the lines that must be stored before they are performed. `said` is what a
    /// person answered just now.
    fn step(&mut self, id: &FlowId, said: Option<Answer>, now: Millis) -> Result<Step> {
        let in_flight = self.flows.get_mut(id).ok_or_else(|| Error::new(Code::StepNotOpen, "The flow is not open."))?;
        let mut step = open_step(id, in_flight, &self.shared);
        if let Action::Keep { secret, .. } = &step.action {
            self.shared.redactor.declare(secret);
        }
        if let Some(audit) = &mut self.audit {
            // Whoever is at the end of the chain sends nothing more; what was done already is still written down.
            let mut refused: u32 = 0;
            while audit.broken && matches!(step.action, Action::CallTool { .. } | Action::Ask { .. }) {
                refused = refused.saturating_add(1);
                if refused > MAX_REFUSED {
                    in_flight.flow = Flow::Ended(Box::new(failed(audit::failed("", &self.shared.redactor))));
                } else {
                    let kind = Failure::Audit;
                    let happening = Happening::Failed { kind, message: String::new(), retry_after: None };
                    let input = Input { now: audit.now, happening, document: None };
                    in_flight.take(id, input, &mut self.shared)?;
                }
                step = open_step(id, in_flight, &self.shared);
            }
            let answered = said.and_then(|answer| audit.answered(&id.0, &mut in_flight.trail, &answer, &self.shared));
            let told = audit.told(&id.0, &mut in_flight.trail, &step.action, &self.shared);
            step.audit.extend(answered.into_iter().chain(told));
        }
        if let Flow::Call(call) = &in_flight.flow
            && let Some(approval) = call.holds()
        {
            self.shared.held.take(id, approval);
        }
        if matches!(step.action, Action::Done { .. }) {
            self.shared.held.give_back(id);
            self.shared.questions.ended(id, now);
            self.flows.remove(id);
        }
        if core::mem::take(&mut self.shared.questions.is_quieter) {
            let settled = self.flows.iter().filter(|(_, other)| other.flow.is_silenced(&self.shared, now));
            step.withdraw = settled.map(|(id, other)| StepId::of(id, other.number)).collect();
        }
        Ok(step)
    }
}

impl InFlight {
    /// Goes on with what happened; an error changes nothing.
    fn take(&mut self, id: &FlowId, input: Input<'_>, shared: &mut Shared) -> Result<()> {
        match &input.happening {
            // Nothing is on its way, and nobody is asked what could not be sent.
            Happening::Failed { kind: Failure::Audit, message, .. }
                if matches!(self.flow.action(shared), Action::Ask { .. } | Action::Wait { .. }) =>
            {
                self.flow.end(audit::failed(message, &shared.redactor), shared);
            }
            Happening::Answer { answer: Answer::Unasked } => {
                shared.questions.unasked(id);
                let happening = Happening::Answer { answer: Answer::Defer };
                self.flow.handle(Input { happening, ..input }, shared)?;
            }
            happening => {
                let misfit = match happening {
                    Happening::Answer { answer } => answer.misfit(),
                    _ => String::new(),
                };
                match self.flow.handle(input, shared) {
                    // Nothing else would ever be answered differently: the question ends, and the caller is told at once.
                    Err(error) if error.code() == Code::WrongAnswer => self.flow.end(error.and(&misfit), shared),
                    handled => handled?,
                }
            }
        }
        self.number = self.number.saturating_add(1);
        Ok(())
    }
}

fn open_step(id: &FlowId, in_flight: &InFlight, shared: &Shared) -> Step {
    let (id, flow) = (StepId::of(id, in_flight.number), id.clone());
    Step { id, flow, audit: Vec::new(), withdraw: Vec::new(), action: in_flight.flow.action(shared) }
}

fn done(id: &FlowId, number: u32, error: Error) -> Step {
    let action = Action::Done { outcome: Box::new(failed(error)) };
    Step { id: StepId::of(id, number), flow: id.clone(), audit: Vec::new(), withdraw: Vec::new(), action }
}

/// The flow that was started with that entropy.
pub(crate) fn flow_of(entropy: &str) -> FlowId {
    FlowId(entropy.get(..16).unwrap_or_default().to_ascii_lowercase())
}

/// The first 16 of the digits: enough to tell flows apart, while the whole makes an approval's id unguessable.
pub(crate) fn flow_id(entropy: &str) -> Result<FlowId> {
    let valid = (32..=256).contains(&entropy.len()) && entropy.bytes().all(|byte| byte.is_ascii_hexdigit());
    if valid {
        Ok(flow_of(entropy))
    } else {
        Err(Error::new(Code::InvalidEvent, "`entropy` must be 16 to 128 random bytes in hexadecimal."))
    }
}

impl Shared {
    /// The server in a sentence.
    pub(crate) fn server_in_words(&self) -> String {
        let name = quoted_name(&self.server);
        if self.is_claimed { [&name, " (as it calls itself)"].concat() } else { name }
    }

    pub(crate) fn registration(&self) -> Option<&Registration> {
        self.profile.as_ref()?.registration.as_ref()
    }

    /// Names the session, once it is needed.
    pub(crate) fn begin_session(&mut self, entropy: &str) {
        if self.session.is_empty() {
            self.session = sha256_hex(["session ", entropy].concat().as_bytes()).chars().take(24).collect();
        }
    }

    /// Takes over a remembered answer; one that was counted further, or withdrawn, is not turned back.
    pub(crate) fn learn(&mut self, remembered: Remembered) {
        let known = self.remembered.get(&remembered.id);
        if known.is_some_and(|known| remembered.is_behind(known)) {
            return;
        }
        if known.is_none() && self.remembered.len() >= MAX_REMEMBERED {
            let oldest = self.remembered.values().min_by_key(|one| one.remembered_at).map(|one| one.id.clone());
            self.remembered.remove(&oldest.unwrap_or_default());
        }
        self.remembered.insert(remembered.id.clone(), remembered);
    }

    pub(crate) fn remember(&mut self, approval: Approval) {
        self.approvals.insert(approval);
    }
}
