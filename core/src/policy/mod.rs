//! The user's own word: a mode, ordered rules, and a pace. The first rule that matches decides.
//!
//! `policy.schema.json` beside this file describes the same to editors; both are held against the same policies by
//! `tests/vectors/policies.json`.

pub(crate) mod after;
pub(crate) mod fold;
pub(crate) mod limits;
pub(crate) mod lint;
pub(crate) mod once;
pub(crate) mod questions;
pub(crate) mod secret_arguments;
mod spelling;
pub(crate) mod when;

use crate::approval::Approvers;
use crate::catalog::Tool;
use crate::catalog::effect::{Effect, UNPROVED};
use crate::error::{Code, Error, Result};
use crate::glob;
use crate::json::canonical::{canonical, sha256_hex};
use crate::json::de::{self, FromNode, Misfit, Source, words};
use crate::json::tape::Node;
use crate::json::{self, Document};
use crate::marks::{Mark, Marks};
use crate::text::quoted_name;
use after::MarkRule;
use limits::Pace;
use once::OnceRule;
use secret_arguments::SecretArguments;
use when::Predicate;

const MAX_RULES: usize = 1_000;

/// What a user allows.
#[derive(Debug)]
pub(crate) struct Policy {
    mode: Mode,
    rules: Vec<Rule>,
    pub(crate) pace: Pace,
    pub(crate) secret_arguments: Vec<SecretArguments>,
    /// What happens once.
    pub(crate) once: Vec<OnceRule>,
    /// What reads bring in.
    pub(crate) marks: Vec<MarkRule>,
    pub(crate) questions: questions::Bounds,
    /// SHA-256 of the policy as given: part of every approval.
    pub(crate) digest: String,
}

#[derive(Debug, Default)]
struct Written {
    mode: Mode,
    rules: Vec<Rule>,
    pace: Pace,
    secret_arguments: Vec<SecretArguments>,
    once: Vec<OnceRule>,
    marks: Vec<MarkRule>,
    questions: questions::Bounds,
}

impl FromNode for Written {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.object(Some(&["$schema", "mode", "rules", "pace", "secret_arguments", "once", "marks", "questions"]));
        from.may("$schema", &mut String::new());
        from.may("mode", &mut self.mode);
        from.may("rules", &mut self.rules);
        at_most(from, "rules", self.rules.len(), MAX_RULES);
        from.may("pace", &mut self.pace);
        from.may("secret_arguments", &mut self.secret_arguments);
        at_most(from, "secret_arguments", self.secret_arguments.len(), MAX_RULES);
        from.may("once", &mut self.once);
        at_most(from, "once", self.once.len(), once::MAX_RULES);
        if self.once.iter().enumerate().any(|(at, rule)| self.once.iter().take(at).any(|other| other.is_same(rule))) {
            from.unfit("once", "each consequence once");
        }
        from.may("marks", &mut self.marks);
        at_most(from, "marks", self.marks.len(), after::MAX_RULES);
        from.may("questions", &mut self.questions);
    }
}

/// How far the policy is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mode {
    /// Says what would have been asked or denied, and lets it pass.
    Observe,
    /// As the rules and defaults say.
    #[default]
    Enforce,
    /// Nothing but reads.
    ReadOnly,
}

words!(Mode { Observe = "observe", Enforce = "enforce", ReadOnly = "read_only" });

/// Which calls, and what becomes of them: a verdict, another effect, or both.
#[derive(Debug, Default)]
struct Rule {
    matching: Matching,
    when: Several<Predicate>,
    /// It matches only once a read of this session brought any of these in.
    after: Several<Mark>,
    effect: Given<Effect>,
    then: Given<Verdict>,
    approvers: Given<Approvers>,
    reason: String,
    /// Of the one definition for which the rule lowers or allows anything.
    digest: Given<String>,
}

