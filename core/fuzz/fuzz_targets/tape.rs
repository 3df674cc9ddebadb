//! Any bytes: what serde_json takes is taken, what it does not is refused, and the canonical form is its own.

#![no_main]

#[path = "../../tests/strict/mod.rs"]
mod strict;

use libfuzzer_sys::fuzz_target;
use toolgate_core::ffi::{Tokens, Validator, canonicalize};

fuzz_target!(|bytes: &[u8]| {
    let anything = Validator::compile("true", "{}").unwrap();
    let accepted = anything.is_valid(bytes, &mut Tokens::default());
    assert_eq!(accepted, anything.validate(bytes, &mut Tokens::default()).is_empty());
    let Ok(text) = core::str::from_utf8(bytes) else {
        assert!(!accepted);
        return;
    };
    if let Some(expected) = strict::reference(text) {
        assert_eq!(accepted, expected);
    }
    if let Ok(canonical) = canonicalize(text) {
        assert!(accepted);
        assert_eq!(canonicalize(&canonical).as_ref(), Ok(&canonical));
    }
});
