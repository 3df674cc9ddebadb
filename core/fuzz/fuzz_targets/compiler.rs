//! Any text as a schema: it is refused with a reason or understood, and understood alike each time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use toolgate_core::ffi::{Tokens, Validator};

const DOCUMENTS: [&str; 14] = [
    "null",
    "true",
    "0",
    "-1.5",
    "1e400",
    "\"\"",
    "\"a\"",
    "\"2024-02-29\"",
    "[]",
    "[1,1.0,\"a\",[null]]",
    "{}",
    "{\"a\":1}",
    "{\"a\":{\"a\":[{\"b\":\"c\"}]},\"b\":\"a\",\"\":null}",
    "{\"a\":",
];

fuzz_target!(|schema: &str| {
    let validator = match Validator::compile(schema, "{}") {
        Ok(validator) => validator,
        Err(error) => {
            let error: serde_json::Value = serde_json::from_str(&error).unwrap();
            assert!(error["details"]["problem"].as_str().is_some_and(|problem| !problem.is_empty()));
            return;
        }
    };
    let again = Validator::compile(schema, "{}").unwrap();
    let mut tokens = Tokens::default();
    for document in DOCUMENTS {
        let verdict = validator.is_valid(document.as_bytes(), &mut tokens);
        assert_eq!(verdict, again.is_valid(document.as_bytes(), &mut tokens), "{document}");
        let violations = validator.validate(document.as_bytes(), &mut Tokens::default());
        assert_eq!(verdict, violations.is_empty(), "{document}");
        assert!(violations.iter().all(|violation| !violation.keyword.is_empty() && !violation.repair.is_empty()));
    }
});
