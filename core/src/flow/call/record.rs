//! What a person should see beside the arguments: the record that the call is about, or a draft of what would be sent.

use super::Call;
use crate::approval::{Check, Line, preview::Short};
use crate::error::{Code, Error, Result};
use crate::flow::credential::{self, Vault};
use crate::flow::{Errand, Input};
use crate::gate::result;
use crate::guard::Shared;
use crate::json::tape::{Kind, Node};
use crate::json::{Document, Json, text};
use crate::map::Map;
use crate::profile::{Profile, RecordRule};
use crate::step::Happening;

/// What is read for the preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The record; looked at again before the call is made.
    Record,
    /// A draft, which is made once.
    Draft,
    /// Whose credential the vault holds.
    Holder,
}

crate::json::de::words!(Look { Record = "record", Draft = "draft", Holder = "holder" });

impl Call {
    /// What has to be read first, if anything has.
    pub(super) fn look(&self, document: &Document, shared: &Shared) -> Option<(Look, Errand)> {
        let profile = shared.profile.as_ref()?;
        if let Some(sends) = profile.sends.as_ref().filter(|sends| sends.tools.contains(&self.name)) {
            let draft = shared.catalog.get(&sends.draft).and_then(|tool| tool.definition().ok());
            if draft.is_some_and(|draft| draft.input.is_valid(&document.tape().root())) {
                let errand = Errand::new(&sends.draft, self.arguments.text.clone(), shared)?;
                return Some((Look::Draft, errand));
            }
        }
        let rule = profile.record_of(&self.name)?;
        let arguments = arguments_of(rule, document)?;
        let members: Vec<(&str, &Json)> = arguments.iter().map(|(name, value)| (name.as_str(), value)).collect();
        Some((Look::Record, Errand::new(&rule.read, Json::object(&members), shared)?))
    }

    /// The read that would tell whether the call took effect.
    pub(super) fn check(&self, document: &Document, shared: &Shared) -> Option<Check> {
        let rule = shared.profile.as_ref()?.record_of(&self.name)?;
        rule.ran.as_ref()?;
        let mut arguments = Map::default();
        for (name, pointer) in rule.arguments.iter() {
            arguments.insert(name.clone(), document.tape().root().pointer(pointer)?.as_text()?.into_owned());
        }
        Some(Check { tool: rule.read.clone(), arguments })
    }

    pub(super) fn looked(&mut self, look: Look, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        match &input.happening {
            // Whatever keeps the backend from telling, a person is asked.
            Happening::Result { .. } | Happening::Failed { .. } if look == Look::Holder => {
                let held = credential::holder(input, shared);
                self.replaces(Vault::Holds, held, input.now, shared);
            }
            Happening::Result { .. } => match self.seen(look, input.document()?, shared) {
                Ok(lines) => {
                    self.record = Some(lines);
                    self.drafted = look == Look::Draft;
                    self.advance(input.now, true, shared);
                }
                Err(error) => self.refuse(error),
            },
            _ => self.errand_failed(input, shared)?,
        }
        Ok(())
    }

    fn seen(&self, look: Look, answer: &str, shared: &Shared) -> Result<Vec<Line>> {
        let document = result::open(answer)?;
        let result = document.tape().root();
        let Some(profile) = shared.profile.as_ref() else { return Ok(Vec::new()) };
        if result::is_error(result) {
            let (_, message) = crate::profile::error_of(result);
            let message = shared.redactor.shown(&message, 300);
            return Err(Error::new(Code::BackendRefused, format!("What the call is about cannot be shown: {message}")));
        }
        let answer = profile.answer(result);
        let rule = profile.record_of(&self.name);
        let (shown, found) = match look {
            Look::Draft => (profile.sends.as_ref().map(|sends| sends.show.as_slice()), Some(answer.node())),
            Look::Record | Look::Holder => (rule.map(|rule| rule.show.as_slice()), self.picked(answer.node(), rule)),
        };
        let Some(found) = found else {
            return Err(Error::new(Code::BackendRefused, "What the call is about is not there."));
        };
        Ok(lines_of(found, shown.unwrap_or_default(), shared))
    }

    /// The item of a list that the call is about, or the whole answer.
    fn picked<'t>(&self, answer: Node<'t>, rule: Option<&RecordRule>) -> Option<Node<'t>> {
        let Some(pick) = rule.and_then(|rule| rule.pick.as_ref()) else { return Some(answer) };
        let arguments = self.read_arguments();
        let wanted: Vec<(&String, String)> = pick
            .by
            .iter()
            .filter_map(|(field, pointer)| {
                Some((field, arguments.tape().root().pointer(pointer)?.as_text()?.into_owned()))
            })
            .collect();
        let fits = |item: &Node<'t>| {
            !wanted.is_empty()
                && wanted.iter().all(|(field, value)| item.get(field).is_some_and(|node| node.is_text(value)))
        };
        answer.pointer(&pick.from)?.items().find(fits)
    }
}

/// The rule's arguments out of the call's own; none if one is missing.
fn arguments_of(rule: &RecordRule, document: &Document) -> Option<Vec<(String, Json)>> {
    let root = document.tape().root();
    rule.arguments.iter().map(|(name, pointer)| Some((name.clone(), Json::copied(root.pointer(pointer)?)))).collect()
}

/// The members of those names, or all of them.
fn lines_of(found: Node<'_>, shown: &[String], shared: &Shared) -> Vec<Line> {
    let lines = if shown.is_empty() {
        Short::of(&[("", found)], &[], &[])
    } else {
        let values: Vec<(&str, Node<'_>)> = shown
            .iter()
            .filter_map(|name| Some((name.as_str(), found.get(name).filter(|node| node.kind() != Kind::Null)?)))
            .collect();
        Short::of(&values, &[], shown)
    };
    let masked = |line: Line| Line { value: shared.redactor.text(&line.value).unwrap_or(line.value), ..line };
    lines.counted().into_iter().map(masked).collect()
}

/// Whether an answer of the profile's read says that the call took effect; none if it does not say.
pub(crate) fn took_effect(profile: &Profile, tool: &str, result: Node<'_>) -> Option<bool> {
    let ran = profile.record_of(tool)?.ran.as_ref()?;
    let answer = profile.answer(result);
    let said = text(answer.node(), &[ran.field.as_str()])?;
    Some(ran.values.iter().any(|value| **value == *said))
}
