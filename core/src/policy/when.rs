//! What a rule asks of a call's arguments: one operator on the value under a JSON Pointer, judged by the schema engine.

use super::at_most;
use crate::json::de::{FromNode, Source};
use crate::json::number::Number;
use crate::json::tape::{Kind, Node};
use crate::redact::Redactor;
use crate::schema::{self, Options, Schema};

const MAX_VALUES: usize = 1_000;

/// One predicate.
#[derive(Debug, Default)]
pub(super) struct Predicate {
    /// JSON Pointer into the arguments.
    path: String,
    operator: Operator,
    schema: Option<Schema>,
}

#[derive(Debug, Clone, Copy, Default)]
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
    pub(super) fn judge(&self, readings: &[Node<'_>]) -> Option<bool> {
        let mut verdicts = readings.iter().map(|arguments| self.judge_one(*arguments));
        let first = verdicts.next()??;
        verdicts.all(|other| other == Some(first)).then_some(first)
    }

    /// Nothing if the value is of a kind that the operator cannot judge, or would take too much work. Of an absent value
    /// nothing holds.
    fn judge_one(&self, arguments: Node<'_>) -> Option<bool> {
        let Some(value) = arguments.pointer(&self.path) else { return Some(false) };
        let schema = self.schema.as_ref().filter(|_| self.operator.judges(value.kind()))?;
        if schema.is_valid(&value) {
            return Some(true);
        }
        let violations = schema.violations(&value, &[], &Redactor::default());
        let gave_up = violations.iter().any(|found| matches!(&*found.keyword, "too_much_work" | "too_deep"));
        (!gave_up).then_some(false)
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
        let schema = match operator {
            Operator::Equals => ["{\"const\":", operand.source(), "}"].concat(),
            Operator::In => {
                if operand.kind() != Kind::Array || operand.len() == 0 {
                    return from.unfit(name, "a list of at least one value");
                }
                at_most(from, name, operand.len(), MAX_VALUES);
                ["{\"enum\":", operand.source(), "}"].concat()
            }
            Operator::Range => match bounds(operand, "imum", "", |_| true) {
                Some(schema) => schema,
                None => return from.unfit(name, "`min`, `max` or both, as numbers"),
            },
            Operator::Count => {
                let is_count = |bound: Number<'_>| bound.is_integer() && bound.compare(Number::ZERO).is_ge();
                match bounds(operand, "Items", "Properties", is_count) {
                    Some(schema) => schema,
                    None => return from.unfit(name, "`min`, `max` or both, as whole numbers that are not negative"),
                }
            }
            Operator::Pattern => {
                if !operand.as_text().is_some_and(|pattern| schema::is_pattern(&pattern)) {
                    return from.unfit(name, "a regular expression (ECMA-262, with the flag `u`)");
                }
                ["{\"pattern\":", operand.source(), "}"].concat()
            }
        };
        match Schema::from_text(&schema, &Options::default()) {
            Ok(schema) => self.schema = Some(schema),
            Err(error) => from.unfit(name, &error.message),
        }
    }
}

/// A schema of the bounds under the keywords that end so: `minimum`, `maxItems`, …
fn bounds(operand: Node<'_>, one: &str, other: &str, fits: fn(Number<'_>) -> bool) -> Option<String> {
    let mut schema = String::new();
    for member in operand.members() {
        let name = member.name();
        if !matches!(&*name, "min" | "max") || member.value.kind() != Kind::Number || !fits(member.value.number()) {
            return None;
        }
        for keyword in [one, other].iter().filter(|keyword| !keyword.is_empty()) {
            schema.push(if schema.is_empty() { '{' } else { ',' });
            for part in ["\"", &name, keyword, "\":", member.value.source()] {
                schema.push_str(part);
            }
        }
    }
    schema.push('}');
    (schema.len() > 1).then_some(schema)
}

/// As RFC 6901 has it: empty, or parts that each begin with `/`, in which `~` only stands in `~0` and `~1`.
fn is_pointer(text: &str) -> bool {
    (text.is_empty() || text.starts_with('/')) && text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
}
