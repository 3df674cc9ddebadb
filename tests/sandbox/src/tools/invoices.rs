//! Invoices: drafted, sent, paid, voided, refunded.

use crate::call::Call;
use crate::entity::{Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{
    Field, amount, choice, currency, date, date_time, flag, integer, long_text, objects, reference, text, url,
};
use crate::mail::Mail;
use crate::store::text_of;
use crate::tool::{Scope, Tool, tool};
use serde_json::{Value, json};

const STATUSES: &[&str] = &["draft", "sent", "paid", "void", "refunded"];
const METHODS: &[&str] = &["cash", "card", "bank_transfer", "other"];

pub(crate) fn invoice() -> Entity {
    entity("invoice", "invoices", "An invoice asks one contact for money.", wanted())
        .computed(vec![
            text("number").req(),
            choice("status", STATUSES).req(),
            amount("total").req(),
            choice("paymentMethod", METHODS),
            date_time("paidAt"),
        ])
        .filters(&["status", "contactId"])
}

fn wanted() -> Vec<Field> {
    vec![
        reference("contactId", "contact").req(),
        objects(
            "lineItems",
            vec![text("description").req(), integer("quantity", 1, 10_000).req(), amount("unitPrice").req()],
        )
        .req()
        .at_least(1),
        currency("currency"),
        date("dueDate"),
        long_text("notes"),
    ]
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Invoices;
    let id = || reference("id", "invoice").req();
    let gives = || invoice().output();
    let mut tools = invoice().tools(scope, &[Verb::List, Verb::Get]);
    tools.extend([
        tool(
            scope,
            "create_invoice",
            "Drafts an invoice with its line items. Nothing is sent to the customer.",
            wanted(),
            |call| {
                let lines = call.items("lineItems").to_vec();
                create(call, lines)
            },
        )
        .gives(gives()),
        tool(
            scope,
            "update_invoice",
            "Changes a draft. An invoice that was sent or paid cannot be changed.",
            std::iter::once(id())
                .chain(wanted().into_iter().skip(1).map(Field::opt))
                .collect(),
            update,
        )
        .gives(gives()),
        tool(
            scope,
            "delete_invoice",
            "Deletes a draft for good. An invoice that was sent can only be voided.",
            vec![id()],
            |call| {
                let invoice = in_status(call, &["draft"])?;
                call.records().remove("invoice", text_of(&invoice, "id"))?;
                Ok(json!({"id": invoice["id"], "deleted": true}))
            },
        )
        .gives(vec![id(), flag("deleted").req()]),
        tool(
            scope,
            "send_invoice",
            "Emails an invoice to its contact. Customer-facing: use request_send_approval unless a person agreed to exactly this.",
            vec![id()],
            send,
        )
        .sends()
        .gives(gives()),
        tool(
            scope,
            "mark_invoice_paid",
            "Records that an invoice was paid. Show the invoice to a person first.",
            vec![
                id(),
                choice("paymentMethod", METHODS),
                date_time("paidAt").about("Now if not given"),
            ],
            |call| {
                let paid_at = call.text("paidAt").map(str::to_owned);
                let changes = json!({
                    "status": "paid", "paymentMethod": call.text("paymentMethod").unwrap_or("other"),
                    "paidAt": paid_at.unwrap_or_else(|| call.now.rfc3339()),
                });
                change(call, &["draft", "sent"], changes)
            },
        )
        .gives(gives()),
        tool(
            scope,
            "void_invoice",
            "Makes an unpaid invoice void. It keeps its number and asks for nothing any more.",
            vec![id(), text("reason")],
            |call| {
                let changes = json!({"status": "void", "voidReason": call.text("reason")});
                change(call, &["draft", "sent"], changes)
            },
        )
        .gives(gives()),
        tool(
            scope,
            "refund_invoice",
            "Gives the money of a paid invoice back through Stripe.",
            vec![id(), text("reason")],
            |call| {
                let changes = json!({"status": "refunded", "refundReason": call.text("reason")});
                change(call, &["paid"], changes)
            },
        )
        .open_world()
        .gives(gives()),
        tool(
            scope,
            "create_payment_link",
            "Makes a Stripe link with which an unpaid invoice can be paid online.",
            vec![id()],
            payment_link,
        )
        .open_world()
        .gives(vec![
            reference("invoiceId", "invoice").req(),
            url("url").req(),
            amount("amount").req(),
            currency("currency").req(),
        ]),
    ]);
    tools
}

fn total(lines: &[Value]) -> f64 {
    let sum: f64 = lines
        .iter()
        .map(|line| line["quantity"].as_f64().unwrap_or_default() * line["unitPrice"].as_f64().unwrap_or_default())
        .sum();
    (sum * 100.0).round() / 100.0
}

/// Drafts an invoice from the call's arguments and these lines.
pub(crate) fn create(call: &mut Call<'_>, lines: Vec<Value>) -> Result<Value, ToolError> {
    let number = call.records().number(
        "SELECT 1 + ifnull(max(CAST(substr(json_extract(doc, '$.number'), 5) AS INTEGER)), 0)
         FROM records WHERE org = ?1 AND kind = 'invoice'",
    )?;
    let mut doc = json!({"currency": "HKD"});
    if let Value::Object(doc) = &mut doc {
        doc.extend(call.arguments.clone());
    }
    doc["number"] = json!(format!("INV-{number:05}"));
    doc["status"] = json!("draft");
    doc["total"] = json!(total(&lines));
    call.insert("invoice", doc)
}

fn in_status(call: &Call<'_>, allowed: &[&str]) -> Result<Value, ToolError> {
    let invoice = call.record("invoice", "id")?;
    let status = text_of(&invoice, "status");
    if allowed.contains(&status) {
        return Ok(invoice);
    }
    Err(ToolError::conflict(format!("This invoice is {status}")))
}

fn change(call: &mut Call<'_>, from: &[&str], changes: Value) -> Result<Value, ToolError> {
    let invoice = in_status(call, from)?;
    call.records().patch("invoice", text_of(&invoice, "id"), changes)
}

fn update(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let mut changes = call.arguments.clone();
    changes.remove("id");
    if let Some(lines) = changes.get("lineItems").and_then(Value::as_array) {
        let total = total(lines);
        changes.insert("total".into(), json!(total));
    }
    change(call, &["draft"], Value::Object(changes))
}

fn send(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let invoice = in_status(call, &["draft", "sent"])?;
    let contact = call.records().get("contact", text_of(&invoice, "contactId"))?;
    let to = crate::send::address(&contact, "email")?;
    let number = text_of(&invoice, "number");
    call.mail(Mail {
        to,
        subject: format!("Invoice {number}"),
        body: format!("Invoice {number} over {} {}.\n", invoice["total"], text_of(&invoice, "currency")),
    })?;
    let changes = json!({"status": "sent", "sentAt": call.now.rfc3339()});
    call.records().patch("invoice", text_of(&invoice, "id"), changes)
}

fn payment_link(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let invoice = in_status(call, &["draft", "sent"])?;
    let token = call.random.base62(24);
    let link = json!({
        "invoiceId": invoice["id"], "url": format!("https://pay.sandbox.example/{token}"),
        "amount": invoice["total"], "currency": invoice["currency"],
    });
    call.insert("payment_link", link.clone())?;
    Ok(link)
}
