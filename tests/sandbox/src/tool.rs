//! What a tool is: its name, how it is described, what it takes and gives, and the function behind it.

use crate::call::Call;
use crate::entity::{Entity, Verb};
use crate::error::ToolError;
use crate::field::Field;
use serde_json::{Value, json};
use std::sync::Arc;

/// The 22 parts of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Registration, companies, keys.
    Account,
    /// Contacts, business accounts and notes.
    Contacts,
    /// Tags on contacts.
    Tags,
    /// Bookings.
    Bookings,
    /// Services, opening hours and free slots.
    Services,
    /// Membership tiers and enrolments.
    Membership,
    /// Points and rewards.
    Loyalty,
    /// Products and coupons.
    Shop,
    /// Orders.
    Orders,
    /// Invoices and payments.
    Invoices,
    /// Campaigns and segments.
    Campaigns,
    /// Messages and templates.
    Messages,
    /// The WhatsApp connection.
    Whatsapp,
    /// Blog posts.
    Blog,
    /// Members and invites.
    Team,
    /// Plan, quotas and upgrades.
    Plan,
    /// Requests to send that wait for the owner.
    Approvals,
    /// Stored articles and questions about them.
    Knowledge,
    /// Images.
    Media,
    /// Forms and what was sent with them.
    Forms,
    /// Settings and webhooks.
    Settings,
    /// Figures.
    Reports,
}

/// The four hints of a tool, all of them always given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hints {
    /// `readOnlyHint`
    pub read_only: bool,
    /// `destructiveHint`
    pub destructive: bool,
    /// `idempotentHint`
    pub idempotent: bool,
    /// `openWorldHint`
    pub open_world: bool,
}

impl Hints {
    /// The vendor derives its hints from the verb; so a `send_*` is not destructive.
    fn of(name: &str, open_world: bool) -> Self {
        let verb = name.split('_').next().unwrap_or_default();
        let read_only = matches!(verb, "list" | "get" | "search");
        Self {
            read_only,
            destructive: matches!(verb, "delete" | "cancel" | "void" | "refund"),
            idempotent: read_only || matches!(verb, "set" | "update" | "upsert"),
            open_world,
        }
    }
}

/// What a plan must include for a tool to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Module(&'static str),
    Quota(&'static str),
}

pub(crate) type Function = fn(&mut Call<'_>) -> Result<Value, ToolError>;

#[derive(Clone)]
pub(crate) enum Run {
    Entity(Verb, Arc<Entity>),
    Function(Function),
}

/// One tool of the catalogue.
#[derive(Clone)]
pub struct Tool {
    /// The name by which it is called.
    pub name: String,
    /// One or two sentences for a model.
    pub description: String,
    /// The part of the product it belongs to.
    pub scope: Scope,
    pub(crate) input: Vec<Field>,
    pub(crate) output: Option<Vec<Field>>,
    pub(crate) open_world: bool,
    /// Whether it runs without a key.
    pub(crate) public: bool,
    pub(crate) need: Option<Need>,
    /// Whether it reaches a customer, so that `--strict-sends` refuses it.
    pub(crate) sends: bool,
    pub(crate) run: Run,
}

/// A tool with a function of its own.
pub(crate) fn tool(scope: Scope, name: &str, description: &str, input: Vec<Field>, function: Function) -> Tool {
    Tool {
        name: name.to_owned(),
        description: description.to_owned(),
        scope,
        input,
        output: None,
        open_world: false,
        public: false,
        need: None,
        sends: false,
        run: Run::Function(function),
    }
}

impl Tool {
    pub(crate) fn gives(mut self, output: Vec<Field>) -> Self {
        self.output = Some(output);
        self
    }

    pub(crate) fn open_world(mut self) -> Self {
        self.open_world = true;
        self
    }

    pub(crate) fn public(mut self) -> Self {
        self.public = true;
        self
    }

    pub(crate) fn needs(mut self, need: Need) -> Self {
        self.need = Some(need);
        self
    }

    /// A send reaches someone outside, so it is of the open world too.
    pub(crate) fn sends(mut self) -> Self {
        self.sends = true;
        self.open_world()
    }

    /// The hints it is listed with.
    pub fn hints(&self) -> Hints {
        Hints::of(&self.name, self.open_world)
    }

    /// Whether it runs without a key.
    pub fn is_public(&self) -> bool {
        self.public
    }

    /// Whether a call of it reaches a customer.
    pub fn reaches_customers(&self) -> bool {
        self.sends
    }

    /// The title: the name as words.
    pub fn title(&self) -> String {
        let words = self
            .name
            .replace('_', " ")
            .replace("whatsapp", "WhatsApp")
            .replace("mcp", "MCP")
            .replace("favcrm", "FavCRM");
        let mut letters = words.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    /// The schema of its arguments.
    pub fn input_schema(&self) -> Value {
        let mut schema = crate::field::object_schema(&self.input, true);
        schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        schema
    }
}
