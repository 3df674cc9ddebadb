//! Blog posts: written as drafts, then published.

use crate::call::Call;
use crate::entity::{ALL, Entity, entity};
use crate::error::ToolError;
use crate::field::{choice, date_time, list, long_text, reference, text};
use crate::store::text_of;
use crate::tool::{Scope, Tool, tool};
use serde_json::{Value, json};

fn post() -> Entity {
    entity(
        "post",
        "posts",
        "A post is a draft until it is published.",
        vec![text("title").req(), long_text("body").req(), text("summary"), list("labels", text(""))],
    )
    .computed(vec![choice("status", &["draft", "published"]).req(), date_time("publishedAt")])
    .filters(&["status"])
    .born(json!({"status": "draft"}))
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Blog;
    let id = || reference("id", "post").req();
    let mut tools = post().tools(scope, ALL);
    tools.push(
        tool(scope, "publish_post", "Publishes a draft on the company's public blog.", vec![id()], |call| {
            turn(call, "draft", json!({"status": "published", "publishedAt": call.now.rfc3339()}))
        })
        .gives(post().output()),
    );
    tools.push(
        tool(
            scope,
            "unpublish_post",
            "Takes a post off the public blog; it becomes a draft again.",
            vec![id()],
            |call| turn(call, "published", json!({"status": "draft", "publishedAt": null})),
        )
        .gives(post().output()),
    );
    tools
}

fn turn(call: &mut Call<'_>, from: &str, changes: Value) -> Result<Value, ToolError> {
    let post = call.record("post", "id")?;
    let status = text_of(&post, "status");
    if status != from {
        return Err(ToolError::conflict(format!("This post is a {status} post already")));
    }
    call.records().patch("post", text_of(&post, "id"), changes)
}
