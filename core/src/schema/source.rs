//! The documents that a schema consists of: dialects, identifiers, anchors, and what a reference leads to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::uri::{percent_decoded, resolve, split_fragment};
use super::{Problem, SchemaError};
use crate::json::tape::{Kind, Node};
use crate::json::{self, Document};

/// A draft of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Draft {
    D6,
    D7,
    D2019,
    D2020,
}

/// A draft, and whether the vocabulary of assertions belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) draft: Draft,
    pub(super) validation: bool,
}

impl Draft {
    /// By the name of its meta-schema.
    pub(super) fn named(uri: &str) -> Option<Draft> {
        let uri = uri.strip_suffix('#').unwrap_or(uri);
        META.iter().find(|(known, _, _)| *known == uri).map(|(_, draft, _)| *draft)
    }
}

/// The meta-schemas, which a schema may refer to as to any other.
const META: [(&str, Draft, &str); 4] = [
    ("https://json-schema.org/draft/2020-12/schema", Draft::D2020, include_str!("meta/2020-12.json")),
    ("https://json-schema.org/draft/2019-09/schema", Draft::D2019, include_str!("meta/2019-09.json")),
    ("http://json-schema.org/draft-07/schema", Draft::D7, include_str!("meta/draft-07.json")),
    ("http://json-schema.org/draft-06/schema", Draft::D6, include_str!("meta/draft-06.json")),
];

/// How a keyword holds subschemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Schema,
    /// Each item.
    List,
    /// Each member.
    Map,
    /// A schema or a list of them.
    Either,
}

/// Keywords with subschemas, and the drafts that know them.
const SUBSCHEMAS: [(&str, Holds, Draft, Draft); 23] = [
    ("properties", Holds::Map, Draft::D6, Draft::D2020),
    ("items", Holds::Either, Draft::D6, Draft::D2019),
    ("items", Holds::Schema, Draft::D2020, Draft::D2020),
    ("$defs", Holds::Map, Draft::D2019, Draft::D2020),
    ("definitions", Holds::Map, Draft::D6, Draft::D2020),
    ("anyOf", Holds::List, Draft::D6, Draft::D2020),
    ("oneOf", Holds::List, Draft::D6, Draft::D2020),
    ("allOf", Holds::List, Draft::D6, Draft::D2020),
    ("additionalProperties", Holds::Schema, Draft::D6, Draft::D2020),
    ("prefixItems", Holds::List, Draft::D2020, Draft::D2020),
    ("patternProperties", Holds::Map, Draft::D6, Draft::D2020),
    ("propertyNames", Holds::Schema, Draft::D6, Draft::D2020),
    ("not", Holds::Schema, Draft::D6, Draft::D2020),
    ("if", Holds::Schema, Draft::D7, Draft::D2020),
    ("then", Holds::Schema, Draft::D7, Draft::D2020),
    ("else", Holds::Schema, Draft::D7, Draft::D2020),
    ("contains", Holds::Schema, Draft::D6, Draft::D2020),
    ("dependentSchemas", Holds::Map, Draft::D2019, Draft::D2020),
    ("dependencies", Holds::Map, Draft::D6, Draft::D7),
    ("additionalItems", Holds::Schema, Draft::D6, Draft::D2019),
    ("contentSchema", Holds::Schema, Draft::D2019, Draft::D2020),
    ("unevaluatedItems", Holds::Schema, Draft::D2019, Draft::D2020),
    ("unevaluatedProperties", Holds::Schema, Draft::D2019, Draft::D2020),
];

/// A schema with an identifier of its own, or a document's root.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) document: u32,
    pub(super) root: u32,
    uri: String,
    pub(super) dialect: Dialect,
    anchors: Index,
    dynamic: Index,
}

/// A schema's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) document: u32,
    pub(super) token: u32,
    pub(super) resource: u32,
}

/// Everything that references can lead to.
#[derive(Debug)]
pub(super) struct Sources {
    documents: Vec<Arc<Document>>,
    pub(super) resources: Vec<Resource>,
    by_uri: Index,
    /// Roots of resources.
    by_place: Places,
    given: Vec<(String, Given)>,
    default: Draft,
    /// Where in the next list the children of a large object or array are.
    large: Places,
    children: Vec<Index>,
}

/// Each of many schemas may have an identifier, and all of them begin with the one around.
const LONGEST_URI: usize = 1_000;

/// The one kind of map here: each further kind would be made anew.
pub(super) type Index = BTreeMap<String, u32>;

/// The first of a name counts.
fn add(index: &mut Index, name: &str, number: u32) {
    if !index.contains_key(name) {
        index.insert(name.to_owned(), number);
    }
}