impl FromNode for Rule {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.object(Some(&["tools", "effects", "when", "after", "effect", "then", "approvers", "reason", "digest"]));
        self.matching.fill(from);
        from.may("when", &mut self.when);
        from.may("after", &mut self.after);
        from.may("effect", &mut self.effect);
        from.may("then", &mut self.then);
        from.may("approvers", &mut self.approvers);
        from.may("reason", &mut self.reason);
        from.may("digest", &mut self.digest);
        if self.effect.0.is_none() && self.then.0.is_none() {
            from.missing("then` or `effect");
        }
        // What was read must open nothing: whoever wrote it would choose.
        let loosens = self.effect.0.is_some() || self.then.0 == Some(Verdict::Allow);
        if !self.after.0.is_empty() && loosens {
            from.unfit("after", "`then` beside it as `ask` or `deny`, and no `effect`");
        }
        if self.approvers.0.is_some() && self.then.0 != Some(Verdict::Ask) {
            from.unfit("approvers", "`\"then\": \"ask\"` beside it");
        }
        let tools = &self.matching.tools.0;
        if self.effect.0.is_some() && (tools.is_empty() || tools.iter().any(|name| name.contains('*'))) {
            // A pattern would lower whatever tool the server lists under a fitting name tomorrow.
            from.unfit("effect", "`tools` beside it, with exact names and no `*`");
        }
        if let Some(digest) = &self.digest.0 {
            let is_digest = digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if !is_digest {
                from.unfit("digest", "a definition's digest: 64 hexadecimal digits in lower case");
            } else if tools.len() != 1 || tools.iter().any(|name| name.contains('*')) {
                from.unfit("digest", "`tools` beside it, with the one exact name of the definition");
            }
        }
    }
}

/// Which tools something is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matching {
    /// Tool name patterns with `*`; empty: any tool.
    pub(crate) tools: Several<String>,
    /// Empty: any effect.
    effects: Several<Effect>,
    /// The patterns as what refuses reads them.
    folded: Vec<fold::Pattern>,
}

impl FromNode for Matching {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.may("tools", &mut self.tools);
        from.may("effects", &mut self.effects);
        self.fold();
    }
}

impl Matching {
    fn fold(&mut self) {
        self.folded = self.tools.0.iter().map(|pattern| fold::Pattern::new(pattern)).collect();
    }

    /// Whether it is about tools of that name, whatever they do; read as what refuses reads it.
    pub(crate) fn names(&self, tool: &str) -> bool {
        let name = fold::Name::new(tool);
        let tools = &self.tools.0;
        tools.is_empty()
            || tools.iter().any(|pattern| glob::matches(pattern, tool))
            || self.folded.iter().any(|pattern| pattern.matches(&name))
    }

    /// As what refuses, asks or limits reads it: names match whatever their case, their separators and the letters that
    /// look alike, so that `delete_*` stops `Delete_x` and `deleteX` too.
    pub(crate) fn covers(&self, tool: &fold::Name<'_>, effect: Effect) -> bool {
        (self.effects.0.is_empty() || self.effects.0.contains(&effect))
            && (self.matches(tool.as_written, effect) || self.folded.iter().any(|pattern| pattern.matches(tool)))
    }

    /// As what permits reads it: exactly.
    pub(crate) fn matches(&self, tool: &str, effect: Effect) -> bool {
        let (tools, effects) = (&self.tools.0, &self.effects.0);
        (tools.is_empty() || tools.iter().any(|pattern| glob::matches(pattern, tool)))
            && (effects.is_empty() || effects.contains(&effect))
    }
}

/// What may be left out but is never `null`: in a policy `null` would be taken for whatever one hopes.
#[derive(Debug, Clone)]
pub(crate) struct Given<T>(pub(crate) Option<T>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Given(None)
    }
}

impl<T: FromNode> FromNode for Given<T> {
    fn blank() -> Self {
        Given(None)
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        self.0 = Some(from.whole());
    }
}

/// A list that is left out or has items: an empty one would match nothing, which nobody means.
#[derive(Debug, Clone)]
pub(crate) struct Several<T>(pub(crate) Vec<T>);

impl<T> Default for Several<T> {
    fn default() -> Self {
        Several(Vec::new())
    }
}

impl<T: FromNode> FromNode for Several<T> {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        self.0.fill(from);
        if self.0.is_empty() {
            from.unfit("[]", "at least one item");
        }
    }
}

fn at_most(from: &mut Source<'_>, name: &str, count: usize, most: usize) {
    if count > most {
        from.unfit(name, &["at most ", &most.to_string(), " items"].concat());
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allow,
    Ask,
    Deny,
}

words!(Verdict { Allow = "allow", Ask = "ask", Deny = "deny" });

/// A verdict and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ruling {
    pub(crate) verdict: Verdict,
    /// Such as `rule 2: only mornings` or `default for external`.
    pub(crate) source: String,
    /// What the call does to the world, in the user's eyes.
    pub(crate) effect: Effect,
    /// Why that is not what the catalogue says, if it is not.
    pub(crate) reassessed: Option<String>,
    /// It is permitted only because of hints that nothing confirms.
    pub(crate) needs_confirmation: bool,
    /// What was read before that made a rule match, for people.
    pub(crate) after: Option<String>,
    /// Who may answer where a person is asked, if the rule names them.
    pub(crate) approvers: Option<Approvers>,
}

