//! From a schema's text to a program: every keyword checked, every reference resolved, nothing left to look up.

use std::sync::Arc;

use super::format::Format;
use super::instance::Instance;
use super::pattern::Pattern;
use super::source::{Draft, Holds, Index, Place, Places, RECURSIVE, Sources, holds};
use super::{Options, Problem, SchemaError};
use crate::json::Document;
use crate::json::number::{Divisor, Number};
use crate::json::tape::{Kind, Node, name_hash};
use crate::sort::sort_by;

/// More subschemas than any schema that people write.
const MAX_NODES: usize = 50_000;
/// Objects of more names are not judged while they are read.
const MOST_READ: usize = 64;
/// No schema, where an index is due.
pub(super) const NONE: u32 = u32::MAX;

/// A compiled schema.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) nodes: Vec<Rules>,
    pub(super) root: u32,
    pub(super) sources: Sources,
    /// Whether a reference depends on the way by which it was reached.
    pub(super) is_dynamic: bool,
    /// The rules by document and token.
    known: Places,
}

impl Program {
    /// The rules for a place.
    pub(super) fn by_place(&self, place: Place) -> Option<u32> {
        self.known.get(place.document, place.token)
    }
}

/// What one subschema demands.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) place: Place,
    /// For `true` and `false`.
    pub(super) verdict: Option<bool>,
    /// A bit for each type that is allowed.
    pub(super) types: u8,
    pub(super) values: Option<Values>,
    pub(super) number: Option<Box<NumberRules>>,
    pub(super) string: Option<Box<StringRules>>,
    pub(super) array: Option<Box<ArrayRules>>,
    pub(super) object: Option<Box<ObjectRules>>,
    /// Subschemas for the same value.
    pub(super) in_place: Vec<InPlace>,
    pub(super) unevaluated_items: u32,
    pub(super) unevaluated_properties: u32,
    /// Whether a value without items and members only has to pass `types`, `number`, `string` and texts in `values`.
    pub(super) is_plain: bool,
    /// How an array or an object can be judged while its text is read.
    pub(super) reading: Reading,
}

/// How an array or an object can be judged while its text is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reading {
    /// Item by item, member by member.
    Once,
    /// As these other rules have it, which are all that there is.
    Like(u32),
    /// Not at all: something asks for the whole value.
    Whole,
}

/// `enum` or `const`.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) is_const: bool,
    /// Only strings; sorted if there are many.
    pub(super) texts: Option<Vec<Box<str>>>,
    /// Where the values stand in the schema's document.
    pub(super) tokens: Vec<u32>,
}

/// A number of the schema, ready to be compared with.
#[derive(Debug)]
pub(super) enum Bound {
    Short(i64, u32),
    Exact(Box<str>),
}