/// A number for each of some places.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<Vec<u32>>);

impl Places {
    pub(super) fn get(&self, document: u32, token: u32) -> Option<u32> {
        self.0.get(document as usize)?.get(token as usize).copied().filter(|number| *number != u32::MAX)
    }

    pub(super) fn set(&mut self, document: u32, token: u32, number: u32) {
        let (document, token) = (document as usize, token as usize);
        if self.0.len() <= document {
            self.0.resize_with(document.saturating_add(1), Vec::new);
        }
        let Some(places) = self.0.get_mut(document) else { return };
        if places.len() <= token {
            places.resize(token.saturating_add(1), u32::MAX);
        }
        if let Some(place) = places.get_mut(token) {
            *place = number;
        }
    }
}

/// A schema that came with another one, for references to lead to.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) document: Arc<Document>,
    pub(super) root: u32,
}

/// The name under which 2019-09's `$recursiveAnchor` is kept among the dynamic anchors; no anchor is empty.
pub(super) const RECURSIVE: &str = "";

impl Sources {
    pub(super) fn new(given: Vec<(String, Given)>, default: Draft) -> Self {
        Sources {
            documents: Vec::new(),
            resources: Vec::new(),
            by_uri: Index::new(),
            by_place: Places::default(),
            given,
            default,
            large: Places::default(),
            children: Vec::new(),
        }
    }

    fn given(&self, uri: &str) -> Option<&Given> {
        self.given.iter().find(|(known, _)| known == uri).map(|(_, given)| given)
    }

