//! Our own types out of JSON that was read. One small trait instead of serde's `Deserialize`: for so many types the
//! code that is generated for it would weigh more than all that the guard decides.
//!
//! A value is made blank and filled in place. What does not fit is noted, not returned: the first misfit counts, and
//! whatever was filled after it is thrown away.

use std::borrow::Cow;

use super::tape::{Kind, Member, Node};
use super::{Document, Fault, Limits, Refusal};
use crate::text::{quoted_name, shorten};

/// Why a document is not of the wanted form, and where.
#[derive(Debug)]
pub(crate) struct Misfit(Box<Reason>);

#[derive(Debug)]
struct Reason {
    what: &'static str,
    name: String,
    expected: String,
    /// The member whose value it is.
    member: String,
    line: usize,
    column: usize,
    index: u32,
}

impl Misfit {
    #[cold]
    fn new(node: Node<'_>, what: &'static str, name: &str, expected: String) -> Self {
        let (line, column) = node.place();
        Misfit(Box::new(Reason {
            what,
            name: shorten(name, 40),
            expected,
            member: String::new(),
            line,
            column,
            index: node.index(),
        }))
    }

    #[cold]
    fn kind(node: Node<'_>, expected: &str) -> Self {
        let kind = match node.kind() {
            Kind::Null | Kind::Foreign => "null",
            Kind::False | Kind::True => "boolean",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array => "sequence",
            Kind::Object => "map",
        };
        Self::new(node, "invalid type", kind, expected.to_owned())
    }

    #[cold]
    fn variant(node: Node<'_>, word: &str, known: &[&str]) -> Self {
        Self::new(node, "unknown variant", word, one_of(known))
    }

    /// What may be told even where the document must not be quoted: which field or variant it is about.
    pub(crate) fn told(&self) -> String {
        let Reason { what, name, expected, member, .. } = &*self.0;
        match *what {
            "syntax" => String::new(),
            "invalid type" if member.is_empty() => String::new(),
            "invalid type" => [": ", &quoted_name(member), " is a ", name, ", expected ", expected].concat(),
            "invalid value" => [": ", what, " ", &quoted_name(name), ", expected ", expected].concat(),
            _ => [": ", what, " ", &quoted_name(name)].concat(),
        }
    }

    pub(crate) fn line(&self) -> usize {
        self.0.line
    }

    pub(crate) fn column(&self) -> usize {
        self.0.column
    }

    /// The value's place on the tape.
    pub(crate) fn index(&self) -> u32 {
        self.0.index
    }
}

impl From<Refusal> for Misfit {
    fn from(refusal: Refusal) -> Self {
        let (what, name, expected) = match refusal.fault {
            Fault::DuplicateKey => ("duplicate field", refusal.last_key(), String::new()),
            fault => ("syntax", fault.keyword(), refusal.expected()),
        };
        let name = shorten(name, 40);
        let member = String::new();
        Misfit(Box::new(Reason { what, name, expected, member, line: refusal.line, column: refusal.column, index: 0 }))
    }
}

impl core::fmt::Display for Misfit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Reason { what, name, expected, line, column, .. } = &*self.0;
        f.write_str(what)?;
        f.write_str(if *what == "invalid type" { ": " } else { " `" })?;
        f.write_str(name)?;
        if *what != "invalid type" {
            f.write_str("`")?;
        }
        if !expected.is_empty() {
            f.write_str(", expected ")?;
            f.write_str(expected)?;
        }
        write!(f, " at line {line} column {column}")
    }
}

fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("one of {}", quoted.join(", "))
}

/// What can be read out of a document.
pub(crate) trait FromNode {
    /// What stands in memory until it is filled; nobody sees it.
    fn blank() -> Self
    where
        Self: Sized;

    fn fill(&mut self, from: &mut Source<'_>);
}

/// A whole document.
pub(crate) fn read<T: FromNode>(text: &str, limits: Limits) -> Result<T, Misfit> {
    from_node(Document::read(text, limits)?.tape().root())
}

/// A value on a tape.
pub(crate) fn from_node<T: FromNode>(node: Node<'_>) -> Result<T, Misfit> {
    let mut from = Source { node, misfit: None };
    let value = from.whole();
    from.misfit.map_or(Ok(value), Err)
}

/// Where the value stands that is being read, and what did not fit.
pub(crate) struct Source<'t> {
    node: Node<'t>,
    misfit: Option<Misfit>,
}

