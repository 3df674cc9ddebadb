//! The MCP server proper, on the official SDK: which tools there are, and calling them.

use super::{App, now};
use axum::http::request::Parts;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use std::sync::Arc;
use toolgate_sandbox::Caller;
use toolgate_sandbox::answer::Outcome;
use toolgate_sandbox::faults::{Fault, merge, shift_times};

pub(super) const NAME: &str = "favcrm-sandbox";
pub(super) const INSTRUCTIONS: &str = "A sandbox that behaves like FavCRM. Without a key only the registration tools are there: call register_organisation_request first.";

/// What the layer in front learned about a request before the SDK saw it.
#[derive(Clone, Default)]
pub(super) struct Visit {
    pub(super) caller: Option<Caller>,
    /// The call's number in the log.
    pub(super) sequence: i64,
    pub(super) fault: Option<Fault>,
}

pub(super) struct Server {
    pub(super) app: Arc<App>,
}

fn visit(context: &RequestContext<RoleServer>) -> Visit {
    context.extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<Visit>()).cloned().unwrap_or_default()
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new(NAME, env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    /// Answers the names only. The SDK's types have no room for misspelt hints and for definitions
    /// that a fault made invalid, so the layer in front puts the definitions in.
    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let authenticated = visit(&context).caller.is_some();
        let from = match request.and_then(|request| request.cursor) {
            None => 0,
            Some(cursor) => cursor.parse::<usize>().map_err(|_| ErrorData::invalid_params("Unknown cursor", None))?,
        };
        let size = match self.app.page_size {
            0 => usize::MAX,
            size => size,
        };
        let catalog = self.app.backend.catalog();
        let mut listed = catalog.tools().iter().filter(|tool| authenticated || tool.is_public()).skip(from);
        let tools: Vec<_> = listed
            .by_ref()
            .take(size)
            .map(|tool| Tool::new_with_raw(tool.name.clone(), None, Arc::default()))
            .collect();
        let mut result = ListToolsResult::with_all_items(tools);
        result.next_cursor = listed.next().map(|_| (from + size).to_string());
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let visit = visit(&context);
        let name = request.name.into_owned();
        if self.app.backend.catalog().find(&name).is_none() {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {name}"), None));
        }
        let arguments = request.arguments.unwrap_or_default();
        let app = Arc::clone(&self.app);
        let sequence = visit.sequence;
        let caller = visit.caller;
        // Off the async threads: it waits for SQLite, and for SMTP.
        let result = tokio::task::spawn_blocking(move || app.backend.run(sequence, &name, arguments, caller, now()))
            .await
            .map_err(|_| ErrorData::internal_error("The call failed", None))?;
        let mut outcome = Outcome::from(result);
        match &visit.fault {
            Some(Fault::Shape(patch)) => merge(&mut outcome.value, patch),
            Some(Fault::ClockSkew(seconds)) => shift_times(&mut outcome.value, *seconds),
            _ => {}
        }
        let is_error = outcome.is_error;
        let wrapped = outcome.wrap(self.app.wrap);
        let mut result = CallToolResult::success(vec![ContentBlock::text(wrapped.text)]);
        result.structured_content = wrapped.structured;
        result.is_error = Some(is_error);
        Ok(result.into())
    }
}
