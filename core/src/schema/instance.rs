//! What the validator asks of a value: a tape has the answers, and so have the objects of a host's language.

use std::borrow::Cow;

use crate::json::number::Number;
pub use crate::json::tape::Kind;
use crate::json::tape::{Node, name_hash};

/// A JSON value, wherever it lives.
pub trait Instance: Clone {
    /// What it is.
    fn kind(&self) -> Kind;
    /// How many items or members it has; 0 for what has none.
    fn count(&self) -> usize;
    /// The string; empty for what is none.
    fn text(&self) -> Cow<'_, str>;
    /// The number, if it is an integer of few digits.
    fn small(&self) -> Option<i64>;
    /// The number as JSON writes it.
    fn number_text(&self) -> Cow<'_, str>;
    /// The items of an array.
    fn items(&self) -> impl Iterator<Item = Self>;
    /// Visits each member until the visitor says `false`.
    fn each_member(&self, visit: impl FnMut(Member<'_, Self>) -> bool);
}

/// One member of an object.
#[derive(Debug, Clone, Copy)]
pub struct Member<'m, I> {
    /// Its name.
    pub name: &'m str,
    /// [`hash`] of the name.
    pub hash: u32,
    /// Its name as a value.
    pub key: &'m I,
    /// Its value.
    pub value: &'m I,
}

/// The hash of a member's name that [`Member`] gives.
#[inline(always)]
pub fn hash(name: &str) -> u32 {
    name_hash(name.as_bytes())
}

/// Works on a value's number.
#[inline(always)]
pub(super) fn with_number<I: Instance, T>(value: &I, work: impl FnOnce(Number<'_>) -> T) -> T {
    match value.small() {
        Some(small) => work(Number::Small(small)),
        None => work(Number::of(&value.number_text())),
    }
}

impl Instance for Node<'_> {
    #[inline(always)]
    fn kind(&self) -> Kind {
        Node::kind(*self)
    }

    #[inline(always)]
    fn count(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn text(&self) -> Cow<'_, str> {
        Node::text(*self)
    }

    #[inline(always)]
    fn small(&self) -> Option<i64> {
        match self.number() {
            Number::Small(small) => Some(small),
            Number::Exact(_) => None,
        }
    }

    #[inline(always)]
    fn number_text(&self) -> Cow<'_, str> {
        Cow::Borrowed(Node::number_text(*self))
    }

    #[inline(always)]
    fn items(&self) -> impl Iterator<Item = Self> {
        Node::items(*self)
    }

    #[inline(always)]
    fn each_member(&self, mut visit: impl FnMut(Member<'_, Self>) -> bool) {
        for member in self.members() {
            let (name, hash) = (member.name(), member.hash());
            if !visit(Member { name: &name, hash, key: &member.key, value: &member.value }) {
                break;
            }
        }
    }
}
