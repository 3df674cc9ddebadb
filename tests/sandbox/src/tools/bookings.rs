//! Bookings: made only in free slots, and moved or ended afterwards.

use super::services::{slots, taken};
use crate::call::Call;
use crate::entity::{Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{date_time, long_text, reference, text};
use crate::store::text_of;
use crate::time::Time;
use crate::tool::{Need, Scope, Tool, tool};
use serde_json::{Value, json};

fn booking() -> Entity {
    entity(
        "booking",
        "bookings",
        "A booking is a contact's appointment for a service.",
        vec![
            reference("serviceId", "service").req(),
            reference("contactId", "contact").req(),
            date_time("startsAt").req().about("The start of a free slot"),
            long_text("notes"),
        ],
    )
    .computed(vec![
        date_time("endsAt").req(),
        crate::field::choice("status", &["booked", "completed", "cancelled", "no_show"]).req(),
        text("cancelReason"),
    ])
    .filters(&["status", "contactId", "serviceId"])
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Bookings;
    let id = || reference("id", "booking").req();
    let gives = || booking().output();
    let mut tools = booking().tools(scope, &[Verb::List, Verb::Get]);
    tools.extend([
        tool(
            scope,
            "create_booking",
            "Books a service for a contact at the start of a free slot; a slot that is taken answers conflict.",
            vec![
                reference("serviceId", "service").req(),
                reference("contactId", "contact").req(),
                date_time("startsAt").req().about("As given by get_available_slots"),
                long_text("notes"),
            ],
            create,
        )
        .needs(Need::Quota("bookings"))
        .gives(gives()),
        tool(
            scope,
            "update_booking",
            "Changes the notes of a booking.",
            vec![id(), long_text("notes").req()],
            |call| {
                let changes = json!({"notes": call.need("notes")?});
                call.records().patch("booking", call.need("id")?, changes)
            },
        )
        .gives(gives()),
        tool(
            scope,
            "reschedule_booking",
            "Moves a booking to another free slot; the old slot becomes free.",
            vec![id(), date_time("startsAt").req()],
            reschedule,
        )
        .gives(gives()),
        tool(
            scope,
            "cancel_booking",
            "Cancels a booking and frees its slot. The customer loses the appointment.",
            vec![id(), text("reason")],
            |call| {
                let reason = call.text("reason").map(str::to_owned);
                end(call, json!({"status": "cancelled", "cancelReason": reason}))
            },
        )
        .gives(gives()),
        tool(scope, "complete_booking", "Marks a booking as done.", vec![id()], |call| {
            end(call, json!({"status": "completed"}))
        })
        .gives(gives()),
        tool(scope, "mark_booking_no_show", "Marks that the customer did not come to a booking.", vec![id()], |call| {
            end(call, json!({"status": "no_show"}))
        })
        .gives(gives()),
    ]);
    tools
}

/// Where a service fits that starts at the asked time; a conflict if it does not.
fn free_slot(call: &Call<'_>, service: &Value, except: Option<(Time, Time)>) -> Result<(Time, Time), ToolError> {
    let starts =
        Time::parse(call.need("startsAt")?).ok_or_else(|| ToolError::invalid("startsAt", "expected a time"))?;
    let slot = slots(call, service)?
        .into_iter()
        .find(|slot| slot.starts == starts)
        .ok_or_else(|| ToolError::conflict("This is not the start of a slot; see get_available_slots"))?;
    let mut taken = taken(call, text_of(service, "id"))?;
    taken.retain(|other| Some(*other) != except);
    if taken.iter().any(|other| slot.overlaps(*other)) {
        return Err(ToolError::conflict("This slot is taken").with("startsAt", starts.rfc3339()));
    }
    Ok((slot.starts, slot.ends))
}

fn create(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let service = call.record("service", "serviceId")?;
    let (starts, ends) = free_slot(call, &service, None)?;
    let mut doc = Value::Object(call.arguments.clone());
    doc["startsAt"] = json!(starts.rfc3339());
    doc["endsAt"] = json!(ends.rfc3339());
    doc["status"] = json!("booked");
    call.insert("booking", doc)
}

fn open_booking(call: &Call<'_>) -> Result<Value, ToolError> {
    let booking = call.record("booking", "id")?;
    match text_of(&booking, "status") {
        "booked" => Ok(booking),
        status => Err(ToolError::conflict(format!("This booking is {status}"))),
    }
}

fn reschedule(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let booking = open_booking(call)?;
    let service = call.records().get("service", text_of(&booking, "serviceId"))?;
    let own = Time::parse(text_of(&booking, "startsAt")).zip(Time::parse(text_of(&booking, "endsAt")));
    let (starts, ends) = free_slot(call, &service, own)?;
    let changes = json!({"startsAt": starts.rfc3339(), "endsAt": ends.rfc3339()});
    call.records().patch("booking", call.need("id")?, changes)
}

fn end(call: &mut Call<'_>, changes: Value) -> Result<Value, ToolError> {
    open_booking(call)?;
    call.records().patch("booking", call.need("id")?, changes)
}
