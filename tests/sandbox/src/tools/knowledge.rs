//! The company's own articles, found by full text, and what there is to know about the platform.

use crate::call::Call;
use crate::entity::{Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{flag, integer, list, long_text, objects, reference, text};
use crate::tool::{Scope, Tool, tool};
use rusqlite::params;
use serde_json::{Value, json};

fn article() -> Entity {
    entity(
        "article",
        "articles",
        "Articles hold what the company knows: prices, policies, answers.",
        vec![text("title").req(), long_text("body").req(), list("labels", text(""))],
    )
    .unique("title")
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Knowledge;
    let question = || {
        vec![
            text("query").req().about("A question or a few words"),
            integer("limit", 1, 20).about("How many passages at most; 5 if not given"),
        ]
    };
    let mut tools = article().tools(scope, &[Verb::List, Verb::Get]);
    tools.extend([
        tool(
            scope,
            "query_company_knowledge",
            "Finds passages in the company's own articles that have to do with a question.",
            question(),
            query_company,
        )
        .gives(vec![
            objects(
                "passages",
                vec![reference("articleId", "article").req(), text("title").req(), text("excerpt").req()],
            )
            .req(),
        ]),
        tool(
            scope,
            "query_favcrm_platform",
            "Finds out how to do something with FavCRM itself.",
            question(),
            query_platform,
        )
        .gives(vec![objects("passages", vec![text("title").req(), text("excerpt").req()]).req()]),
        tool(
            scope,
            "create_article",
            "Stores an article, so that questions about it can be answered.",
            vec![text("title").req(), long_text("body").req(), list("labels", text(""))],
            create,
        )
        .gives(article().output()),
        tool(scope, "delete_article", "Deletes an article for good.", vec![reference("id", "article").req()], delete)
            .gives(vec![reference("id", "article").req(), flag("deleted").req()]),
    ]);
    tools
}

fn create(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let arguments = call.arguments.clone();
    let stored = article().create(call, arguments)?;
    call.db.execute(
        "INSERT INTO article_text VALUES (?, ?, ?, ?)",
        params![stored["id"].as_str(), call.org(), call.need("title")?, call.need("body")?],
    )?;
    Ok(stored)
}

fn delete(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let id = call.need("id")?;
    call.records().remove("article", id)?;
    call.db.execute("DELETE FROM article_text WHERE id = ?", [id])?;
    Ok(json!({"id": id, "deleted": true}))
}

/// The words of a question, each quoted, since anything else has a meaning in a full-text query.
fn any_word(question: &str) -> String {
    let words: Vec<_> = question
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{word}\""))
        .collect();
    words.join(" OR ")
}

fn limit(call: &Call<'_>) -> i64 {
    call.integer("limit").unwrap_or(5)
}

fn query_company(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let words = any_word(call.need("query")?);
    if words.is_empty() {
        return Ok(json!({"passages": []}));
    }
    let mut statement = call.db.prepare(
        "SELECT id, title, snippet(article_text, 3, '', '', ' … ', 32) FROM article_text
         WHERE article_text MATCH ? AND org = ? ORDER BY rank LIMIT ?",
    )?;
    let passages: Vec<Value> = statement
        .query_map(params![words, call.org(), limit(call)], |row| {
            Ok(json!({
                "articleId": row.get::<_, String>(0)?, "title": row.get::<_, String>(1)?,
                "excerpt": row.get::<_, String>(2)?,
            }))
        })?
        .collect::<Result<_, _>>()?;
    Ok(json!({"passages": passages}))
}

const PLATFORM: &[(&str, &str)] = &[
    ("Keys", "MCP keys are created and revoked in the portal under Settings, MCP Keys."),
    ("Sends", "Draft a message, show it, then call request_send_approval; the owner approves it in the portal."),
    ("Plans", "get_plan_status shows the quotas; create_plan_upgrade_link makes a payment link after a yes."),
    ("Bookings", "get_available_slots lists free slots; create_booking takes one of them."),
    ("WhatsApp", "WhatsApp comes with the Starter plan; create_whatsapp_connect_link connects a number."),
    ("Team", "create_team_member_invite invites a person, who joins with the token and an emailed code."),
];

fn query_platform(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let question = call.need("query")?.to_lowercase();
    let words: Vec<_> =
        question.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.len() > 2).collect();
    let passages: Vec<_> = PLATFORM
        .iter()
        .filter(|(title, text)| {
            let both = format!("{title} {text}").to_lowercase();
            words.iter().any(|word| both.contains(word))
        })
        .take(limit(call) as usize)
        .map(|(title, text)| json!({"title": title, "excerpt": text}))
        .collect();
    Ok(json!({"passages": passages}))
}
