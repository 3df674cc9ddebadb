//! Schemas and documents out of choices: our verdicts are those of the `jsonschema` crate.

#![no_main]

#[path = "../../tests/generate/mod.rs"]
mod generate;
#[path = "../../tests/oracle/mod.rs"]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let [first, choices @ ..] = bytes
        && let Err(difference) = oracle::compare(usize::from(first & 3), first & 4 != 0, choices)
    {
        panic!("{difference}");
    }
});
