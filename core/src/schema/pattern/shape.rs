//! What a pattern lets through that whoever wrote it may not mean. Decides nothing.

use super::class::Set;
use super::parse::{ENDLESS, Items, Node, Parsed, Place, Repeat};

/// What is seen of a pattern's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// It fits the whole value or nothing of it, by each of its alternatives.
    pub(crate) is_anchored: bool,
    /// Nearly anything may stand beside a letter, or for an alternative or the whole.
    pub(crate) is_open: bool,
    /// A `.` that fits any character stands between letters or digits.
    pub(crate) has_loose_dot: bool,
}

/// What stands beside a part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    Start,
    End,
    /// A letter or a digit as such.
    Letter,
    Dot,
    /// `@` or `//`: a host begins behind it.
    Host,
    Other,
}

pub(super) fn shape(parsed: &Parsed) -> Shape {
    let mut walk = Walk { parsed, is_open: false, has_loose_dot: false };
    walk.visit(parsed.root, Edge::Other, Edge::Other);
    let is_anchored = walk.ends_at(parsed.root, Place::Start) && walk.ends_at(parsed.root, Place::End);
    Shape { is_anchored, is_open: walk.is_open, has_loose_dot: walk.has_loose_dot }
}

struct Walk<'p> {
    parsed: &'p Parsed,
    is_open: bool,
    has_loose_dot: bool,
}

impl<'p> Walk<'p> {
    fn node(&self, node: u32) -> Node {
        self.parsed.nodes.get(node as usize).copied().unwrap_or(Node::At(Place::WordEdge))
    }

