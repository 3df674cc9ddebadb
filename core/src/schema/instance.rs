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
    /// Whether it is that string.
    fn is_text(&self, text: &str) -> bool;
    /// What tells most names apart, of a member's name.
    fn name_hash(&self) -> u32 {
        name_hash(self.text().as_bytes())
    }
    /// Whether it is that member's name, whose hash is known.
    fn is_name(&self, name: &str, _hash: u32) -> bool {
        self.is_text(name)
    }
    /// The number, if it has few digits: an integer, and how many of its digits stand behind the point.
    fn short(&self) -> Option<(i64, u32)>;
    /// The number as JSON writes it.
    fn number_text(&self) -> Cow<'_, str>;
    /// About how many bytes whoever looks at its text reads; 0 for what is neither a string nor a number.
    fn length(&self) -> usize {
        match self.kind() {
            Kind::String => self.text().len(),
            Kind::Number if self.short().is_none() => self.number_text().len(),
            _ => 0,
        }
    }
    /// The items of an array.
    fn items(&self) -> impl Iterator<Item = Self>;
    /// Visits each member until the visitor says `false`.
    fn each_member(&self, visit: impl FnMut(Member<'_, Self>) -> bool);
}

/// One member of an object.
#[derive(Debug, Clone, Copy)]
pub struct Member<'m, I> {
    /// Its name, as a string of the same kind.
    pub name: &'m I,
    /// Its value.
    pub value: &'m I,
}

/// Works on a value's number.
#[inline(always)]
pub(super) fn with_number<I: Instance, T>(value: &I, work: impl FnOnce(Number<'_>) -> T) -> T {
    match value.short() {
        Some((value, scale)) => work(Number::Short { value, scale }),
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
    fn is_text(&self, text: &str) -> bool {
        Node::is_text(*self, text)
    }

    #[inline(always)]
    fn name_hash(&self) -> u32 {
        Node::name_hash(*self)
    }

    #[inline(always)]
    fn is_name(&self, name: &str, hash: u32) -> bool {
        Node::name_hash(*self) == hash && Node::is_text(*self, name)
    }

    #[inline(always)]
    fn short(&self) -> Option<(i64, u32)> {
        match self.number() {
            Number::Short { value, scale } => Some((value, scale)),
            Number::Exact(_) => None,
        }
    }

    #[inline(always)]
    fn number_text(&self) -> Cow<'_, str> {
        Cow::Borrowed(Node::number_text(*self))
    }

    #[inline(always)]
    fn length(&self) -> usize {
        Node::length(*self)
    }

    #[inline(always)]
    fn items(&self) -> impl Iterator<Item = Self> {
        Node::items(*self)
    }

    #[inline(always)]
    fn each_member(&self, mut visit: impl FnMut(Member<'_, Self>) -> bool) {
        for member in self.members() {
            if !visit(Member { name: &member.key, value: &member.value }) {
                break;
            }
        }
    }
}
