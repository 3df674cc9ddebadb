//! A tool's annotations under all the names they are written by.

use serde::Serialize;
use serde_json::Value;

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
    pub(crate) fn read(annotations: &Value) -> Self {
        let mut said = Said::default();
        said.read_only = said.take(annotations, &READ_ONLY);
        said.destructive = said.take(annotations, &DESTRUCTIVE);
        said.idempotent = said.take(annotations, &IDEMPOTENT);
        said.open_world = said.take(annotations, &OPEN_WORLD);
        said.requires_approval = said.take(annotations, &REQUIRES_APPROVAL);
        said
    }

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

    fn take(&mut self, annotations: &Value, spelling: &Spelling) -> Option<bool> {
        let mut found: Option<bool> = None;
        for (name, value) in annotations.as_object()? {
            if !spelling.others.iter().any(|other| spells(name, other)) {
                continue;
            }
            // A hint that is no boolean is taken at its most dangerous rather than ignored.
            let value = value.as_bool().unwrap_or_else(|| {
                self.notes
                    .push(format!("`{}` is not true or false; the more dangerous reading is taken", spelling.standard));
                spelling.dangerous
            });
            found = match found {
                Some(earlier) if earlier != value => {
                    self.notes.push(format!(
                        "`{}` is given twice with different values; the more dangerous one is taken",
                        spelling.standard
                    ));
                    Some(spelling.dangerous)
                }
                _ => Some(value),
            };
        }
        found
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
