//! One small language for arguments and results: it makes the JSON Schema and checks values against it.

use crate::error::ToolError;
use crate::time::Time;
use serde_json::{Map, Value, json};

/// A named value of an object.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) about: &'static str,
}

/// What a value may be.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Text {
        min: usize,
        max: usize,
    },
    Form(&'static Form),
    /// The id of a record of this kind.
    Reference(&'static str),
    Integer {
        min: i64,
        max: i64,
    },
    /// An amount of money: not negative.
    Amount,
    Flag,
    Choice(&'static [&'static str]),
    List {
        item: Box<Kind>,
        min: usize,
    },
    Object(Vec<Field>),
    /// An object of any shape.
    Free,
    /// Anything at all; only for results.
    Any,
}

/// A text with a fixed form.
#[derive(Debug)]
pub(crate) struct Form {
    what: &'static str,
    format: Option<&'static str>,
    pattern: Option<&'static str>,
    fits: fn(&str) -> bool,
}

fn all(text: &str, fits: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(fits)
}

static EMAIL: Form = Form {
    what: "an email address",
    format: Some("email"),
    pattern: None,
    fits: |text| text.len() <= 254 && text.parse::<lettre::Address>().is_ok(),
};
static PHONE: Form = Form {
    what: "a phone number like +85291234567",
    format: None,
    pattern: Some(r"^\+[1-9][0-9]{6,14}$"),
    fits: |text| {
        text.strip_prefix('+').is_some_and(|digits| {
            (7..=15).contains(&digits.len()) && !digits.starts_with('0') && all(digits, |byte| byte.is_ascii_digit())
        })
    },
};
static URL: Form = Form {
    what: "an http or https address",
    format: Some("uri"),
    pattern: Some(r"^https?://[^\s]+$"),
    fits: |text| {
        text.strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
    },
};
static DATE: Form = Form {
    what: "a date like 2026-11-30",
    format: Some("date"),
    pattern: None,
    fits: |text| text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok(),
};
static DATE_TIME: Form = Form {
    what: "a time like 2026-11-30T10:00:00Z",
    format: Some("date-time"),
    pattern: None,
    fits: |text| Time::parse(text).is_some(),
};
static CLOCK: Form = Form {
    what: "a time of day like 09:30",
    format: None,
    pattern: Some("^([01][0-9]|2[0-3]):[0-5][0-9]$"),
    fits: |text| text.len() == 5 && chrono::NaiveTime::parse_from_str(text, "%H:%M").is_ok(),
};
static COUNTRY: Form = Form {
    what: "a two-letter country code like HK",
    format: None,
    pattern: Some("^[A-Z]{2}$"),
    fits: |text| text.len() == 2 && all(text, |byte| byte.is_ascii_uppercase()),
};
static CURRENCY: Form = Form {
    what: "a three-letter currency code like HKD",
    format: None,
    pattern: Some("^[A-Z]{3}$"),
    fits: |text| text.len() == 3 && all(text, |byte| byte.is_ascii_uppercase()),
};
static TIMEZONE: Form = Form {
    what: "an IANA time zone like Asia/Hong_Kong",
    format: None,
    pattern: Some("^[A-Za-z0-9_+/-]{1,64}$"),
    fits: |text| text.parse::<chrono_tz::Tz>().is_ok(),
};
static SIX_DIGITS: Form = Form {
    what: "six digits",
    format: None,
    pattern: Some("^[0-9]{6}$"),
    fits: |text| text.len() == 6 && all(text, |byte| byte.is_ascii_digit()),
};
static COLOUR: Form = Form {
    what: "a colour like #33aa77",
    format: None,
    pattern: Some("^#[0-9a-fA-F]{6}$"),
    fits: |text| {
        text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && all(digits, |byte| byte.is_ascii_hexdigit()))
    },
};

fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, about: "" }
}