impl<'t> Source<'t> {
    /// The value being read.
    pub(crate) fn node(&self) -> Node<'t> {
        self.node
    }

    pub(crate) fn whole<T: FromNode>(&mut self) -> T {
        let mut value = T::blank();
        value.fill(self);
        value
    }

    /// Every member of an object, whatever it is called.
    pub(crate) fn members<K: From<String>, T: FromNode>(&mut self) -> Vec<(K, T)> {
        self.object(None);
        let object = self.node;
        let read = |member: Member<'t>| {
            let mut value = T::blank();
            self.within(member.value, &mut value);
            (K::from(member.name().into_owned()), value)
        };
        object.members().map(read).collect()
    }

    /// Every item of an array: the walk is made once for all kinds of them.
    #[inline(never)]
    fn each(&mut self, visit: &mut dyn FnMut(&mut Self)) {
        let list = self.node;
        if list.kind() != Kind::Array {
            return self.expected("a sequence");
        }
        for item in list.items() {
            self.node = item;
            visit(self);
        }
        self.node = list;
    }

    pub(crate) fn member<T: FromNode>(&mut self, name: &str) -> T {
        let mut value = T::blank();
        self.must(name, &mut value);
        value
    }

    pub(crate) fn member_or_default<T: FromNode + Default>(&mut self, name: &str) -> T {
        let mut value = T::default();
        self.may(name, &mut value);
        value
    }

    /// Fills in a member that must be there.
    #[inline(never)]
    pub(crate) fn must(&mut self, name: &str, place: &mut dyn FromNode) {
        match self.node.get(name) {
            Some(node) => self.within_member(name, node, place),
            None => self.missing(name),
        }
    }

    /// Fills in a member that may be left out.
    #[inline(never)]
    pub(crate) fn may(&mut self, name: &str, place: &mut dyn FromNode) {
        if let Some(node) = self.node.get(name) {
            self.within_member(name, node, place);
        }
    }

    fn within_member(&mut self, name: &str, node: Node<'t>, place: &mut dyn FromNode) {
        let was_whole = self.misfit.is_none();
        self.within(node, place);
        if was_whole
            && let Some(Misfit(reason)) = &mut self.misfit
            && reason.member.is_empty()
        {
            name.clone_into(&mut reason.member);
        }
    }

    fn within(&mut self, node: Node<'t>, place: &mut dyn FromNode) {
        let around = core::mem::replace(&mut self.node, node);
        place.fill(self);
        self.node = around;
    }

    #[cold]
    fn fail(&mut self, misfit: impl FnOnce(Node<'t>) -> Misfit) {
        if self.misfit.is_none() {
            self.misfit = Some(misfit(self.node));
        }
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn expected(&mut self, what: &str) {
        self.fail(|node| Misfit::kind(node, what));
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn missing(&mut self, name: &str) {
        self.fail(|node| Misfit::new(node, "missing field", name, String::new()));
    }

    /// A member, or where there is none the object itself, is not what it must be.
    #[cold]
    #[inline(never)]
    pub(crate) fn unfit(&mut self, name: &str, expected: &str) {
        self.fail(|node| Misfit::new(node.get(name).unwrap_or(node), "invalid value", name, expected.to_owned()));
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn unknown_variant(&mut self, word: &str, known: &[&str]) {
        self.fail(|node| Misfit::variant(node, word, known));
    }

    /// Makes sure of an object, without other members than those if they are told.
    #[inline(never)]
    pub(crate) fn object(&mut self, known: Option<&[&str]>) {
        if self.node.kind() != Kind::Object {
            return self.expected("a map");
        }
        let Some(known) = known else { return };
        if let Some(other) = self.node.members().find(|member| !known.contains(&&*member.name())) {
            self.fail(|_| Misfit::new(other.value, "unknown field", &other.name(), one_of(known)));
        }
    }

    /// Which of the words it is.
    #[inline(never)]
    pub(crate) fn word(&mut self, words: &[&str]) -> Option<usize> {
        let Some(text) = self.node.as_text() else {
            self.expected("a string");
            return None;
        };
        let at = words.iter().position(|word| *word == text);
        if at.is_none() {
            self.unknown_variant(&text, words);
        }
        at
    }

    /// Which kind of object it is, by its member `type`; each kind's word is followed by its other members' names.
    #[inline(never)]
    pub(crate) fn tagged(&mut self, kinds: &[&[&str]]) -> Option<usize> {
        self.object(None);
        let Some(node) = self.node.get("type") else {
            self.fail(|node| Misfit::new(node, "missing field", "type", String::new()));
            return None;
        };
        let words: Vec<&str> = kinds.iter().filter_map(|kind| kind.first().copied()).collect();
        let around = core::mem::replace(&mut self.node, node);
        let at = self.word(&words);
        self.node = around;
        let mut known = vec!["type"];
        known.extend(kinds.get(at?)?.iter().skip(1));
        self.object(Some(&known));
        at
    }

    /// A variant by its word, which stands alone or is the name of the one member of an object. Whatever is read next
    /// is the variant's content.
    #[inline(never)]
    pub(crate) fn variant(&mut self) -> Cow<'t, str> {
        if let Some(word) = self.node.as_text() {
            self.node = Node::absent();
            return word;
        }
        match self.node.members().next() {
            Some(member) if self.node.len() == 1 => {
                self.node = member.value;
                member.name()
            }
            _ => {
                self.expected("a variant");
                Cow::Borrowed("")
            }
        }
    }
}

/// `record!(strict Type { must, …; may, … })` reads a struct; `open` passes over members that it does not know. What
/// stands behind a second semicolon is not in the document.
macro_rules! record {
    (strict $type:ident { $($must:ident),* ; $($may:ident),* }) => {
        $crate::json::de::record!(@ $type { $($must),* ; $($may),* ; }
            Some(&[$(stringify!($must),)* $(stringify!($may),)*]));
    };
    (open $type:ident { $($must:ident),* ; $($may:ident),* $(; $($none:ident),*)? }) => {
        $crate::json::de::record!(@ $type { $($must),* ; $($may),* ; $($($none),*)? } None);
    };
    (@ $type:ident { $($must:ident),* ; $($may:ident),* ; $($none:ident),* } $known:expr) => {
        impl $crate::json::de::FromNode for $type {
            fn blank() -> Self {
                $type {
                    $($must: $crate::json::de::FromNode::blank(),)*
                    $($may: Default::default(),)*
                    $($none: Default::default(),)*
                }
            }

            fn fill(&mut self, from: &mut $crate::json::de::Source<'_>) {
                from.object($known);
                $(from.must(stringify!($must), &mut self.$must);)*
                $(from.may(stringify!($may), &mut self.$may);)*
            }
        }
    };
}
pub(crate) use record;

/// `words!(Type { Variant = "word", … })`: an enum of bare words, as it is read and written.
macro_rules! words {
    ($type:ident { $first:ident = $first_word:literal $(, $variant:ident = $word:literal)* $(,)? }) => {
        impl $type {
            /// As written in JSON.
            #[allow(unreachable_pub, reason = "some of the enums are the crate's own")]
            pub fn as_str(self) -> &'static str {
                match self {
                    $type::$first => $first_word,
                    $($type::$variant => $word,)*
                }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> core::result::Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl $crate::json::de::FromNode for $type {
            fn blank() -> Self {
                $type::$first
            }

            fn fill(&mut self, from: &mut $crate::json::de::Source<'_>) {
                const ALL: &[$type] = &[$type::$first $(, $type::$variant)*];
                let at = from.word(&[$first_word $(, $word)*]);
                if let Some(word) = at.and_then(|at| ALL.get(at)) {
                    *self = *word;
                }
            }
        }
    };
}
pub(crate) use words;

impl FromNode for String {
    fn blank() -> Self {
        String::new()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        match from.node.as_text() {
            Some(text) => *self = text.into_owned(),
            None => from.expected("a string"),
        }
    }
}

impl FromNode for bool {
    fn blank() -> Self {
        false
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        match from.node.kind() {
            Kind::True => *self = true,
            Kind::False => *self = false,
            _ => from.expected("a boolean"),
        }
    }
}

impl FromNode for u64 {
    fn blank() -> Self {
        0
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        let number = if from.node.kind() == Kind::Number { from.node.number_text().parse().ok() } else { None };
        match number {
            Some(number) => *self = number,
            None => from.expected("an integer that is not negative"),
        }
    }
}

impl FromNode for u32 {
    fn blank() -> Self {
        0
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        match u32::try_from(from.whole::<u64>()) {
            Ok(number) => *self = number,
            Err(_) => from.expected("a smaller integer"),
        }
    }
}

impl FromNode for usize {
    fn blank() -> Self {
        0
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        *self = from.whole::<u32>() as usize;
    }
}

impl<T: FromNode> FromNode for Option<T> {
    fn blank() -> Self {
        None
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        *self = if from.node.kind() == Kind::Null { None } else { Some(from.whole()) };
    }
}

impl<T: FromNode> FromNode for Box<T> {
    fn blank() -> Self {
        Box::new(T::blank())
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        (**self).fill(from);
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    fn blank() -> Self {
        Vec::new()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.each(&mut |from| self.push(from.whole()));
    }
}

impl<One: FromNode, Other: FromNode> FromNode for (One, Other) {
    fn blank() -> Self {
        (One::blank(), Other::blank())
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        let mut items = from.node.items();
        match (items.next(), items.next(), items.next()) {
            (Some(one), Some(other), None) => {
                from.within(one, &mut self.0);
                from.within(other, &mut self.1);
            }
            _ => from.expected("a pair"),
        }
    }
}

impl<T: FromNode> FromNode for crate::error::Result<T> {
    fn blank() -> Self {
        Ok(T::blank())
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        match &*from.variant() {
            "Ok" => *self = Ok(from.whole()),
            "Err" => *self = Err(from.whole()),
            other => from.unknown_variant(other, &["Ok", "Err"]),
        }
    }
}
