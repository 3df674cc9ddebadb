//! What a rule asks of a call's arguments: one operator on the value under a JSON Pointer, judged by the schema engine.

use super::{at_most, fold};
use crate::json::de::{FromNode, Source};
use crate::json::tape::{Kind, Node};
use crate::redact::Redactor;
use crate::schema::pattern::Pattern;
use crate::schema::{self, Options, Schema};

const MAX_VALUES: usize = 1_000;
/// Steps of work for all forms of one value.
const MAX_WORK: u64 = 20_000_000;

/// One predicate.
#[derive(Debug, Default)]
pub(super) struct Predicate {
    /// JSON Pointer into the arguments.
    path: String,
    operator: Operator,
    schema: Option<Schema>,
    /// The operands of `equals` and `in` as what refuses reads them.
    folded: Vec<String>,
    /// The source of `pattern`.
    pattern: Option<String>,
    /// The same for texts in lower case.
    lowered: Option<Pattern>,
    is_open: bool,
    /// Whether an operand of `equals` or `in` is itself a list or an object.
    is_of_several: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Operator {
    #[default]
    Equals,
    In,
    Range,
    Pattern,
    Count,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("equals", Operator::Equals),
    ("in", Operator::In),
    ("range", Operator::Range),
    ("pattern", Operator::Pattern),
    ("count", Operator::Count),
];

impl Operator {
    fn takes(self) -> &'static str {
        match self {
            Operator::Equals => "a value",
            Operator::In => "a list of at least one value",
            Operator::Range => "`min`, `max` or both, as numbers",
            Operator::Pattern => "a regular expression (ECMA-262, with the flag `u`)",
            Operator::Count => "`min`, `max` or both, as whole numbers that are not negative",
        }
    }

    /// Whether it can say anything of such a value.
    fn judges(self, kind: Kind) -> bool {
        match self {
            Operator::Equals | Operator::In => true,
            Operator::Range => kind == Kind::Number,
            Operator::Pattern => kind == Kind::String,
            Operator::Count => matches!(kind, Kind::Array | Kind::Object),
        }
    }
}

