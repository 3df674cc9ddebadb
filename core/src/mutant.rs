//! Gates broken on purpose, one at a time, to see that the checks of `tests/model.rs` notice. Without the feature
//! `mutants`, which nothing that is shipped enables, no gate can be broken and nothing of this is compiled.

#[cfg(feature = "mutants")]
use core::sync::atomic::{AtomicUsize, Ordering};

macro_rules! mutants {
    ($($(#[doc = $doc:literal])+ $mutant:ident,)+) => {
        /// What is broken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Mutant {
            $($(#[doc = $doc])+ $mutant,)+
        }

        impl Mutant {
            /// All of them.
            #[cfg(feature = "mutants")]
            pub const ALL: &[Mutant] = &[$(Mutant::$mutant),+];
        }
    };
}

mutants! {
    /// The gate known takes a tool that is not listed for another.
    Known,
    /// The gate pinned passes every definition.
    Pinned,
    /// The gate pinned asks nobody to confirm what nothing but the server's hints says.
    Confirmed,
    /// The gate arguments does not ask the schema.
    Arguments,
    /// The gate policy passes what a rule denies.
    PolicyDeny,
    /// The gate policy passes what a person should be asked.
    PolicyAsk,
    /// The gate pace passes everything.
    Pace,
    /// The gate plan passes everything.
    Plan,
    /// An approval covers any call of its tool.
    Covers,
    /// Nothing expires.
    Expiry,
    /// A spent approval is good for another call.
    Spent,
    /// The gates are not passed again after a person's answer, nor is anything looked at after the ledger took the claim.
    Recheck,
    /// Nothing is looked at after the ledger took the claim.
    Claimed,
    /// The gate dispatch sends although the ledger held another record.
    Conflict,
    /// The call goes out before the ledger has the record.
    LedgerLater,
    /// A record is taken whatever its seal says.
    Seal,
    /// A call whose answer was lost is sent again.
    Retry,
    /// An approval is given back whatever became of its call.
    GivenBack,
    /// A call that was on its way when its process ended is sent again by the next.
    Resume,
    /// An answer to an old step is taken for one to the open step.
    Stale,
    /// A person's no counts as a yes.
    Denied,
    /// An approval of a later round covers whatever inputs are given.
    Inputs,
    /// What a host gives a tool in a later round goes out unasked where a rule permits the call.
    Handed,
    /// The gate once lets a consequence happen again.
    Once,
    /// A consequence that another process took first is taken for the call's own.
    OnceConflict,
    /// A consequence is free again once the server answered with an error.
    OnceError,
    /// Nobody looks what was said to other guards on the same ledger.
    Elsewhere,
    /// What was read is not noted for the rules that look back.
    After,
    /// A remembered answer is good for any number of calls.
    RememberCount,
    /// A remembered answer covers other values than those that were fixed.
    RememberArguments,
    /// A remembered answer covers a tool that has changed.
    RememberDefinition,
    /// An answer about what costs money is remembered too.
    RememberBilling,
    /// A yes that was taken back lets its call out.
    Withdrawn,
    /// A call that is called off leaves the yes to it.
    CalledOff,
    /// Anybody may answer for those whom the policy names, and one yes is as good as several.
    Approvers,
    /// A person is asked about a denied call again and again.
    Silences,
    /// A call that came out of a snapshot is sent although another process may send it too.
    Claim,
    /// The gate result does not ask the outputSchema.
    Result,
}

#[cfg(feature = "mutants")]
static SELECTED: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Breaks one gate in the whole process, or none.
#[cfg(feature = "mutants")]
pub fn select(mutant: Option<Mutant>) {
    SELECTED.store(mutant.map_or(usize::MAX, |mutant| mutant as usize), Ordering::SeqCst);
}

#[cfg(feature = "mutants")]
pub(crate) fn is(mutant: Mutant) -> bool {
    SELECTED.load(Ordering::Relaxed) == mutant as usize
}

#[cfg(not(feature = "mutants"))]
pub(crate) const fn is(_: Mutant) -> bool {
    false
}