impl Bound {
    pub(super) fn number(&self) -> Number<'_> {
        match self {
            Bound::Short(value, scale) => Number::Short { value: *value, scale: *scale },
            Bound::Exact(text) => Number::of(text),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct NumberRules {
    pub(super) minimum: Option<Bound>,
    pub(super) maximum: Option<Bound>,
    pub(super) above: Option<Bound>,
    pub(super) below: Option<Bound>,
    pub(super) divisor: Option<Divisor>,
}

impl NumberRules {
    /// Whether a number is within all of them.
    #[inline(always)]
    pub(super) fn allow(&self, number: Number<'_>) -> bool {
        let compared = |bound: &Bound| number.compare(bound.number());
        self.minimum.as_ref().is_none_or(|bound| compared(bound).is_ge())
            && self.maximum.as_ref().is_none_or(|bound| compared(bound).is_le())
            && self.above.as_ref().is_none_or(|bound| compared(bound).is_gt())
            && self.below.as_ref().is_none_or(|bound| compared(bound).is_lt())
            && self.divisor.is_none_or(|divisor| divisor.divides(number))
    }
}

#[derive(Debug, Default)]
pub(super) struct StringRules {
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    pub(super) pattern: Option<Pattern>,
    pub(super) format: Option<Format>,
}

#[derive(Debug)]
pub(super) struct ArrayRules {
    pub(super) prefix: Vec<u32>,
    pub(super) items: u32,
    /// Which keyword holds `items`.
    pub(super) items_keyword: &'static str,
    pub(super) prefix_keyword: &'static str,
    pub(super) contains: u32,
    pub(super) contains_least: u64,
    pub(super) contains_most: Option<u64>,
    /// Whether what `contains` finds counts as evaluated.
    pub(super) contains_evaluates: bool,
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    pub(super) unique: bool,
}

#[derive(Debug)]
pub(super) struct ObjectRules {
    pub(super) names: Names,
    pub(super) required: Vec<u32>,
    pub(super) patterns: Vec<(Pattern, u32)>,
    pub(super) additional: u32,
    pub(super) property_names: u32,
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    /// If the first is there, the second must be.
    pub(super) dependent_required: Vec<(u32, Vec<u32>)>,
    pub(super) dependent_schemas: Vec<(u32, u32)>,
    /// `dependencies` holds the two before.
    pub(super) dependencies: bool,
}

/// Every name that the rules of an object speak of, in the order of the schema.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) entries: Vec<Name>,
    /// Hash and index, sorted, where there are many.
    sorted: Vec<(u32, u32)>,
    /// While the table is made.
    indices: Index,
}

#[derive(Debug)]
pub(super) struct Name {
    hash: u32,
    pub(super) name: Box<str>,
    /// Its schema; [`NONE`] if `properties` does not name it.
    pub(super) schema: u32,
    /// The first eight bytes of the name with the quote and the colon behind it, and which of them there are.
    head: u64,
    mask: u64,
}

impl Name {
    fn new(name: &str) -> Self {
        let mut head = [0; 8];
        let mut mask = [0; 8];
        for ((head, mask), byte) in head.iter_mut().zip(&mut mask).zip(name.bytes().chain(*b"\":")) {
            (*head, *mask) = (byte, 0xff);
        }
        // In a text it stands with an escape, which is not looked for here.
        let is_escaped = name.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
        Name {
            hash: name_hash(name.as_bytes()),
            name: name.into(),
            schema: NONE,
            head: u64::from_le_bytes(head),
            mask: if is_escaped { 0 } else { u64::from_le_bytes(mask) },
        }
    }

    /// Whether a text begins with it, a quote and a colon.
    #[inline(always)]
    pub(super) fn begins(&self, text: &[u8]) -> bool {
        const HEAD: usize = 8;
        let Some(head) = text.first_chunk::<HEAD>() else { return false };
        if u64::from_le_bytes(*head) & self.mask != self.head {
            return false;
        }
        let length = self.name.len();
        let behind = length.wrapping_add(2);
        behind <= HEAD
            || text.get(length..behind) == Some(b"\":")
                && text.get(HEAD..length) == self.name.as_bytes().get(HEAD..length)
    }
}

/// So few names are looked through one by one.
pub(super) const FEW_NAMES: usize = 8;

impl Names {
    /// The index of a name; `hint` is tried first, because members mostly come in the schema's order.
    #[inline(always)]
    pub(super) fn find<I: Instance>(&self, name: &I, hint: usize) -> Option<usize> {
        match self.entries.get(hint) {
            Some(entry) if name.is_name(&entry.name, entry.hash) => Some(hint),
            _ => self.look_up(name),
        }
    }

    #[inline(never)]
    pub(super) fn look_up<I: Instance>(&self, name: &I) -> Option<usize> {
        let hash = name.name_hash();
        let is = |entry: &Name| entry.hash == hash && name.is_text(&entry.name);
        if self.sorted.is_empty() {
            return self.entries.iter().position(is);
        }
        let first = self.sorted.partition_point(|(known, _)| *known < hash);
        let (_, alike) = self.sorted.split_at_checked(first)?;
        match alike {
            [(known, index), rest @ ..] if *known == hash && rest.first().is_none_or(|(next, _)| *next != hash) => {
                self.entries.get(*index as usize).is_some_and(is).then_some(*index as usize)
            }
            // Names can be chosen so that all of their hashes are the same.
            _ => {
                let text = name.text();
                let found = alike.binary_search_by(|(known, index)| {
                    let known_text = self.entries.get(*index as usize).map_or("", |entry| &entry.name);
                    (*known, known_text).cmp(&(hash, &text))
                });
                alike.get(found.ok()?).map(|(_, index)| *index as usize)
            }
        }
    }

