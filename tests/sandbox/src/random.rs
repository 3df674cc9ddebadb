//! Codes, keys and identifiers from one generator, so that a seed makes a whole run repeatable.

use sha2::{Digest, Sha256};

/// A deterministic stream of random bytes: SHA-256 over the seed and a counter.
pub struct Random {
    seed: [u8; 32],
    counter: u64,
    pool: Vec<u8>,
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Random {
    /// A generator whose whole output follows from these bytes.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0, pool: Vec::new() }
    }

    /// A generator for a small number, as given on a command line.
    pub fn from_number(number: u64) -> Self {
        Self::from_seed(Sha256::digest(number.to_be_bytes()).into())
    }

    /// Moves to another stream: a data file opened again must not give out the same ids again.
    pub(crate) fn stir(&mut self, number: u64) {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(number.to_be_bytes());
        *self = Self::from_seed(hash.finalize().into());
    }

    fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.pool.pop() {
                return byte;
            }
            let mut hash = Sha256::new();
            hash.update(self.seed);
            hash.update(self.counter.to_be_bytes());
            self.counter += 1;
            self.pool = hash.finalize().to_vec();
        }
    }

    /// An even choice below `limit` (at most 128): the bytes that would favour small numbers are skipped.
    fn below(&mut self, limit: u8) -> u8 {
        let fair = 255 - (255 % limit);
        loop {
            let byte = self.byte();
            if byte < fair {
                return byte % limit;
            }
        }
    }

    /// A string of decimal digits.
    pub fn digits(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(b'0' + self.below(10))).collect()
    }

    /// A string of letters and digits.
    pub fn base62(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(BASE62[usize::from(self.below(62))])).collect()
    }

    /// An identifier like `con_4fGh…`.
    pub fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}_{}", self.base62(16))
    }
}

/// The lower-case hexadecimal SHA-256 of a text; the only form in which codes and keys are stored.
pub fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
