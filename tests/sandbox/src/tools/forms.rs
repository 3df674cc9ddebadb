//! Forms on the company's pages, and what people sent with them.

use crate::call::Call;
use crate::entity::{Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{choice, flag, free, objects, reference, text};
use crate::store::text_of;
use crate::tool::{Scope, Tool, tool};
use serde_json::Value;

fn form() -> Entity {
    entity(
        "form",
        "forms",
        "A form asks visitors a few questions.",
        vec![
            text("name").req(),
            objects(
                "questions",
                vec![
                    text("name").req(),
                    text("label").req(),
                    choice("type", &["text", "email", "phone", "number"]).req(),
                    flag("required"),
                ],
            )
            .req()
            .at_least(1),
        ],
    )
    .unique("name")
}

fn submission() -> Entity {
    entity(
        "form_submission",
        "form_submissions",
        "A submission is one visitor's answers.",
        vec![reference("formId", "form").req(), free("answers").req()],
    )
    .filters(&["formId"])
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Forms;
    let mut tools = form().tools(scope, &[Verb::List, Verb::Get, Verb::Create, Verb::Delete]);
    tools.extend(submission().tools(scope, &[Verb::List]));
    tools.push(
        tool(
            scope,
            "create_form_submission",
            "Stores answers to a form, as if a visitor had sent them.",
            vec![
                reference("formId", "form").req(),
                free("answers").req().about("By the names of the form's questions"),
            ],
            submit,
        )
        .gives(submission().output()),
    );
    tools
}

fn submit(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let form = call.record("form", "formId")?;
    let answers = &call.arguments["answers"];
    for question in form["questions"].as_array().into_iter().flatten() {
        let name = text_of(question, "name");
        if question["required"] == true && answers.get(name).is_none() {
            return Err(ToolError::invalid(format!("answers.{name}"), "this question must be answered"));
        }
    }
    call.insert("form_submission", Value::Object(call.arguments.clone()))
}