    fn items(&self, items: Items) -> &'p [u32] {
        self.parsed.items.get(items.start as usize..items.end as usize).unwrap_or_default()
    }

    /// Whether every alternative begins at the start, or ends at the end; what only looks ahead or back is passed over.
    fn ends_at(&self, node: u32, place: Place) -> bool {
        match self.node(node) {
            Node::At(found) => found == place,
            Node::Group(_, body) => self.ends_at(body, place),
            Node::Choice(items) => self.items(items).iter().all(|item| self.ends_at(*item, place)),
            Node::Sequence(items) => {
                let mut reading =
                    self.items(items).iter().filter(|item| !matches!(self.node(**item), Node::Look { .. }));
                let item = if place == Place::Start { reading.next() } else { reading.next_back() };
                item.is_some_and(|item| self.ends_at(*item, place))
            }
            _ => false,
        }
    }

    fn visit(&mut self, node: u32, before: Edge, after: Edge) {
        match self.node(node) {
            Node::Sequence(items) => {
                let items = self.items(items);
                for (at, item) in items.iter().enumerate() {
                    let (earlier, rest) = items.split_at(at);
                    let before = match earlier {
                        [.., one, other] if self.is_char(*one, '/') && self.is_char(*other, '/') => Edge::Host,
                        _ => earlier.iter().rev().find_map(|item| self.edge(*item, true)).unwrap_or(before),
                    };
                    let after = rest.iter().skip(1).find_map(|item| self.edge(*item, false)).unwrap_or(after);
                    self.visit(*item, before, after);
                }
            }
            Node::Choice(items) => {
                for item in self.items(items) {
                    self.is_open |= matches!(self.node(*item), Node::Repeat(Repeat { most: ENDLESS, .. }))
                        && self.all_of(*item, "aZ0.-@/:");
                    self.visit(*item, before, after);
                }
            }
            Node::Group(_, body) => self.visit(body, before, after),
            Node::Set(set) => {
                let is_dot = self.set(set).is_some_and(|set| "aZ0.-@/:\u{e9}".chars().all(|one| self.has(set, one)));
                self.has_loose_dot |= is_dot && (before, after) == (Edge::Letter, Edge::Letter);
            }
            Node::Repeat(Repeat { body, most, .. }) if most > 1 && self.is_wide(body) => {
                self.is_open |= match (before, after) {
                    (Edge::Letter, _) | (Edge::Dot, Edge::End) | (Edge::Start | Edge::Host, Edge::Letter) => true,
                    (Edge::Start, Edge::End) => most == ENDLESS && self.all_of(body, "aZ0.-@/:"),
                    _ => false,
                };
            }
            Node::Repeat(Repeat { body, .. }) if !matches!(self.node(body), Node::Set(_)) => {
                self.visit(body, before, after);
            }
            _ => {}
        }
    }

    /// What a part shows to the one behind it, or before it; nothing where it may be missing or is wide itself.
    fn edge(&self, node: u32, last: bool) -> Option<Edge> {
        match self.node(node) {
            Node::Char(code) => match char::from_u32(code) {
                Some('.') => Some(Edge::Dot),
                Some('@') => Some(Edge::Host),
                Some(character) if character.is_alphanumeric() => Some(Edge::Letter),
                _ => Some(Edge::Other),
            },
            Node::At(Place::Start) => Some(Edge::Start),
            Node::At(Place::End) => Some(Edge::End),
            Node::Group(_, body) => self.edge(body, last),
            Node::Sequence(items) => {
                let mut items = self.items(items).iter();
                if last {
                    items.rev().find_map(|item| self.edge(*item, last))
                } else {
                    items.find_map(|item| self.edge(*item, last))
                }
            }
            Node::Choice(items) => {
                let edges = || self.items(items).iter().map(|item| self.edge(*item, last));
                edges().find(|edge| *edge == Some(Edge::Letter)).or_else(|| edges().next()).flatten()
            }
            Node::Repeat(Repeat { least: 0, .. }) => None,
            Node::Repeat(Repeat { body, .. }) if self.is_wide(body) => None,
            Node::Repeat(Repeat { body, .. }) => self.edge(body, last),
            Node::At(_) => None,
            Node::Set(_) | Node::Look { .. } | Node::Back(_) | Node::Named(_) => Some(Edge::Other),
        }
    }

    /// Whether it takes what goes on with a name and what ends it.
    fn is_wide(&self, node: u32) -> bool {
        self.all_of(node, "aZ0.") && ["/", "@", ":"].iter().any(|end| self.all_of(node, end))
    }

    /// Whether each of these characters fits all along.
    fn all_of(&self, node: u32, wanted: &str) -> bool {
        match self.node(node) {
            Node::Set(set) => self.set(set).is_some_and(|set| wanted.chars().all(|one| self.has(set, one))),
            Node::Group(_, body) => self.all_of(body, wanted),
            Node::Repeat(Repeat { body, most, .. }) => most > 0 && self.all_of(body, wanted),
            Node::Sequence(items) => {
                !self.items(items).is_empty() && self.items(items).iter().all(|item| self.all_of(*item, wanted))
            }
            Node::Choice(items) => self.items(items).iter().any(|item| self.all_of(*item, wanted)),
            _ => false,
        }
    }

    fn is_char(&self, node: u32, character: char) -> bool {
        matches!(self.node(node), Node::Char(code) if code == u32::from(character))
    }

    fn set(&self, set: u32) -> Option<&'p Set> {
        self.parsed.sets.get(set as usize)
    }

    fn has(&self, set: &Set, character: char) -> bool {
        set.has(u32::from(character), &self.parsed.known)
    }
}

#[cfg(test)]
mod tests {
    use crate::schema::pattern;

    #[test]
    fn ordinary_patterns_are_closed() {
        for source in [
            r"^[^@]+@studio\.example$",
            r"^[^@\s]+@(?:studio|atelier)\.example$",
            r"^(?:ana|ben)@studio\.example$",
            r"(^a$)",
            r"^a$|^b$",
            r"^https://studio\.example/.*$",
            r"^https://(?:www\.)?studio\.example(?:[/?#].*)?$",
            r"^https://[a-z0-9-]+\.studio\.example(?::\d+)?/[^\s]*$",
            r"^\+49\d{6,12}$",
            r"^INV-\d{4,}$",
            r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$",
            r"^\d{4}-\d{2}-\d{2}$",
            r"^[\w.+-]+@studio\.example$",
            r"^[A-Za-z][\w .'-]{0,63}$",
            r"^.{1,200}$",
            r"^(?=.*\d)(?=.*[a-z]).{8,}$",
            r"^/srv/files/[^/]+\.pdf$",
            r"^.+\.pdf$",
            r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
            r"^v\d+\.\d+\.\d+$",
            r"^get_[a-z_]+$",
            r"^(?:^a|b$)$",
            r"^Re: .*$",
            r"^https://.*$",
            r"^[^@\s]+@[^@\s]+\.example$",
            r"^https://studio\.example/.*id=\d+$",
        ] {
            let shape = pattern::shape(source);
            assert!(shape.is_some_and(|it| it.is_anchored && !it.is_open && !it.has_loose_dot), "{source}: {shape:?}");
        }
    }

