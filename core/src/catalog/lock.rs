//! The lock file: the pinned definitions as text that people review in a difference and keep under version control.

use super::effect::{self, Effect};
use super::{Catalog, MAX_NAME, MAX_TOOLS, Pinned, digest_of};
use crate::error::{Code, Error, Result};
use crate::guard::Head;
use crate::json::canonical::{new_line, write_lines, write_string};
use crate::json::de::{self, Misfit, record};
use crate::json::tape::Node;
use crate::json::{self, Document, Json};
use crate::map::Map;
use crate::profile::Profile;
use crate::redact::Redactor;
use crate::text::{quoted_name, shorten, visible};

const VERSION: u32 = 1;

struct File {
    toolgate: String,
    version: u32,
    server: String,
    tools: Map<String, Locked>,
}

record!(strict File { toolgate, version, server, tools; });

struct Locked {
    /// For people; what counts is worked out from the definition.
    effect: Effect,
    digest: String,
    definition: Json,
    /// Whether a person confirmed what the hints of the definition say, where nothing else does.
    confirmed: bool,
}

record!(strict Locked { effect, digest, definition; confirmed });

/// From a lock file's text, or a value of that form; in the order of the names.
pub(crate) fn read(lock: &Json, server: &str) -> Result<Vec<(String, Pinned)>> {
    let option = Document::read(lock.get(), json::OWN).map_err(|refusal| unreadable(&refusal.into()))?;
    match option.tape().root().as_text() {
        Some(text) => {
            let file = Document::read(&text, json::OWN).map_err(|refusal| unreadable(&refusal.into()))?;
            pins(file.tape().root(), server)
        }
        None => pins(option.tape().root(), server),
    }
}

fn pins(root: Node<'_>, server: &str) -> Result<Vec<(String, Pinned)>> {
    let head: Head = de::from_node(root).map_err(|misfit| unreadable(&misfit))?;
    if head.toolgate != "lock" {
        return Err(invalid("The text is no lock file".to_owned()));
    }
    if head.version == 0 || head.version > VERSION {
        return Err(invalid(format!(
            "The lock file has version {}; this toolgate knows up to {VERSION}",
            head.version
        ))
        .with_next("Use the version of toolgate that wrote the lock file, or a later one.")
        .with("version", head.version));
    }
    if head.server != server {
        let [theirs, ours] = [&head.server, server].map(quoted_name);
        return Err(invalid(format!("The lock file was written for {theirs}, and this server is {ours}"))
            .with_next("Give the lock file of this server, or write a new one after looking at the tools."));
    }
    let file: File = de::from_node(root).map_err(|misfit| unreadable(&misfit))?;
    if file.tools.len() > MAX_TOOLS {
        return Err(invalid(format!("The lock file names more than {MAX_TOOLS} tools")));
    }
    let mut pins = Vec::with_capacity(file.tools.len());
    for (name, locked) in file.tools {
        let text = locked.definition.get();
        let edited = |what: &str| {
            let message = format!("In the lock file, {what} of {}", quoted_name(&name));
            invalid(message).with("tool", visible(&shorten(&name, 100)))
        };
        let definition = Document::read(text, json::DEFINITION)
            .map_err(|refusal| edited(&format!("{} stands in the definition", refusal.fault.keyword())))?;
        let definition = definition.tape().root();
        if name.is_empty() || name.len() > MAX_NAME || !definition.get("name").is_some_and(|node| node.is_text(&name)) {
            return Err(edited("the name is not that in the definition"));
        }
        if digest_of(definition) != locked.digest {
            return Err(edited("the digest is not that of the definition"));
        }
        pins.push((name, Pinned { text: text.into(), confirmed: locked.confirmed }));
    }
    Ok(pins)
}

fn unreadable(misfit: &Misfit) -> Error {
    invalid(format!(
        "The lock file cannot be read{} at line {}, column {}",
        misfit.told(),
        misfit.line(),
        misfit.column()
    ))
    .with("line", misfit.line())
    .with("column", misfit.column())
}

fn invalid(what: String) -> Error {
    Error::new(Code::InvalidLock, what + ".")
}

/// What is pinned now. A definition that cannot be read is left out, since its calls are refused in any case, and so is
/// one that holds a declared secret or a key of the profile's kind.
pub(crate) fn write(
    catalog: &Catalog,
    server: &str,
    trusted: bool,
    profile: Option<&Profile>,
    redactor: &Redactor,
) -> String {
    let mut out = String::from("{\n  \"toolgate\": \"lock\",\n  \"version\": ");
    out.push_str(&VERSION.to_string());
    out.push_str(",\n  \"server\": ");
    write_string(server, &mut out);
    out.push_str(",\n  \"tools\": {");
    let mut first = true;
    for (name, text, confirmed) in catalog.pinned() {
        let Ok(document) = Document::read(text, json::DEFINITION) else { continue };
        let definition = document.tape().root();
        // The file is reviewed, copied and kept for ever; without its pin the tool waits for a person.
        if redactor.finds_own(text) || redactor.finds_own(name) {
            continue;
        }
        if !core::mem::take(&mut first) {
            out.push(',');
        }
        new_line(4, &mut out);
        write_string(name, &mut out);
        out.push_str(": {\n      \"effect\": \"");
        let assessed = effect::of_definition(name, definition, trusted, profile);
        out.push_str(assessed.effect.as_str());
        if confirmed && assessed.unconfirmed {
            out.push_str("\",\n      \"confirmed\": true,\n      \"digest\": \"");
        } else {
            out.push_str("\",\n      \"digest\": \"");
        }
        out.push_str(&digest_of(definition));
        out.push_str("\",\n      \"definition\": ");
        write_lines(definition, Some("_meta"), 6, &mut out);
        out.push_str("\n    }");
    }
    if !first {
        new_line(2, &mut out);
    }
    out.push_str("}\n}\n");
    out
}
