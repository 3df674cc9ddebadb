//! The official JSON-Schema-Test-Suite, from the folder that `TOOLGATE_SUITE` names or from `.cache/suite`. Without it
//! the test fails: a run that tested nothing shall not look like one that did.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads files and the environment, and tells its counts"
)]

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use toolgate_core::ffi::{Tokens, Validator};

const DRAFTS: [(&str, &str); 4] = [
    ("draft2020-12", "https://json-schema.org/draft/2020-12/schema"),
    ("draft2019-09", "https://json-schema.org/draft/2019-09/schema"),
    ("draft7", "http://json-schema.org/draft-07/schema"),
    ("draft6", "http://json-schema.org/draft-06/schema"),
];

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

fn remotes(suite: &Path) -> Map<String, Value> {
    let folder = suite.join("remotes");
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let uri = |path: &Path| format!("http://localhost:1234/{}", path.strip_prefix(&folder).unwrap().display());
    paths.iter().map(|path| (uri(path), read(path))).collect()
}

#[test]
fn every_test_of_the_suite() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let suite = std::env::var_os("TOOLGATE_SUITE").map_or_else(|| root.join(".cache/suite"), PathBuf::from);
    assert!(
        suite.join("tests").is_dir(),
        "the JSON-Schema-Test-Suite is not in {}: `tests/setup/suite.sh .cache/suite` fetches it",
        suite.display()
    );
    let exceptions = read(&root.join("tests/suite/exceptions.json"));
    let excepted = |name: &str| exceptions["exceptions"].as_array().unwrap().iter().any(|entry| entry["test"] == *name);
    let formats = exceptions["formats"].as_array().unwrap();
    let remotes = Value::Object(remotes(&suite));
    let mut unexpected: Vec<String> = Vec::new();
    let mut met: usize = 0;
    for (draft, dialect) in DRAFTS {
        let folder = suite.join("tests").join(draft);
        let mut paths = Vec::new();
        files(&folder, &mut paths);
        let (mut required, mut of_formats) = (0, 0);
        for path in paths {
            let file = path.strip_prefix(&folder).unwrap().display().to_string();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let is_format = file.starts_with("optional/format/") && formats.iter().any(|format| format == stem);
            if file.starts_with("optional") && !is_format {
                continue;
            }
            for group in read(&path).as_array().unwrap() {
                let options = json!({
                    "dialect": dialect,
                    "formats": if is_format { "assert" } else { "annotate" },
                    "resources": remotes,
                });
                let validator = Validator::compile(&group["schema"].to_string(), &options.to_string());
                for test in group["tests"].as_array().unwrap() {
                    let name = format!(
                        "{draft}/{file}/{}/{}",
                        group["description"].as_str().unwrap(),
                        test["description"].as_str().unwrap()
                    );
                    let text = test["data"].to_string();
                    let (verdict, violations) = match &validator {
                        Ok(validator) => (
                            Ok(validator.is_valid(text.as_bytes(), &mut Tokens::default())),
                            validator.validate(text.as_bytes(), &mut Tokens::default()),
                        ),
                        Err(error) => (Err(error.clone()), Vec::new()),
                    };
                    let passes = verdict == Ok(test["valid"].as_bool().unwrap())
                        && violations.is_empty() == test["valid"].as_bool().unwrap();
                    *(if is_format { &mut of_formats } else { &mut required }) += 1;
                    match (passes, excepted(&name)) {
                        (true, false) => {}
                        (false, true) => met += 1,
                        (false, false) => unexpected.push(format!("fails: {name}: {verdict:?} {violations:?}")),
                        (true, true) => unexpected.push(format!("passes, but is listed as an exception: {name}")),
                    }
                }
            }
        }
        println!("{draft}: {required} required, {of_formats} of formats");
        assert_eq!(exceptions["tests"][draft], json!([required, of_formats]), "{draft}: the number of tests");
    }
    assert!(unexpected.is_empty(), "{} tests:\n{}", unexpected.len(), unexpected.join("\n"));
    assert_eq!(met, exceptions["exceptions"].as_array().unwrap().len(), "an exception names no test");
}