    #[test]
    fn patterns_that_let_more_through_are_open() {
        for source in [
            r"^https://studio\.example.*$",
            r"^https://studio\.example.+$",
            r"^https://studio\.example[\s\S]*$",
            r"^https://studio\.example[^/]*$",
            r"^https://studio\.example\S*$",
            r"^https://studio\.example(?:.|\n)*$",
            r"^https://studio\.example(.*)?$",
            r"^https://studio\.example(?:/|.*)$",
            r"^https://studio\.example.{0,90}$",
            r"^https://studio\.example(?:..)*$",
            r"^https://studio\.example.*/path$",
            r"^https://studio\..*$",
            r"^(https://studio\.example.*)$",
            r"^[^@\s]+@(?:studio\.example|.*)$",
            r"^.*studio\.example$",
            r"^.*$",
            r"^.+.*$",
            r"^(?:.*)$",
            r"^\S+$",
            r"^a$|^.*$",
            r"^https://studio\.example\b.*$",
            r"^[^@]+@.*studio\.example$",
            r"^https://.*studio\.example/.*$",
            r"^[^]*$",
        ] {
            let shape = pattern::shape(source);
            assert!(shape.is_some_and(|it| it.is_anchored && it.is_open), "{source}: {shape:?}");
        }
    }

    #[test]
    fn anchors() {
        for (source, expected) in [
            ("^a$", true),
            ("^(a|b)$", true),
            ("^[|]$", true),
            ("^a|b$", false),
            ("^a$|^b$", true),
            ("^a$|b$", false),
            ("^a|^b$", false),
            ("^a$|", false),
            ("|^a$", false),
            ("a$", false),
            ("^a", false),
            (r"^a\$", false),
            (r"^a\\$", true),
            ("((^a$))", true),
            ("(^a)$", true),
            ("(^a$)?", false),
            ("", false),
        ] {
            assert_eq!(pattern::shape(source).map(|shape| shape.is_anchored), Some(expected), "{source}");
        }
    }

    #[test]
    fn dots() {
        for (source, expected) in [
            ("studio.example", true),
            (r"^[^@]+@studio.example$", true),
            ("(?:studio|atelier).example", true),
            (r"studio\.example", false),
            ("a.*b", false),
            ("a.?b", false),
            ("[a.b]", false),
            (r"\\a.b", true),
        ] {
            assert_eq!(pattern::shape(source).map(|shape| shape.has_loose_dot), Some(expected), "{source}");
        }
    }

    #[test]
    fn lower_case_is_matched_whatever_case_is_meant() {
        for (source, text, expected) in [
            (r"^Evil@x\.Example$", "evil@x.example", true),
            ("^[A-Z]+$", "abc", true),
            ("^[^A-Z]+$", "abc", false),
            (r"^\S\D\W$", "ab-", true),
            ("^ÄßЖ$", "äßж", true),
            ("^[А-Я]$", "ж", true),
            ("^(?:A|B)$", "b", true),
            (r"^\x45\u0056$", "ev", true),
            ("^a$", "b", false),
        ] {
            let pattern = pattern::Pattern::for_lower_case(source);
            assert_eq!(pattern.map(|pattern| pattern.is_match(text, &mut 10_000)), Some(Ok(expected)), "{source}");
        }
    }
}