    fn add(&mut self, name: &str) -> u32 {
        if let Some(index) = self.indices.get(name) {
            return *index;
        }
        let index = self.entries.len() as u32;
        self.indices.insert(name.to_owned(), index);
        self.entries.push(Name::new(name));
        index
    }

    fn finish(&mut self) {
        self.indices = Index::new();
        if self.entries.len() > FEW_NAMES {
            self.sorted = self.entries.iter().enumerate().map(|(index, name)| (name.hash, index as u32)).collect();
            let name = |index: u32| self.entries.get(index as usize).map_or("", |entry| &entry.name);
            sort_by(&mut self.sorted, |one, other| (one.0, name(one.1)).cmp(&(other.0, name(other.1))));
        }
    }
}

/// A subschema for the same value.
#[derive(Debug)]
pub(super) enum InPlace {
    Ref(u32),
    /// The dynamic anchor's name, and where it leads if nothing further out has one of that name.
    DynamicRef(Box<str>, u32),
    AllOf(Vec<u32>),
    AnyOf(Vec<u32>),
    OneOf(Vec<u32>),
    Not(u32),
    If {
        test: u32,
        then: u32,
        otherwise: u32,
    },
}

pub(super) const INTEGER: u8 = 1 << 6;
pub(super) const ANY_TYPE: u8 = 0xff;

/// The bit of a kind in [`Rules::types`].
#[inline(always)]
pub(super) fn type_bit(kind: Kind) -> u8 {
    match kind {
        Kind::Null => 1,
        Kind::False | Kind::True => 2,
        Kind::Number => 4,
        Kind::String => 8,
        Kind::Array => 16,
        Kind::Object => 32,
        Kind::Foreign => 0,
    }
}

struct Compiler<'o> {
    sources: Sources,
    nodes: Vec<Rules>,
    known: Places,
    waiting: Vec<(u32, Place)>,
    options: &'o Options,
    is_dynamic: bool,
}

/// Compiles the schema that begins at a token of a document.
pub(super) fn compile(document: Arc<Document>, root: u32, options: &Options) -> Result<Program, SchemaError> {
    let mut sources = Sources::new(options.resources.clone(), options.dialect);
    let place = sources.add(document, root, "", None)?;
    let mut compiler = Compiler {
        sources,
        nodes: Vec::new(),
        known: Places::default(),
        waiting: Vec::new(),
        options,
        is_dynamic: false,
    };
    let root = compiler.node(place)?;
    compiler.run()?;
    compiler.check_ends()?;
    let Compiler { sources, nodes, known, is_dynamic, .. } = compiler;
    Ok(Program { nodes, root, sources, is_dynamic, known })
}