    pub(super) fn node(&self, document: u32, token: u32) -> Option<Node<'_>> {
        self.documents.get(document as usize).map(|document| document.tape().node(token))
    }

    pub(super) fn document(&self, document: u32) -> Option<Arc<Document>> {
        self.documents.get(document as usize).cloned()
    }

    pub(super) fn resource(&self, resource: u32) -> Option<&Resource> {
        self.resources.get(resource as usize)
    }

    /// Where a keyword of the schema stands: a JSON Pointer, behind the URI where it is in another document.
    pub(super) fn describe(&self, place: Place, keyword: &str) -> String {
        let root = self.resources.iter().find(|resource| resource.document == place.document);
        let pointer = root
            .and_then(|root| Some(self.node(place.document, root.root)?.pointer_to(place.token)))
            .unwrap_or_default();
        let mut path = match root {
            Some(root) if place.document > 0 => [root.uri.as_str(), "#"].concat(),
            _ => String::new(),
        };
        path.push_str(&pointer);
        if !keyword.is_empty() {
            path.push('/');
            path.push_str(keyword);
        }
        path
    }

    /// Takes a document in; `root` is where its schema begins. `uri` is where it was had from, if that is known.
    pub(super) fn add(
        &mut self,
        document: Arc<Document>,
        root: u32,
        uri: &str,
        known: Option<Draft>,
    ) -> Result<Place, SchemaError> {
        let number = self.documents.len() as u32;
        self.documents.push(Arc::clone(&document));
        let node = document.tape().node(root);
        let dialect = match known {
            Some(draft) => Dialect { draft, validation: true },
            None => self
                .dialect(node, Dialect { draft: self.default, validation: true })
                .map_err(|error| error.at("/$schema".to_owned()))?,
        };
        let resource = self.add_resource(number, root, uri.to_owned(), dialect);
        self.index(node, number, resource)?;
        Ok(Place { document: number, token: root, resource })
    }

    fn add_resource(&mut self, document: u32, root: u32, uri: String, dialect: Dialect) -> u32 {
        let number = self.resources.len() as u32;
        add(&mut self.by_uri, &uri, number);
        self.by_place.set(document, root, number);
        let (anchors, dynamic) = (Index::new(), Index::new());
        self.resources.push(Resource { document, root, uri, dialect, anchors, dynamic });
        number
    }

    /// The dialect that `$schema` names, or the one around it.
    fn dialect(&mut self, schema: Node<'_>, around: Dialect) -> Result<Dialect, SchemaError> {
        let Some(named) = schema.get("$schema") else { return Ok(around) };
        let unsupported = |uri: &str| {
            SchemaError::new(
                Problem::UnsupportedDialect,
                "$schema",
                format!(
                    "the dialect `{}` is not supported; use 2020-12, 2019-09, draft-07 or draft-06",
                    crate::text::shorten(uri, 100)
                ),
            )
        };
        let named = named.as_text().ok_or_else(|| unsupported("(no string)"))?;
        if let Some(draft) = Draft::named(&named) {
            return Ok(Dialect { draft, validation: true });
        }
        let uri = named.strip_suffix('#').unwrap_or(&named);
        // A meta-schema of one's own says by its vocabularies whether assertions count.
        let given = self.given(uri).ok_or_else(|| unsupported(uri))?;
        let meta = given.document.tape().node(given.root);
        let base = meta.get("$schema").and_then(Node::as_text);
        let draft = base.and_then(|base| Draft::named(&base)).ok_or_else(|| unsupported(uri))?;
        let validation = meta.get("$vocabulary").is_none_or(|vocabularies| {
            vocabularies.members().any(|member| member.name().ends_with("/vocab/validation"))
        });
        Ok(Dialect { draft, validation })
    }

    /// Finds identifiers and anchors in every place where a schema can stand.
    fn index(&mut self, root: Node<'_>, document: u32, resource: u32) -> Result<(), SchemaError> {
        let mut open = vec![(root, resource)];
        while let Some((schema, around)) = open.pop() {
            if schema.kind() != Kind::Object {
                continue;
            }
            let resource = self.identify(schema, document, around)?;
            let draft = self.resource(resource).map_or(self.default, |resource| resource.dialect.draft);
            for member in schema.members() {
                let name = member.name();
                let Some(holds) = holds(&name, draft) else { continue };
                match (holds, member.value.kind()) {
                    (Holds::Schema | Holds::Either, Kind::Object) => open.push((member.value, resource)),
                    (Holds::List | Holds::Either, Kind::Array) => {
                        open.extend(member.value.items().map(|item| (item, resource)));
                    }
                    (Holds::Map, Kind::Object) => {
                        open.extend(member.value.members().map(|member| (member.value, resource)));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn identify(&mut self, schema: Node<'_>, document: u32, around: u32) -> Result<u32, SchemaError> {
        let mut dialect =
            self.resource(around).map_or(Dialect { draft: self.default, validation: true }, |around| around.dialect);
        let mut resource = around;
        let token = schema.index();
        let is_root = self.by_place.get(document, token).is_some();
        // Beside `$ref` the old drafts know no other keyword.
        let alone = dialect.draft <= Draft::D7 && schema.get("$ref").is_some();
        if let Some(id) = schema.get("$id").and_then(Node::as_text).filter(|_| !alone) {
            let (id, fragment) = split_fragment(&id);
            if !id.is_empty() {
                let base = resolve(self.resource(around).map_or("", |around| &around.uri), id);
                if base.len() > LONGEST_URI {
                    let why = format!("the identifier must have at most {LONGEST_URI} bytes");
                    let error = SchemaError::new(Problem::InvalidKeyword, "$id", why);
                    return Err(error.at(self.describe(Place { document, token, resource: around }, "$id")));
                }
                if is_root {
                    add(&mut self.by_uri, &base, around);
                    if let Some(root) = self.resources.get_mut(around as usize) {
                        root.uri.clone_from(&base);
                    }
                } else {
                    let found = self.dialect(schema, dialect);
                    let place = Place { document, token, resource: around };
                    dialect = found.map_err(|error| error.at(self.describe(place, "$schema")))?;
                    resource = self.add_resource(document, token, base, dialect);
                }
            }
            if let Some(anchor) = fragment.filter(|anchor| !anchor.is_empty() && dialect.draft <= Draft::D7) {
                self.anchor(resource, anchor, token);
            }
        }
        if dialect.draft >= Draft::D2019 {
            if let Some(anchor) = schema.get("$anchor").and_then(Node::as_text) {
                self.anchor(resource, &anchor, token);
            }
            let dynamic = match dialect.draft {
                Draft::D2020 => schema.get("$dynamicAnchor").and_then(Node::as_text),
                _ => schema
                    .get("$recursiveAnchor")
                    .filter(|flag| flag.kind() == Kind::True)
                    .map(|_| std::borrow::Cow::Borrowed(RECURSIVE)),
            };
            if let Some(name) = dynamic {
                if name != RECURSIVE {
                    self.anchor(resource, &name, token);
                }
                if let Some(resource) = self.resources.get_mut(resource as usize) {
                    add(&mut resource.dynamic, &name, token);
                }
            }
        }
        Ok(resource)
    }

    fn anchor(&mut self, resource: u32, name: &str, token: u32) {
        if let Some(resource) = self.resources.get_mut(resource as usize) {
            add(&mut resource.anchors, name, token);
        }
    }

    /// Where a reference from within `resource` leads.
    pub(super) fn resolve(&mut self, resource: u32, reference: &str) -> Result<Place, SchemaError> {
        let unresolvable = |why: &str| {
            SchemaError::new(
                Problem::UnresolvableReference,
                "$ref",
                format!("the reference `{}` leads nowhere: {why}", crate::text::shorten(reference, 200)),
            )
        };
        let (uri, fragment) = split_fragment(reference);
        let target = if uri.is_empty() {
            resource
        } else {
            let uri = resolve(self.resource(resource).map_or("", |resource| &resource.uri), uri);
            match self.by_uri.get(&uri) {
                Some(target) => *target,
                None => self
                    .load(&uri)?
                    .ok_or_else(|| unresolvable("no schema of that identifier was given, and none is fetched"))?,
            }
        };
        let (document, root) = self
            .resource(target)
            .map(|target| (target.document, target.root))
            .ok_or_else(|| unresolvable("it is gone"))?;
        let fragment = percent_decoded(fragment.unwrap_or_default());
        if fragment.is_empty() {
            return Ok(Place { document, token: root, resource: target });
        }
        if !fragment.starts_with('/') {
            let token = self.resource(target).and_then(|target| target.anchors.get(&fragment).copied());
            return token
                .map(|token| Place { document, token, resource: target })
                .ok_or_else(|| unresolvable("there is no such anchor"));
        }
        let source = self.document(document).ok_or_else(|| unresolvable("it is gone"))?;
        let (mut token, mut within) = (root, target);
        for part in fragment.split('/').skip(1) {
            let part = crate::json::pointer_name(part);
            token = self
                .child(document, source.tape().node(token), &part)
                .ok_or_else(|| unresolvable("there is no such place"))?;
            within = self.by_place.get(document, token).unwrap_or(within);
        }
        Ok(Place { document, token, resource: within })
    }

    /// Takes in a document that was given, or a meta-schema.
    fn load(&mut self, uri: &str) -> Result<Option<u32>, SchemaError> {
        let meta = META.iter().find(|(known, _, _)| *known == uri);
        let (given, draft) = match (self.given(uri).cloned(), meta) {
            (Some(given), _) => (given, None),
            (None, Some((_, draft, text))) => {
                let document =
                    Document::read(text, json::SCHEMA).map_err(|refusal| SchemaError::unreadable(&refusal))?;
                (Given { document: Arc::new(document), root: 0 }, Some(*draft))
            }
            (None, None) => return Ok(None),
        };
        let place = self.add(given.document, given.root, uri, draft).map_err(|error| error.within(uri))?;
        Ok(Some(place.resource))
    }

    /// As [`Node::child`], but fast for many references into one large object or array.
    fn child(&mut self, number: u32, node: Node<'_>, part: &str) -> Option<u32> {
        const FEW: usize = 32;
        if node.len() <= FEW {
            return node.child(part).map(Node::index);
        }
        let known = self.large.get(number, node.index());
        let position = known.unwrap_or_else(|| {
            let mut children = Index::new();
            for member in node.members() {
                children.insert(member.name().into_owned(), member.value.index());
            }
            for (index, item) in node.items().enumerate() {
                children.insert(index.to_string(), item.index());
            }
            let position = self.children.len() as u32;
            self.children.push(children);
            self.large.set(number, node.index(), position);
            position
        });
        self.children.get(position as usize)?.get(part).copied()
    }

    /// The places of all dynamic anchors.
    pub(super) fn dynamic_anchors(&self) -> Vec<Place> {
        let of = |(resource, found): (usize, &Resource)| {
            let document = found.document;
            let place = move |token: &u32| Place { document, token: *token, resource: resource as u32 };
            found.dynamic.values().map(place).collect::<Vec<_>>()
        };
        self.resources.iter().enumerate().flat_map(of).collect()
    }

    /// The resource whose root a schema is, if it is one.
    pub(super) fn resource_at(&self, document: u32, token: u32) -> Option<u32> {
        self.by_place.get(document, token)
    }

    /// The dynamic anchor of that name in a resource.
    pub(super) fn dynamic_anchor(&self, resource: u32, name: &str) -> Option<Place> {
        let found = self.resource(resource)?;
        let token = *found.dynamic.get(name)?;
        Some(Place { document: found.document, token, resource })
    }
}

/// How a keyword holds subschemas in a draft, if it does.
pub(super) fn holds(keyword: &str, draft: Draft) -> Option<Holds> {
    SUBSCHEMAS
        .iter()
        .find(|(name, _, from, to)| *name == keyword && (*from..=*to).contains(&draft))
        .map(|(_, holds, _, _)| *holds)
}
