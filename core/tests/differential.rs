//! Our verdicts beside those of the `jsonschema` crate, on schemas and documents that nobody thought of.
//!
//! `PROPTEST_CASES` sets how many are tried.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test may panic"
)]

mod generate;
mod oracle;

use proptest::prelude::*;

/// Says nothing of itself where a test fails: the schema that was made of it is told.
struct Bytes(Vec<u8>);

impl core::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} choices", self.0.len())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn every_verdict_is_the_oracle_s(
        draft in 0_usize..4,
        formats in any::<bool>(),
        bytes in prop::collection::vec(any::<u8>(), 0..900).prop_map(Bytes),
    ) {
        oracle::compare(draft, formats, &bytes.0).map_err(TestCaseError::fail)?;
    }
}