impl Policy {
    /// From a policy's JSON text, or from a JSON string that holds it: that way an error names the file's own lines.
    pub(crate) fn load(source: Option<&str>) -> Result<Policy> {
        let read = |text: &str| {
            Document::read(text, json::POLICY).map_err(|refusal| unusable(&refusal.path.clone(), &refusal.into()))
        };
        let mut document = read(source.unwrap_or(r#"{"mode":"enforce","rules":[]}"#))?;
        let text = document.tape().root().as_text().map(std::borrow::Cow::into_owned);
        if let Some(text) = text {
            document = read(&text)?;
        }
        let root = document.tape().root();
        let written: Written =
            de::from_node(root).map_err(|misfit| unusable(&root.pointer_to(misfit.index()), &misfit))?;
        Ok(Policy {
            mode: written.mode,
            rules: written.rules,
            pace: written.pace,
            secret_arguments: written.secret_arguments,
            once: written.once,
            marks: written.marks,
            questions: written.questions,
            digest: sha256_hex(canonical(root).as_bytes()),
        })
    }

    /// Whether what the policy would ask or refuse is only told.
    pub(crate) fn observes(&self) -> bool {
        self.mode == Mode::Observe
    }

    /// Whether any rule asks for arguments.
    pub(crate) fn has_predicates(&self) -> bool {
        self.rules.iter().any(|rule| !rule.when.0.is_empty())
    }

    /// Whether any rule looks back on what was read.
    pub(crate) fn looks_back(&self) -> bool {
        self.rules.iter().any(|rule| !rule.after.0.is_empty())
    }

    /// Whether any such rule may be about calls of that tool.
    pub(crate) fn looks_back_for(&self, tool: &Tool) -> bool {
        self.rules.iter().any(|rule| !rule.after.0.is_empty() && rule.matching.names(&tool.name))
    }

    /// `readings` are the arguments as they are written, and as whoever rounds numbers to doubles reads them; `marks` what
    /// was read before.
    ///
    /// A tool that waits to be confirmed is judged twice, as its hints have it and as though there were none: what the
    /// rules permit either way needs no confirmation.
    pub(crate) fn rule(&self, tool: &Tool, readings: &[Node<'_>], marks: &Marks) -> Ruling {
        let mut hinted = self.ruling_in_mode(tool, tool.effect, readings, marks);
        if !tool.is_unconfirmed() || hinted.verdict == Verdict::Deny {
            return hinted;
        }
        let unproved = self.ruling_in_mode(tool, UNPROVED, readings, marks);
        match (hinted.verdict, unproved.verdict) {
            (Verdict::Allow, Verdict::Allow) | (Verdict::Ask, Verdict::Ask) => unproved,
            (Verdict::Ask, Verdict::Allow) => hinted,
            _ => {
                hinted.needs_confirmation = true;
                hinted
            }
        }
    }

    fn ruling_in_mode(&self, tool: &Tool, effect: Effect, readings: &[Node<'_>], marks: &Marks) -> Ruling {
        let mut ruling = self.ruling(tool, effect, readings, marks);
        match (self.mode, ruling.verdict) {
            (Mode::ReadOnly, _) if ruling.effect > Effect::Read => {
                ruling.verdict = Verdict::Deny;
                ruling.source = "mode read_only".to_owned();
            }
            (Mode::Observe, Verdict::Ask | Verdict::Deny) => {
                let would = ["mode observe; would ", ruling.verdict.as_str(), " by ", &ruling.source].concat();
                ruling.verdict = Verdict::Allow;
                ruling.source = would;
            }
            _ => {}
        }
        ruling
    }

    /// Whether every call of the tool is denied, whatever its arguments and whatever was read before.
    pub(crate) fn always_denies(&self, tool: &Tool) -> bool {
        if self.observes() {
            return false;
        }
        let (mut effect, mut reassessed) = (tool.effect, false);
        let name = fold::Name::new(&tool.name);
        for rule in &self.rules {
            let exactly = rule.matching.matches(&tool.name, effect);
            if !exactly && !rule.matching.covers(&name, effect) {
                continue;
            }
            if !rule.when.0.is_empty() || !rule.after.0.is_empty() {
                if rule.then.0 == Some(Verdict::Deny) && rule.effect.0.is_none() {
                    continue;
                }
                // It holds for some calls, and decides on the rules behind it.
                return false;
            }
            let holds = |strict: bool| strict || exactly && rule.is_of(tool);
            if let Some(to) = rule.effect.0.filter(|to| !reassessed && holds(*to >= effect)) {
                (effect, reassessed) = (to, true);
            }
            match rule.then.0.filter(|verdict| holds(*verdict != Verdict::Allow)) {
                Some(Verdict::Deny) => return true,
                Some(Verdict::Allow | Verdict::Ask) => break,
                None => {}
            }
        }
        self.mode == Mode::ReadOnly && effect > Effect::Read
    }

    fn ruling(&self, tool: &Tool, mut effect: Effect, readings: &[Node<'_>], marks: &Marks) -> Ruling {
        let mut reassessed = None;
        let name = fold::Name::new(&tool.name);
        for (index, rule) in self.rules.iter().enumerate() {
            let exactly = rule.matching.matches(&tool.name, effect);
            if !exactly && !rule.matching.covers(&name, effect) {
                continue;
            }
            let brought = rule.after.0.iter().find_map(|mark| Some((*mark, marks.brought_by(*mark)?)));
            if brought.is_none() && !rule.after.0.is_empty() {
                continue;
            }
            // An argument that cannot be judged counts for whatever is stricter, and so does what is only alike.
            let holds = |strict: bool| {
                (strict || exactly && rule.is_of(tool))
                    && rule.when.0.iter().all(|predicate| predicate.judge(readings, strict).unwrap_or(strict))
            };
            let source = || numbered("rule", index, &rule.reason);
            let set = rule.effect.0.filter(|to| reassessed.is_none() && holds(*to >= effect));
            let verdict = rule.then.0.filter(|verdict| holds(*verdict != Verdict::Allow));
            if let Some(to) = set {
                reassessed = Some(change(effect, to, &source()));
                effect = to;
            }
            if let Some(verdict) = verdict {
                let after = brought.map(|(mark, by)| [mark.as_str(), " text came in by ", &quoted_name(by)].concat());
                let (source, reassessed) = (source(), reassessed.flatten());
                let approvers = rule.approvers.0.clone();
                return Ruling { verdict, source, effect, reassessed, needs_confirmation: false, after, approvers };
            }
        }
        let verdict = if effect <= Effect::Write { Verdict::Allow } else { Verdict::Ask };
        let source = ["default for ", effect.as_str()].concat();
        let reassessed = reassessed.flatten();
        Ruling { verdict, source, effect, reassessed, needs_confirmation: false, after: None, approvers: None }
    }
}

impl Rule {
    /// Whether what it lowers or allows is this definition.
    fn is_of(&self, tool: &Tool) -> bool {
        self.digest.0.as_ref().is_none_or(|digest| tool.definition().is_ok_and(|listed| listed.digest == *digest))
    }
}

/// How a rule that changes the effect is told to whoever approves the call.
fn change(from: Effect, to: Effect, source: &str) -> Option<String> {
    let verb = match to.cmp(&from) {
        core::cmp::Ordering::Equal => return None,
        core::cmp::Ordering::Less => "lowers",
        core::cmp::Ordering::Greater => "raises",
    };
    let (from, to) = (from.as_str(), to.as_str());
    Some(["the user's policy ", verb, " it from ", from, " to ", to, " (", source, ")"].concat())
}

/// `rule 2: its reason`.
pub(crate) fn numbered(what: &str, index: usize, reason: &str) -> String {
    let number = index.saturating_add(1).to_string();
    let colon = if reason.is_empty() { "" } else { ": " };
    [what, " ", &number, colon, reason].concat()
}

/// Says which rule or limit cannot be used, and where it stands.
fn unusable(path: &str, misfit: &Misfit) -> Error {
    const LISTS: &[(&str, &str)] = &[
        ("/rules/", "rule"),
        ("/pace/limits/", "limit"),
        ("/pace/read_first/", "read_first"),
        ("/once/", "once"),
        ("/marks/", "marks"),
    ];
    let numbered = LISTS.iter().find_map(|(list, what)| {
        let index = path.strip_prefix(list)?.split('/').next()?.parse().ok()?;
        Some(numbered(what, index, "") + ": ")
    });
    let message = format!("The policy cannot be used: {}{misfit}.", numbered.unwrap_or_default());
    Error::new(Code::InvalidPolicy, message)
        .with("path", path)
        .with("line", misfit.line())
        .with("column", misfit.column())
}
