//! A tool's annotations under all the names they are written by.

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What a server says about a tool, with MCP's defaults where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hints {
    /// The tool changes nothing.
    pub read_only: bool,
    /// It may destroy or overwrite something.
    pub destructive: bool,
    /// Calling it twice is like calling it once.
    pub idempotent: bool,
    /// It reaches systems or people outside the backend.
    pub open_world: bool,
}

impl Default for Hints {
    /// What MCP assumes of a tool without annotations: the worst.
    fn default() -> Self {
        Hints { read_only: false, destructive: true, idempotent: false, open_world: true }
    }
}

/// What was said outright, and what is remarkable about how.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) title: Option<String>,
    pub(crate) read_only: Option<bool>,
    pub(crate) destructive: Option<bool>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) open_world: Option<bool>,
    pub(crate) requires_approval: Option<bool>,
    pub(crate) notes: Vec<String>,
}

struct Spelling {
    standard: &'static str,
    /// As compared: lower case, without `_`, `-` and a final `hint`.
    others: &'static [&'static str],
    /// The value that wins when two spellings contradict each other.
    dangerous: bool,
}

const READ_ONLY: Spelling = Spelling { standard: "readOnlyHint", others: &["readonly"], dangerous: false };
const DESTRUCTIVE: Spelling =
    Spelling { standard: "destructiveHint", others: &["destructive", "isdestructive"], dangerous: true };
const IDEMPOTENT: Spelling =
    Spelling { standard: "idempotentHint", others: &["idempotent", "isidempotent"], dangerous: false };
const OPEN_WORLD: Spelling =
    Spelling { standard: "openWorldHint", others: &["openworld", "externalservice", "external"], dangerous: true };
const REQUIRES_APPROVAL: Spelling = Spelling {
    standard: "requiresApproval",
    others: &["requiresapproval", "requireapproval", "needsapproval"],
    dangerous: true,
};

impl Said {
    pub(crate) fn hints(&self) -> Hints {
        let default = Hints::default();
        let read_only = self.read_only.unwrap_or(default.read_only);
        Hints {
            read_only,
            destructive: self.destructive.unwrap_or(default.destructive && !read_only),
            idempotent: self.idempotent.unwrap_or(read_only),
            open_world: self.open_world.unwrap_or(default.open_world),
        }
    }

    /// The place of a hint, if the name is one of its spellings.
    fn place(&mut self, name: &str) -> Option<(&'static Spelling, &mut Option<bool>)> {
        let places = [
            (&READ_ONLY, &mut self.read_only),
            (&DESTRUCTIVE, &mut self.destructive),
            (&IDEMPOTENT, &mut self.idempotent),
            (&OPEN_WORLD, &mut self.open_world),
            (&REQUIRES_APPROVAL, &mut self.requires_approval),
        ];
        places.into_iter().find(|(spelling, _)| spelling.others.iter().any(|other| spells(name, other)))
    }

    /// Takes one member; a name that comes twice counts as two spellings.
    fn say(&mut self, name: &str, value: Option<bool>) {
        let Some((spelling, place)) = self.place(name) else { return };
        let earlier = *place;
        let said = value.unwrap_or(spelling.dangerous);
        let contradicts = earlier.is_some_and(|earlier| earlier != said);
        *place = Some(if contradicts { spelling.dangerous } else { said });
        let name = spelling.standard;
        // A hint that is no boolean is taken at its most dangerous rather than ignored.
        if value.is_none() {
            self.notes.push(format!("`{name}` is not true or false; the more dangerous reading is taken"));
        }
        if contradicts {
            self.notes.push(format!("`{name}` is given twice with different values; the more dangerous one is taken"));
        }
    }
}

/// Reads annotations as they stand in a tool list, without building them up: this runs for every tool listed.
impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Annotations;

        impl<'de> Visitor<'de> for Annotations {
            type Value = Said;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("annotations")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Said, A::Error> {
                let mut said = Said::default();
                while let Some(name) = members.next_key::<String>()? {
                    match members.next_value::<Member>()? {
                        Member::Text(title) if name == "title" => said.title = Some(title),
                        Member::Bool(value) => said.say(&name, Some(value)),
                        Member::Text(_) | Member::Other => said.say(&name, None),
                    }
                }
                Ok(said)
            }
        }

        from.deserialize_map(Annotations)
    }
}

/// What one annotation can be, as far as it matters.
enum Member {
    Bool(bool),
    Text(String),
    Other,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Member;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Member, E> {
                Ok(Member::Bool(value))
            }

            fn visit_str<E>(self, text: &str) -> Result<Member, E> {
                Ok(Member::Text(text.to_owned()))
            }

            fn visit_unit<E>(self) -> Result<Member, E> {
                Ok(Member::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Member, E> {
                Ok(Member::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Member, E> {
                Ok(Member::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Member, E> {
                Ok(Member::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Member, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Member::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Member, A::Error> {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Member::Other)
            }
        }

        from.deserialize_any(Any)
    }
}

/// Whether a name is a spelling: letters' case, `_`, `-` and a final `hint` do not matter. Written without an
/// allocation, for it runs for every hint of every tool that is listed.
fn spells(name: &str, spelling: &str) -> bool {
    let mut letters = name.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase());
    if !spelling.bytes().all(|wanted| letters.next() == Some(wanted)) {
        return false;
    }
    let mut rest = letters.peekable();
    rest.peek().is_none() || rest.eq(*b"hint")
}
