//! The tools that most kinds of record share, declared once: list, get, search, create, update, delete.

use crate::call::Call;
use crate::error::ToolError;
use crate::field::{Field, count, date_time, flag, integer, objects, reference, text};
use crate::store::Select;
use crate::tool::{Run, Scope, Tool};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A kind of record.
#[derive(Clone)]
pub(crate) struct Entity {
    kind: &'static str,
    plural: &'static str,
    about: &'static str,
    fields: Vec<Field>,
    computed: Vec<Field>,
    searched: &'static [&'static str],
    filters: &'static [&'static str],
    unique: Option<&'static str>,
    born: Value,
}

/// What can be done with any kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    List,
    Get,
    Search,
    Create,
    Update,
    Delete,
}

pub(crate) const ALL: &[Verb] = &[Verb::List, Verb::Get, Verb::Create, Verb::Update, Verb::Delete];

/// A kind of record with the fields that a caller may set; `about` says what it is.
pub(crate) fn entity(kind: &'static str, plural: &'static str, about: &'static str, fields: Vec<Field>) -> Entity {
    Entity {
        kind,
        plural,
        about,
        fields,
        computed: Vec::new(),
        searched: &["name"],
        filters: &[],
        unique: None,
        born: json!({}),
    }
}

impl Entity {
    /// Fields that only the backend sets.
    pub(crate) fn computed(mut self, fields: Vec<Field>) -> Self {
        self.computed = fields;
        self
    }

    /// The fields that a search looks into.
    pub(crate) fn searched(mut self, fields: &'static [&'static str]) -> Self {
        self.searched = fields;
        self
    }

    /// The fields that a list can be narrowed by.
    pub(crate) fn filters(mut self, fields: &'static [&'static str]) -> Self {
        self.filters = fields;
        self
    }

    /// The field that no two records may share.
    pub(crate) fn unique(mut self, field: &'static str) -> Self {
        self.unique = Some(field);
        self
    }

    /// What a new record has before its arguments are put in.
    pub(crate) fn born(mut self, doc: Value) -> Self {
        self.born = doc;
        self
    }

    /// The fields of a record as it is answered.
    pub(crate) fn output(&self) -> Vec<Field> {
        let mut fields = vec![reference("id", self.kind).req()];
        fields.extend(self.fields.iter().cloned());
        fields.extend(self.computed.iter().cloned());
        fields.push(date_time("createdAt").req());
        fields.push(date_time("updatedAt").req());
        fields
    }

    /// The fields of a list as it is answered.
    pub(crate) fn page(&self) -> Vec<Field> {
        page_of(self.output())
    }

    pub(crate) fn tools(&self, scope: Scope, verbs: &[Verb]) -> Vec<Tool> {
        let shared = Arc::new(self.clone());
        verbs.iter().map(|verb| self.tool(scope, *verb, &shared)).collect()
    }

    fn tool(&self, scope: Scope, verb: Verb, shared: &Arc<Entity>) -> Tool {
        let one = self.kind.replace('_', " ");
        let many = self.plural.replace('_', " ");
        let about = self.about;
        let id = || reference("id", self.kind).req();
        let (name, description, input, output) = match verb {
            Verb::List => (
                format!("list_{}", self.plural),
                format!("Lists the organisation's {many}, oldest first, a page at a time. {about}"),
                self.filter_fields().chain(paging()).collect(),
                self.page(),
            ),
            Verb::Get => {
                (format!("get_{}", self.kind), format!("Gets one {one} by its id. {about}"), vec![id()], self.output())
            }
            Verb::Search => (
                format!("search_{}", self.plural),
                format!("Searches the {many} for a text in {}. {about}", self.searched.join(", ")),
                std::iter::once(text("query").req().about("Part of a word is enough")).chain(paging()).collect(),
                self.page(),
            ),
            Verb::Create => (
                format!("create_{}", self.kind),
                format!("Creates a {one} and gives it back with its id. {about}"),
                self.fields.clone(),
                self.output(),
            ),
            Verb::Update => (
                format!("update_{}", self.kind),
                format!("Changes the given fields of a {one} and leaves the others alone."),
                std::iter::once(id()).chain(self.fields.iter().cloned().map(Field::opt)).collect(),
                self.output(),
            ),
            Verb::Delete => (
                format!("delete_{}", self.kind),
                format!("Deletes a {one} for good. This cannot be undone."),
                vec![id()],
                vec![reference("id", self.kind).req(), flag("deleted").req()],
            ),
        };
        Tool {
            name,
            description: description.trim_end().to_owned(),
            scope,
            input,
            output: Some(output),
            open_world: false,
            public: false,
            need: None,
            sends: false,
            run: Run::Entity(verb, Arc::clone(shared)),
        }
    }

    fn filter_fields(&self) -> impl Iterator<Item = Field> {
        self.filters.iter().filter_map(|name| {
            self.fields
                .iter()
                .chain(&self.computed)
                .find(|field| field.name == *name)
                .map(|field| field.clone().opt().about("Only those with this value"))
        })
    }

    pub(crate) fn run(&self, verb: Verb, call: &mut Call<'_>) -> Result<Value, ToolError> {
        match verb {
            Verb::List => {
                let equal =
                    self.filters.iter().filter_map(|name| Some((*name, call.arguments.get(*name)?.clone()))).collect();
                call.page(self.kind, Select { equal, ..Select::default() })
            }
            Verb::Get => call.record(self.kind, "id"),
            Verb::Search => {
                let query = call.need("query")?;
                call.page(self.kind, Select { containing: Some((self.searched, query)), ..Select::default() })
            }
            Verb::Create => {
                let arguments = call.arguments.clone();
                self.create(call, arguments)
            }
            Verb::Update => {
                let id = call.need("id")?.to_owned();
                let mut changes = call.arguments.clone();
                changes.remove("id");
                self.refuse_duplicates(call, &changes, Some(&id))?;
                call.records().patch(self.kind, &id, Value::Object(changes))
            }
            Verb::Delete => {
                let id = call.need("id")?;
                call.records().remove(self.kind, id)?;
                Ok(json!({"id": id, "deleted": true}))
            }
        }
    }

    /// Stores a new record from these fields.
    pub(crate) fn create(&self, call: &mut Call<'_>, arguments: Map<String, Value>) -> Result<Value, ToolError> {
        self.refuse_duplicates(call, &arguments, None)?;
        let mut doc = self.born.clone();
        if let Value::Object(doc) = &mut doc {
            doc.extend(arguments);
        }
        call.insert(self.kind, doc)
    }

    fn refuse_duplicates(
        &self,
        call: &Call<'_>,
        arguments: &Map<String, Value>,
        except: Option<&str>,
    ) -> Result<(), ToolError> {
        let Some(field) = self.unique else {
            return Ok(());
        };
        let Some(value) = arguments.get(field).and_then(Value::as_str) else {
            return Ok(());
        };
        match call.records().first(self.kind, field, value)? {
            Some(other) if other["id"].as_str() != except => Err(ToolError::conflict(format!(
                "There is already a {} with this {field}",
                self.kind.replace('_', " ")
            ))
            .with("id", other["id"].clone())),
            _ => Ok(()),
        }
    }
}

/// The arguments with which a long list is read in parts.
pub(crate) fn paging() -> [Field; 2] {
    [
        integer("limit", 1, 100).about("How many at most; 50 if not given"),
        text("cursor").about("The nextCursor of the page before"),
    ]
}

/// The fields of a page of such items.
pub(crate) fn page_of(item: Vec<Field>) -> Vec<Field> {
    vec![objects("items", item).req(), count("total").req(), text("nextCursor")]
}
