//! A tool's annotations under all the names they are written by.

use serde::Serialize;

use crate::json::tape::{Kind, Node};

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
    pub(crate) requires_plan_check: Option<bool>,
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

const REQUIRES_PLAN_CHECK: Spelling =
    Spelling { standard: "requiresPlanCheck", others: &["requiresplancheck", "needsplancheck"], dangerous: true };

impl Said {
    /// Annotations as they stand in a tool list; none if any of it cannot be read.
    pub(crate) fn read(annotations: Node<'_>) -> Option<Said> {
        if annotations.kind() != Kind::Object {
            return None;
        }
        let mut said = Said::default();
        for member in annotations.members() {
            let name = member.name();
            match member.value.kind() {
                _ if !member.is_named() => return None,
                Kind::Foreign => return None,
                Kind::String if name == "title" => said.title = Some(member.value.text().into_owned()),
                Kind::True => said.say(&name, Some(true)),
                Kind::False => said.say(&name, Some(false)),
                // Absent, as two SDKs write it.
                Kind::Null => {}
                _ => said.say(&name, None),
            }
        }
        Some(said)
    }

    pub(crate) fn hints(&self) -> Hints {
        let default = Hints::default();
        let read_only = self.read_only.unwrap_or(default.read_only);
        Hints {
            read_only,
            destructive: !read_only && self.destructive.unwrap_or(default.destructive),
            idempotent: read_only || self.idempotent.unwrap_or(default.idempotent),
            open_world: self.open_world.unwrap_or(default.open_world),
        }
    }

    /// Whether annotations' member of that name is a hint, however spelled.
    pub(crate) fn is_hint(name: &str) -> bool {
        Said::default().place(name).is_some()
    }

    /// The place of a hint, if the name is one of its spellings.
    fn place(&mut self, name: &str) -> Option<(&'static Spelling, &mut Option<bool>)> {
        let places = [
            (&READ_ONLY, &mut self.read_only),
            (&DESTRUCTIVE, &mut self.destructive),
            (&IDEMPOTENT, &mut self.idempotent),
            (&OPEN_WORLD, &mut self.open_world),
            (&REQUIRES_APPROVAL, &mut self.requires_approval),
            (&REQUIRES_PLAN_CHECK, &mut self.requires_plan_check),
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
