//! Stack for rules within rules, however little of it the host's thread has.

/// What the deepest rules take. Without optimisation they take several times that.
#[cfg(not(target_family = "wasm"))]
const DEEPEST: usize = if cfg!(debug_assertions) { 16 << 20 } else { 1 << 20 };

/// Does the work on the thread's own stack where that has room, else on one that is made for it: a verdict must not
/// depend on the thread, and nothing is left to say once a stack has overflowed.
#[cfg(not(target_family = "wasm"))]
#[inline]
pub(super) fn with_room<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(DEEPEST, 2 * DEEPEST, work)
}

/// An engine that runs WebAssembly has one size of stack and ends an overflow by a trap.
#[cfg(target_family = "wasm")]
#[inline(always)]
pub(super) fn with_room<T>(work: impl FnOnce() -> T) -> T {
    work()
}