macro_rules! forms {
    ($($function:ident: $form:ident),* $(,)?) => {
        $(pub(crate) fn $function(name: &'static str) -> Field { field(name, Kind::Form(&$form)) })*
    };
}
forms! {
    email: EMAIL, phone: PHONE, url: URL, date: DATE, date_time: DATE_TIME, clock: CLOCK,
    country: COUNTRY, currency: CURRENCY, timezone: TIMEZONE, six_digits: SIX_DIGITS, colour: COLOUR,
}

pub(crate) fn text(name: &'static str) -> Field {
    field(name, Kind::Text { min: 1, max: 200 })
}
pub(crate) fn long_text(name: &'static str) -> Field {
    field(name, Kind::Text { min: 1, max: 10_000 })
}
pub(crate) fn integer(name: &'static str, min: i64, max: i64) -> Field {
    field(name, Kind::Integer { min, max })
}
/// A count in a result.
pub(crate) fn count(name: &'static str) -> Field {
    integer(name, 0, i64::from(u32::MAX))
}
pub(crate) fn amount(name: &'static str) -> Field {
    field(name, Kind::Amount)
}
pub(crate) fn flag(name: &'static str) -> Field {
    field(name, Kind::Flag)
}
pub(crate) fn choice(name: &'static str, options: &'static [&'static str]) -> Field {
    field(name, Kind::Choice(options))
}
pub(crate) fn reference(name: &'static str, kind: &'static str) -> Field {
    field(name, Kind::Reference(kind))
}
pub(crate) fn object(name: &'static str, fields: Vec<Field>) -> Field {
    field(name, Kind::Object(fields))
}
pub(crate) fn free(name: &'static str) -> Field {
    field(name, Kind::Free)
}
pub(crate) fn any(name: &'static str) -> Field {
    field(name, Kind::Any)
}
/// A list of what the given field would hold.
pub(crate) fn list(name: &'static str, item: Field) -> Field {
    let item = Box::new(item.kind);
    field(name, Kind::List { item, min: 0 })
}
pub(crate) fn objects(name: &'static str, fields: Vec<Field>) -> Field {
    list(name, object("", fields))
}

impl Field {
    pub(crate) fn req(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) fn opt(mut self) -> Self {
        self.required = false;
        self
    }

    pub(crate) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// A list with at least one item, or a text with at least this many characters.
    pub(crate) fn at_least(mut self, least: usize) -> Self {
        match &mut self.kind {
            Kind::List { min, .. } | Kind::Text { min, .. } => *min = least,
            _ => {}
        }
        self
    }
}

/// How many items a list may have.
const MOST_ITEMS: usize = 100;

impl Kind {
    pub(crate) fn schema(&self, strict: bool) -> Value {
        match self {
            // A result's text may be empty or longer than what an argument may be.
            Self::Text { .. } if !strict => json!({"type": "string"}),
            Self::Text { min, max } => {
                json!({"type": "string", "minLength": min, "maxLength": max})
            }
            Self::Form(form) => {
                let mut schema = json!({"type": "string"});
                if let Some(format) = form.format {
                    schema["format"] = json!(format);
                }
                if let Some(pattern) = form.pattern {
                    schema["pattern"] = json!(pattern);
                }
                schema
            }
            Self::Reference(kind) => {
                json!({"type": "string", "pattern": format!("^{}_[A-Za-z0-9]+$", crate::store::prefix(kind))})
            }
            Self::Integer { min, max } if strict => {
                json!({"type": "integer", "minimum": min, "maximum": max})
            }
            Self::Integer { .. } => json!({"type": "integer"}),
            Self::Amount => json!({"type": "number", "minimum": 0}),
            Self::Flag => json!({"type": "boolean"}),
            Self::Choice(options) => json!({"type": "string", "enum": options}),
            Self::List { item, min } => {
                let mut schema = json!({"type": "array", "items": item.schema(strict)});
                if strict {
                    schema["minItems"] = json!(min);
                    schema["maxItems"] = json!(MOST_ITEMS);
                }
                schema
            }
            Self::Object(fields) => object_schema(fields, strict),
            Self::Free => json!({"type": "object"}),
            Self::Any => json!({}),
        }
    }

    fn check(&self, path: &str, value: &Value) -> Result<(), ToolError> {
        let wrong = |problem: &str| Err(ToolError::invalid(path, problem));
        match self {
            Self::Text { min, max } => match value.as_str() {
                None => wrong("expected a text"),
                Some(text) if text.chars().count() < *min => wrong(&format!("expected at least {min} characters")),
                Some(text) if text.chars().count() > *max => wrong(&format!("expected at most {max} characters")),
                Some(text) if text.chars().all(char::is_whitespace) => wrong("expected more than blanks"),
                Some(_) => Ok(()),
            },
            Self::Form(form) => match value.as_str() {
                Some(text) if (form.fits)(text) => Ok(()),
                _ => wrong(&format!("expected {}", form.what)),
            },
            Self::Reference(kind) => {
                let prefix = crate::store::prefix(kind);
                let fits = value.as_str().is_some_and(|text| {
                    text.strip_prefix(prefix)
                        .and_then(|rest| rest.strip_prefix('_'))
                        .is_some_and(|rest| !rest.is_empty() && all(rest, |byte| byte.is_ascii_alphanumeric()))
                });
                if fits { Ok(()) } else { wrong(&format!("expected an id like {prefix}_…")) }
            }
            Self::Integer { min, max } => match whole(value) {
                Some(number) if (*min..=*max).contains(&number) => Ok(()),
                _ => wrong(&format!("expected a whole number from {min} to {max}")),
            },
            Self::Amount => match value.as_f64() {
                Some(number) if number >= 0.0 => Ok(()),
                _ => wrong("expected an amount, not negative"),
            },
            Self::Flag if value.is_boolean() => Ok(()),
            Self::Flag => wrong("expected true or false"),
            Self::Choice(options) => match value.as_str() {
                Some(text) if options.contains(&text) => Ok(()),
                _ => wrong(&format!("expected one of {}", options.join(", "))),
            },
            Self::List { item, min } => match value.as_array() {
                Some(items) if items.len() < *min => wrong(&format!("expected at least {min} items")),
                Some(items) if items.len() > MOST_ITEMS => wrong(&format!("expected at most {MOST_ITEMS} items")),
                Some(items) => {
                    items.iter().enumerate().try_for_each(|(at, value)| item.check(&format!("{path}[{at}]"), value))
                }
                None => wrong("expected a list"),
            },
            Self::Object(fields) => match value.as_object() {
                Some(object) => check_object(&format!("{path}."), fields, object),
                None => wrong("expected an object"),
            },
            Self::Free if value.is_object() => Ok(()),
            Self::Free => wrong("expected an object"),
            Self::Any => Ok(()),
        }
    }

    /// Calls `visit` with every record id in the value and the kind of record it should name.
    pub(crate) fn references(&self, value: &Value, visit: &mut dyn FnMut(&'static str, &str)) {
        match (self, value) {
            (Self::Reference(kind), Value::String(id)) => visit(kind, id),
            (Self::List { item, .. }, Value::Array(values)) => {
                for value in values {
                    item.references(value, visit);
                }
            }
            (Self::Object(fields), Value::Object(object)) => {
                for field in fields {
                    if let Some(value) = object.get(field.name) {
                        field.kind.references(value, visit);
                    }
                }
            }
            _ => {}
        }
    }
}

/// JSON Schema calls `2.0` an integer too.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9e15).map(|number| number as i64)
    })
}

/// The schema of an object: an argument's is strict, a result's may carry more than it says.
pub(crate) fn object_schema(fields: &[Field], strict: bool) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            let mut schema = field.kind.schema(strict);
            if !field.about.is_empty() {
                schema["description"] = json!(field.about);
            }
            (field.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut schema = json!({"type": "object", "properties": properties, "required": required});
    if strict {
        schema["additionalProperties"] = json!(false);
    }
    schema
}

/// Checks arguments against their fields; the error names the field that is wrong.
pub(crate) fn check(fields: &[Field], arguments: &Map<String, Value>) -> Result<(), ToolError> {
    check_object("", fields, arguments)
}

fn check_object(path: &str, fields: &[Field], object: &Map<String, Value>) -> Result<(), ToolError> {
    for name in object.keys() {
        if !fields.iter().any(|field| field.name == name) {
            return Err(ToolError::invalid(format!("{path}{name}"), "this field is not known"));
        }
    }
    for field in fields {
        let path = format!("{path}{}", field.name);
        match object.get(field.name) {
            Some(value) => field.kind.check(&path, value)?,
            None if field.required => {
                return Err(ToolError::invalid(path, "this field is required"));
            }
            None => {}
        }
    }
    Ok(())
}