impl Predicate {
    /// Whether it holds, in every reading of the arguments alike; nothing if that cannot be told.
    ///
    /// `strict` for what refuses or asks: there `5` and `"5"` are equal, and so are texts that look alike.
    pub(super) fn judge(&self, readings: &[Node<'_>], strict: bool) -> Option<bool> {
        let mut verdicts = readings.iter().map(|arguments| self.judge_one(*arguments, strict));
        let first = verdicts.next()??;
        verdicts.all(|other| other == Some(first)).then_some(first)
    }

    /// Nothing if the value is of a kind that the operator cannot judge, or would take too much work. Of an absent
    /// value nothing holds.
    fn judge_one(&self, arguments: Node<'_>, strict: bool) -> Option<bool> {
        let Some(value) = arguments.pointer(&self.path) else { return Some(false) };
        let schema = self.schema.as_ref().filter(|_| self.operator.judges(value.kind()))?;
        if schema.is_valid(&value) || strict && self.is_alike(value) {
            return Some(true);
        }
        if strict && self.names_values() && self.cannot_tell(value) {
            return None;
        }
        let violations = schema.violations(&value, &[], &Redactor::default());
        let gave_up = violations.iter().any(|found| matches!(&*found.keyword, "too_much_work" | "too_deep"));
        (!gave_up).then_some(false)
    }

    /// Whether the operator holds of what the value looks like.
    fn is_alike(&self, value: Node<'_>) -> bool {
        match self.operator {
            Operator::Equals | Operator::In => {
                let is_single = !matches!(value.kind(), Kind::Array | Kind::Object);
                let folded = (is_single || self.is_of_several).then(|| fold::value(value));
                folded.is_some_and(|folded| self.folded.iter().any(|operand| fold::is_alike(operand, &folded)))
                    || value.items().any(|item| self.is_alike(item))
                    || value.members().any(|member| self.is_alike(member.value))
            }
            Operator::Pattern => self.lowered.as_ref().is_some_and(|pattern| {
                let forms = fold::forms(&value.text(), self.pattern().unwrap_or_default());
                let mut work = MAX_WORK;
                forms.iter().any(|form| pattern.is_match(form, &mut work).unwrap_or(true))
            }),
            Operator::Range | Operator::Count => false,
        }
    }

    /// Whether none of single values stands in what holds more than a list of such values: it may mean any of them.
    fn cannot_tell(&self, value: Node<'_>) -> bool {
        let is_flat = value.items().all(|item| !matches!(item.kind(), Kind::Array | Kind::Object));
        let is_list = value.kind() == Kind::Array && is_flat;
        matches!(value.kind(), Kind::Array | Kind::Object) && !is_list && !self.is_of_several
    }

    /// The source of a `pattern`.
    pub(super) fn pattern(&self) -> Option<&str> {
        self.pattern.as_deref()
    }

    /// Whether it is a range without a lower bound.
    pub(super) fn has_no_minimum(&self) -> bool {
        self.is_open
    }

    /// JSON Pointer to its operator, in a rule's `when` at that place.
    pub(super) fn place(&self, number: usize) -> String {
        let name = OPERATORS.iter().find(|(_, operator)| *operator == self.operator).map_or("", |(name, _)| name);
        ["/when/", &number.to_string(), "/", name].concat()
    }

    /// Whether it names single values.
    pub(super) fn names_values(&self) -> bool {
        matches!(self.operator, Operator::Equals | Operator::In)
    }
}

impl FromNode for Predicate {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.object(Some(&["path", "equals", "in", "range", "pattern", "count"]));
        from.must("path", &mut self.path);
        if !is_pointer(&self.path) {
            from.unfit("path", "a JSON Pointer (RFC 6901) such as `/amount`");
        }
        let predicate = from.node();
        let mut named = OPERATORS.iter().filter_map(|(name, operator)| Some((*name, *operator, predicate.get(name)?)));
        let (Some((name, operator, operand)), None) = (named.next(), named.next()) else {
            return from.unfit("when", "exactly one of `equals`, `in`, `range`, `pattern`, `count` in each item");
        };
        self.operator = operator;
        match operator {
            Operator::Equals => self.folded.push(fold::value(operand)),
            Operator::In => self.folded.extend(operand.items().take(MAX_VALUES).map(fold::value)),
            Operator::Pattern => {
                self.lowered = Pattern::for_lower_case(&operand.text());
                self.pattern = Some(operand.text().into_owned());
            }
            Operator::Range => self.is_open = operand.get("min").is_none(),
            Operator::Count => {}
        }
        let is_of_several = |node: Node<'_>| matches!(node.kind(), Kind::Array | Kind::Object);
        self.is_of_several = match operator {
            Operator::Equals => is_of_several(operand),
            Operator::In => operand.items().any(is_of_several),
            _ => false,
        };
        let schema = match operator {
            Operator::Equals => ["{\"const\":", operand.source(), "}"].concat(),
            Operator::In => {
                at_most(from, name, operand.len(), MAX_VALUES);
                ["{\"enum\":", operand.source(), "}"].concat()
            }
            Operator::Range => bounds(operand, &["imum"]),
            Operator::Count => bounds(operand, &["Items", "Properties"]),
            Operator::Pattern => ["{\"pattern\":", operand.source(), "}"].concat(),
        };
        let is_complete = match operator {
            Operator::Equals => true,
            Operator::In => operand.len() > 0,
            Operator::Range | Operator::Count => operand.kind() == Kind::Object && operand.len() > 0,
            // A schema takes what Annex B takes too; whoever writes a policy is told of what may be a mistake.
            Operator::Pattern => schema::is_pattern(&operand.text()),
        };
        if matches!(operator, Operator::Range | Operator::Count) && !is_ascending(operand) {
            return from.unfit(name, "a `min` that is not above its `max`");
        }
        // The rest is what the schema's own keywords take.
        match Schema::from_text(&schema, &Options::default()) {
            Ok(schema) if is_complete => self.schema = Some(schema),
            _ => from.unfit(name, operator.takes()),
        }
    }
}

/// Whether a value can be within the bounds.
fn is_ascending(operand: Node<'_>) -> bool {
    let (Some(min), Some(max)) = (operand.get("min"), operand.get("max")) else { return true };
    let least = ["{\"minimum\":", min.source(), "}"].concat();
    Schema::from_text(&least, &Options::default()).is_ok_and(|least| least.is_valid(&max))
}

/// A schema of the bounds under the keywords that end so: `minimum`, `maxItems`, …; no schema if there are others.
fn bounds(operand: Node<'_>, endings: &[&str]) -> String {
    let mut schema = String::from("{");
    for member in operand.members() {
        let name = member.name();
        if !matches!(&*name, "min" | "max") {
            return String::new();
        }
        for ending in endings {
            let comma = if schema.len() > 1 { "," } else { "" };
            for part in [comma, "\"", &name, ending, "\":", member.value.source()] {
                schema.push_str(part);
            }
        }
    }
    schema.push('}');
    schema
}

/// As RFC 6901 has it: empty, or parts that each begin with `/`, in which `~` only stands in `~0` and `~1`.
pub(crate) fn is_pointer(text: &str) -> bool {
    (text.is_empty() || text.starts_with('/')) && text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
}