impl Compiler<'_> {
    fn run(&mut self) -> Result<(), SchemaError> {
        loop {
            while let Some((id, place)) = self.waiting.pop() {
                let rules = self.rules(place)?;
                if let Some(slot) = self.nodes.get_mut(id as usize) {
                    *slot = rules;
                }
            }
            // What a dynamic reference may find on its way; compiling it may bring further documents.
            if self.is_dynamic {
                for place in self.sources.dynamic_anchors() {
                    self.node(place)?;
                }
            }
            if self.waiting.is_empty() {
                return Ok(());
            }
        }
    }

    /// The index of the rules for a place, which are compiled later if they are new.
    fn node(&mut self, place: Place) -> Result<u32, SchemaError> {
        if let Some(id) = self.known.get(place.document, place.token) {
            return Ok(id);
        }
        if self.nodes.len() >= MAX_NODES {
            return Err(SchemaError::new(Problem::TooLarge, "", "the schema has too many subschemas".to_owned()));
        }
        let resource = self.sources.resource_at(place.document, place.token).unwrap_or(place.resource);
        let place = Place { resource, ..place };
        let id = self.nodes.len() as u32;
        self.known.set(place.document, place.token, id);
        self.nodes.push(Rules::any(place));
        self.waiting.push((id, place));
        Ok(id)
    }

    fn child(&mut self, place: Place, node: Node<'_>) -> Result<u32, SchemaError> {
        self.node(Place { token: node.index(), ..place })
    }

    fn children(&mut self, place: Place, list: Node<'_>) -> Result<Vec<u32>, SchemaError> {
        list.items().map(|item| self.child(place, item)).collect()
    }

    fn rules(&mut self, place: Place) -> Result<Rules, SchemaError> {
        // The documents are shared, so that the compiler may change while it reads them.
        let document = self.sources.document(place.document);
        let Some(document) = document else { return Ok(Rules::any(place)) };
        let schema = document.tape().node(place.token);
        let result = self.rules_of(place, schema);
        result.map(Rules::finish).map_err(|error| match error.located {
            true => error,
            false => {
                let path = self.sources.describe(place, &error.keyword);
                error.at(path)
            }
        })
    }

    fn rules_of(&mut self, place: Place, schema: Node<'_>) -> Result<Rules, SchemaError> {
        let mut rules = Rules::any(place);
        match schema.kind() {
            Kind::True => rules.verdict = Some(true),
            Kind::False => rules.verdict = Some(false),
            Kind::Object => self.keywords(place, schema, &mut rules)?,
            _ => return Err(wrong("", "a schema is an object, `true` or `false`")),
        }
        Ok(rules)
    }

    fn keywords(&mut self, place: Place, schema: Node<'_>, rules: &mut Rules) -> Result<(), SchemaError> {
        let Some(dialect) = self.sources.resource(place.resource).map(|resource| resource.dialect) else {
            return Ok(());
        };
        let draft = dialect.draft;
        if draft <= Draft::D7 && schema.get("$ref").is_some() {
            let reference = schema.get("$ref");
            return self.reference(place, reference, rules);
        }
        let (mut number, mut has_number) = (NumberRules::default(), false);
        let (mut string, mut has_string) = (StringRules::default(), false);
        let (mut array, mut has_array) = (ArrayRules::none(), false);
        let (mut object, mut has_object) = (ObjectRules::none(), false);
        let mut condition = (NONE, NONE, NONE);
        let mut contains_bounds = (None, None);
        // First, because members mostly come in the order of `properties`, and names are found fastest in theirs.
        if let Some(properties) = schema.get("properties") {
            check_holder("properties", properties, draft)?;
            has_object |= self.object_keyword(place, "properties", properties, draft, true, &mut object)?;
        }
        for member in schema.members() {
            let name = member.name();
            let (keyword, value) = (&*name, member.value);
            check_holder(keyword, value, draft)?;
            match keyword {
                "properties" => {}
                "required"
                | "patternProperties"
                | "additionalProperties"
                | "propertyNames"
                | "minProperties"
                | "maxProperties"
                | "dependentRequired"
                | "dependentSchemas"
                | "dependencies" => {
                    let asserts = dialect.validation;
                    has_object |= self.object_keyword(place, keyword, value, draft, asserts, &mut object)?;
                }
                "$ref" => self.reference(place, Some(value), rules)?,
                "$dynamicRef" if draft == Draft::D2020 => self.dynamic_reference(place, value, rules)?,
                "$recursiveRef" if draft == Draft::D2019 => {
                    if value.text() != "#" {
                        return Err(wrong(keyword, "it must be `#`"));
                    }
                    self.recursive_reference(place, rules)?;
                }
                // Where they stand was found before.
                "$id" => drop(text(keyword, value)?),
                "$anchor" if draft >= Draft::D2019 => drop(text(keyword, value)?),
                "$dynamicAnchor" if draft == Draft::D2020 => drop(text(keyword, value)?),
                "$recursiveAnchor" if draft == Draft::D2019 && !matches!(value.kind(), Kind::True | Kind::False) => {
                    return Err(wrong(keyword, "it must be `true` or `false`"));
                }
                "$defs" | "definitions" if keyword == "definitions" || draft >= Draft::D2019 => {
                    for definition in value.members() {
                        self.child(place, definition.value)?;
                    }
                }
                "allOf" | "anyOf" | "oneOf" => {
                    let branches = self.children(place, value)?;
                    rules.in_place.push(match keyword {
                        "allOf" => InPlace::AllOf(branches),
                        "anyOf" => InPlace::AnyOf(branches),
                        _ => InPlace::OneOf(branches),
                    });
                }
                "not" => {
                    let not = self.child(place, value)?;
                    rules.in_place.push(InPlace::Not(not));
                }
                "if" if draft >= Draft::D7 => condition.0 = self.child(place, value)?,
                "then" if draft >= Draft::D7 => condition.1 = self.child(place, value)?,
                "else" if draft >= Draft::D7 => condition.2 = self.child(place, value)?,
                "prefixItems" if draft == Draft::D2020 => {
                    array.prefix = self.children(place, value)?;
                    has_array = true;
                }
                "items" => {
                    has_array = true;
                    if value.kind() == Kind::Array {
                        array.prefix = self.children(place, value)?;
                        array.prefix_keyword = "items";
                    } else {
                        array.items = self.child(place, value)?;
                        array.items_keyword = "items";
                    }
                }
                "additionalItems" if draft <= Draft::D2019 => {
                    let additional = self.child(place, value)?;
                    if schema.get("items").is_some_and(|items| items.kind() == Kind::Array) {
                        array.items = additional;
                        array.items_keyword = "additionalItems";
                        has_array = true;
                    }
                }
                "contains" => {
                    array.contains = self.child(place, value)?;
                    array.contains_evaluates = draft == Draft::D2020;
                    has_array = true;
                }
                "unevaluatedItems" if draft >= Draft::D2019 => rules.unevaluated_items = self.child(place, value)?,
                "unevaluatedProperties" if draft >= Draft::D2019 => {
                    rules.unevaluated_properties = self.child(place, value)?;
                }
                "format" => {
                    let format = text(keyword, value)?;
                    if self.options.assert_formats {
                        string.format = Format::named(&format);
                        has_string |= string.format.is_some();
                    }
                }
                _ if !dialect.validation => {}
                "type" => rules.types = types(value)?,
                "enum" | "const" => {
                    let is_const = keyword == "const";
                    if rules.values.is_some() {
                        // Both at once: the second becomes a rule of its own.
                        let mut second = Rules::any(place);
                        second.values = Some(values(value, is_const)?);
                        let id = self.nodes.len() as u32;
                        self.nodes.push(second.finish());
                        rules.in_place.push(InPlace::Ref(id));
                    } else {
                        rules.values = Some(values(value, is_const)?);
                    }
                }
                "minimum" => number.minimum = Some(bound(keyword, value, &mut has_number)?),
                "maximum" => number.maximum = Some(bound(keyword, value, &mut has_number)?),
                "exclusiveMinimum" => number.above = Some(bound(keyword, value, &mut has_number)?),
                "exclusiveMaximum" => number.below = Some(bound(keyword, value, &mut has_number)?),
                "multipleOf" => {
                    has_number = true;
                    let divisor = (value.kind() == Kind::Number).then(|| Divisor::of(value.number())).flatten();
                    number.divisor = Some(
                        divisor.ok_or_else(|| wrong(keyword, "it must be a number above 0 with at most 18 digits"))?,
                    );
                }
                "minLength" => (string.least, has_string) = (count(keyword, value)?, true),
                "maxLength" => (string.most, has_string) = (Some(count(keyword, value)?), true),
                "pattern" => {
                    string.pattern = Some(pattern(keyword, &text(keyword, value)?)?);
                    has_string = true;
                }
                "minItems" => (array.least, has_array) = (count(keyword, value)?, true),
                "maxItems" => (array.most, has_array) = (Some(count(keyword, value)?), true),
                "uniqueItems" => {
                    array.unique = match value.kind() {
                        Kind::True => true,
                        Kind::False => false,
                        _ => return Err(wrong(keyword, "it must be `true` or `false`")),
                    };
                    has_array |= array.unique;
                }
                "minContains" if draft >= Draft::D2019 => contains_bounds.0 = Some(count(keyword, value)?),
                "maxContains" if draft >= Draft::D2019 => contains_bounds.1 = Some(count(keyword, value)?),
                _ => {}
            }
        }
        (array.contains_least, array.contains_most) = (contains_bounds.0.unwrap_or(1), contains_bounds.1);
        object.names.finish();
        rules.number = has_number.then(|| Box::new(number));
        rules.string = has_string.then(|| Box::new(string));
        rules.array = has_array.then(|| Box::new(array));
        rules.object = has_object.then(|| Box::new(object));
        if let (test, then, otherwise) = condition
            && test != NONE
        {
            rules.in_place.push(InPlace::If { test, then, otherwise });
        }
        Ok(())
    }

    fn object_keyword(
        &mut self,
        place: Place,
        keyword: &str,
        value: Node<'_>,
        draft: Draft,
        asserts: bool,
        object: &mut ObjectRules,
    ) -> Result<bool, SchemaError> {
        match keyword {
            "properties" => {
                for member in value.members() {
                    let schema = self.child(place, member.value)?;
                    let name = object.names.add(&member.name());
                    if let Some(entry) = object.names.entries.get_mut(name as usize) {
                        entry.schema = schema;
                    }
                }
            }
            "patternProperties" => {
                for member in value.members() {
                    let pattern = pattern(keyword, &member.name())?;
                    let schema = self.child(place, member.value)?;
                    object.patterns.push((pattern, schema));
                }
            }
            "additionalProperties" => object.additional = self.child(place, value)?,
            "propertyNames" => object.property_names = self.child(place, value)?,
            "dependentSchemas" if draft >= Draft::D2019 => {
                for member in value.members() {
                    let name = object.names.add(&member.name());
                    let schema = self.child(place, member.value)?;
                    object.dependent_schemas.push((name, schema));
                }
            }
            "dependencies" if draft <= Draft::D7 => {
                object.dependencies = true;
                for member in value.members() {
                    let name = object.names.add(&member.name());
                    if member.value.kind() == Kind::Array {
                        let needed = names(keyword, member.value, &mut object.names)?;
                        object.dependent_required.push((name, needed));
                    } else {
                        let schema = self.child(place, member.value)?;
                        object.dependent_schemas.push((name, schema));
                    }
                }
            }
            _ if !asserts => return Ok(false),
            "required" => object.required = names(keyword, value, &mut object.names)?,
            "minProperties" => object.least = count(keyword, value)?,
            "maxProperties" => object.most = Some(count(keyword, value)?),
            "dependentRequired" if draft >= Draft::D2019 => {
                if value.kind() != Kind::Object {
                    return Err(wrong(keyword, "it must be an object of lists of names"));
                }
                for member in value.members() {
                    let name = object.names.add(&member.name());
                    let needed = names(keyword, member.value, &mut object.names)?;
                    object.dependent_required.push((name, needed));
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn reference(&mut self, place: Place, value: Option<Node<'_>>, rules: &mut Rules) -> Result<(), SchemaError> {
        let Some(reference) = value else { return Ok(()) };
        let target = self.sources.resolve(place.resource, &text("$ref", reference)?)?;
        let target = self.node(target)?;
        rules.in_place.push(InPlace::Ref(target));
        Ok(())
    }

    fn dynamic_reference(&mut self, place: Place, value: Node<'_>, rules: &mut Rules) -> Result<(), SchemaError> {
        let reference = text("$dynamicRef", value)?;
        let target = self.sources.resolve(place.resource, &reference).map_err(|error| error.of("$dynamicRef"))?;
        let id = self.node(target)?;
        let name = reference.rsplit_once('#').map_or("", |(_, fragment)| fragment);
        let is_dynamic = !name.is_empty()
            && self.sources.dynamic_anchor(target.resource, name).is_some_and(|anchor| anchor.token == target.token);
        self.dynamic(is_dynamic, name, id, rules);
        Ok(())
    }

    fn recursive_reference(&mut self, place: Place, rules: &mut Rules) -> Result<(), SchemaError> {
        let target = self.sources.resolve(place.resource, "#").map_err(|error| error.of("$recursiveRef"))?;
        let id = self.node(target)?;
        let is_dynamic = self.sources.dynamic_anchor(target.resource, RECURSIVE).is_some();
        self.dynamic(is_dynamic, RECURSIVE, id, rules);
        Ok(())
    }

    fn dynamic(&mut self, is_dynamic: bool, name: &str, target: u32, rules: &mut Rules) {
        rules.in_place.push(if is_dynamic {
            self.is_dynamic = true;
            InPlace::DynamicRef(name.into(), target)
        } else {
            InPlace::Ref(target)
        });
    }

    /// Refuses schemas that lead back to themselves without going into the value: they would never end.
    fn check_ends(&self) -> Result<(), SchemaError> {
        const NEW: u8 = 0;
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut state = vec![NEW; self.nodes.len()];
        for start in 0..self.nodes.len() as u32 {
            let mut stack = vec![(start, false)];
            while let Some((id, is_left)) = stack.pop() {
                let Some(slot) = state.get_mut(id as usize) else { continue };
                if is_left {
                    *slot = DONE;
                    continue;
                }
                match *slot {
                    DONE => continue,
                    OPEN => {
                        let place = self.nodes.get(id as usize).map(|node| node.place);
                        let path = place.map(|place| self.sources.describe(place, "")).unwrap_or_default();
                        let message = "the schema refers to itself without end".to_owned();
                        return Err(SchemaError::new(Problem::EndlessReference, "", message).at(path));
                    }
                    _ => *slot = OPEN,
                }
                stack.push((id, true));
                let Some(node) = self.nodes.get(id as usize) else { continue };
                let mut go = |next: u32| {
                    if next != NONE && state.get(next as usize) != Some(&DONE) {
                        stack.push((next, false));
                    }
                };
                for step in &node.in_place {
                    match step {
                        InPlace::Ref(next) | InPlace::Not(next) => go(*next),
                        InPlace::DynamicRef(_, next) => go(*next),
                        InPlace::AllOf(list) | InPlace::AnyOf(list) | InPlace::OneOf(list) => {
                            list.iter().for_each(|next| go(*next));
                        }
                        InPlace::If { test, then, otherwise } => {
                            [test, then, otherwise].into_iter().for_each(|next| go(*next));
                        }
                    }
                }
                if let Some(object) = &node.object {
                    object.dependent_schemas.iter().for_each(|(_, next)| go(*next));
                }
            }
        }
        Ok(())
    }
}

impl Rules {
    fn any(place: Place) -> Self {
        Rules {
            place,
            verdict: None,
            types: ANY_TYPE,
            values: None,
            number: None,
            string: None,
            array: None,
            object: None,
            in_place: Vec::new(),
            unevaluated_items: NONE,
            unevaluated_properties: NONE,
            is_plain: true,
            reading: Reading::Whole,
        }
    }

    /// What follows from the rest, once that is complete.
    fn finish(self) -> Self {
        let has_plain_values = self.values.as_ref().is_none_or(|values| values.texts.is_some());
        let is_plain = self.verdict.is_none() && self.in_place.is_empty() && has_plain_values;
        let is_bare = self.types == ANY_TYPE && self.number.is_none() && self.string.is_none();
        let has_own = self.values.is_some() || self.unevaluated_items != NONE || self.unevaluated_properties != NONE;
        let once = self.array.as_ref().is_none_or(|array| {
            array.prefix.is_empty() && array.items != NONE && array.contains == NONE && !array.unique
        }) && self.object.as_ref().is_none_or(|object| {
            let names = object.names.entries.len();
            let others = !object.patterns.is_empty() || object.property_names != NONE;
            (1..=MOST_READ).contains(&names) && !others && object.dependent_schemas.is_empty()
        });
        let reading = match (&*self.in_place, &self.array, &self.object) {
            _ if has_own => Reading::Whole,
            ([InPlace::Ref(target)], None, None) if is_bare => Reading::Like(*target),
            ([], Some(_), _) | ([], _, Some(_)) if is_plain && once => Reading::Once,
            _ => Reading::Whole,
        };
        Rules { is_plain, reading, ..self }
    }
}

impl ArrayRules {
    fn none() -> Self {
        ArrayRules {
            prefix: Vec::new(),
            items: NONE,
            items_keyword: "items",
            prefix_keyword: "prefixItems",
            contains: NONE,
            contains_least: 1,
            contains_most: None,
            contains_evaluates: false,
            least: 0,
            most: None,
            unique: false,
        }
    }
}

impl ObjectRules {
    fn none() -> Self {
        ObjectRules {
            names: Names::default(),
            required: Vec::new(),
            patterns: Vec::new(),
            additional: NONE,
            property_names: NONE,
            least: 0,
            most: None,
            dependent_required: Vec::new(),
            dependent_schemas: Vec::new(),
            dependencies: false,
        }
    }
}

fn wrong(keyword: &str, why: &str) -> SchemaError {
    SchemaError::new(Problem::InvalidKeyword, keyword, why.to_owned())
}

/// Whether a keyword that holds subschemas holds them as it must.
fn check_holder(keyword: &str, value: Node<'_>, draft: Draft) -> Result<(), SchemaError> {
    let Some(holds) = holds(keyword, draft) else { return Ok(()) };
    let kind = value.kind();
    let is_schema = matches!(kind, Kind::Object | Kind::True | Kind::False);
    let (fits, expected) = match holds {
        Holds::Schema => (is_schema, "it must be a schema: an object, `true` or `false`"),
        Holds::Map => (kind == Kind::Object, "it must be an object of schemas"),
        Holds::List => (kind == Kind::Array && value.len() > 0, "it must be a list of schemas that is not empty"),
        Holds::Either => (is_schema || kind == Kind::Array, "it must be a schema or a list of schemas"),
    };
    if fits {
        return Ok(());
    }
    if keyword == "items" && kind == Kind::Array {
        return Err(wrong(keyword, "it must be a schema; in this dialect a list of schemas is `prefixItems`"));
    }
    Err(wrong(keyword, expected))
}

fn text(keyword: &str, value: Node<'_>) -> Result<String, SchemaError> {
    value.as_text().map(std::borrow::Cow::into_owned).ok_or_else(|| wrong(keyword, "it must be a string"))
}

fn count(keyword: &str, value: Node<'_>) -> Result<u64, SchemaError> {
    let invalid = || wrong(keyword, "it must be an integer of 0 or more");
    if value.kind() != Kind::Number {
        return Err(invalid());
    }
    let number = value.number();
    if !number.is_integer() || number.compare(Number::ZERO).is_lt() {
        return Err(invalid());
    }
    let mut buffer = [0; 20];
    let decimal = number.decimal(&mut buffer);
    // Whatever is longer than any value can be is as good as any other such number.
    if decimal.point() > 18 {
        return Ok(u64::MAX);
    }
    let digits = decimal.digits().chain(core::iter::repeat(b'0')).take(usize::try_from(decimal.point()).unwrap_or(0));
    Ok(digits.fold(0, |sum: u64, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')))))
}

fn bound(keyword: &str, value: Node<'_>, has: &mut bool) -> Result<Bound, SchemaError> {
    if value.kind() != Kind::Number {
        return Err(wrong(keyword, "it must be a number"));
    }
    *has = true;
    Ok(match value.number() {
        Number::Short { value, scale } => Bound::Short(value, scale),
        Number::Exact(_) => Bound::Exact(value.number_text().into()),
    })
}

fn pattern(keyword: &str, source: &str) -> Result<Pattern, SchemaError> {
    Pattern::compile(source).map_err(|flaw| {
        let at = flaw.at.saturating_add(1).to_string();
        wrong(keyword, &["the pattern is not valid at character ", &at, ": ", flaw.what].concat())
    })
}

fn names(keyword: &str, list: Node<'_>, names: &mut Names) -> Result<Vec<u32>, SchemaError> {
    let invalid = || wrong(keyword, "it must be a list of names");
    if list.kind() != Kind::Array {
        return Err(invalid());
    }
    list.items().map(|name| Ok(names.add(&name.as_text().ok_or_else(invalid)?))).collect()
}

fn types(value: Node<'_>) -> Result<u8, SchemaError> {
    let invalid = || {
        wrong(
            "type",
            "it must be `null`, `boolean`, `integer`, `number`, `string`, `array`, `object`, or a list of these",
        )
    };
    let one = |node: Node<'_>| {
        Ok(match node.as_text().ok_or_else(invalid)?.as_ref() {
            "null" => 1,
            "boolean" => 2,
            "number" => 4,
            "integer" => INTEGER,
            "string" => 8,
            "array" => 16,
            "object" => 32,
            _ => return Err(invalid()),
        })
    };
    match value.kind() {
        Kind::Array if value.len() == 0 => Err(invalid()),
        Kind::Array => value.items().try_fold(0, |types, node| Ok(types | one(node)?)),
        _ => one(value),
    }
}

fn values(value: Node<'_>, is_const: bool) -> Result<Values, SchemaError> {
    let listed: Vec<Node<'_>> = if is_const {
        vec![value]
    } else if value.kind() == Kind::Array {
        value.items().collect()
    } else {
        return Err(wrong("enum", "it must be a list of values"));
    };
    let texts = listed
        .iter()
        .all(|node| node.kind() == Kind::String)
        .then(|| listed.iter().map(|node| node.text().as_ref().into()).collect::<Vec<Box<str>>>());
    let texts = texts.map(|mut texts| {
        if texts.len() > FEW_NAMES {
            sort_by(&mut texts, Ord::cmp);
        }
        texts
    });
    Ok(Values { is_const, texts, tokens: listed.iter().map(|node| node.index()).collect() })
}
