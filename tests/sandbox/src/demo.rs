//! Contacts, a booking and invoices for an organisation that is to look used.

use crate::call::Call;
use crate::error::ToolError;
use crate::store::{Records, text_of};
use serde_json::json;

const PEOPLE: &[(&str, &str, &str)] = &[
    ("Ada Chan", "ada@customers.example", "+85291230001"),
    ("Ben Lee", "ben@customers.example", "+85291230002"),
    ("Cleo Wong", "cleo@customers.example", "+85291230003"),
    ("Dan Ho", "dan@customers.example", "+85291230004"),
    ("Eve Lam", "eve@customers.example", "+85291230005"),
];

/// Fills a new organisation; it must have its services already.
pub(crate) fn seed(call: &mut Call<'_>, org: &str) -> Result<(), ToolError> {
    let records = Records { db: call.db, org, now: call.now };
    let mut contacts = Vec::new();
    for (name, email, phone) in PEOPLE {
        let doc = json!({
            "name": name, "email": email, "phone": phone, "status": "active", "tagIds": [],
        });
        contacts.push(records.insert(call.random, "contact", doc)?);
    }
    for (at, contact) in contacts.iter().take(3).enumerate() {
        let price = 480.0 * (at + 1) as f64;
        let status = ["sent", "paid", "draft"][at];
        let mut doc = json!({
            "contactId": contact["id"], "number": format!("INV-{:05}", at + 1), "status": status,
            "currency": "HKD", "total": price,
            "lineItems": [{"description": "Standard session", "quantity": at + 1, "unitPrice": 480.0}],
        });
        if status == "paid" {
            doc["paidAt"] = json!(call.now.rfc3339());
            doc["paymentMethod"] = json!("card");
        }
        records.insert(call.random, "invoice", doc)?;
    }
    // On the hour, two days ahead: whether it is within the opening hours does not matter.
    let hour = 3_600_000;
    let starts = crate::time::Time::from_millis(call.now.millis() / hour * hour);
    let starts = starts.plus_seconds(48 * 3600);
    for (service, contact) in records.all("service", &[])?.iter().zip(&contacts) {
        let minutes = service["durationMinutes"].as_i64().unwrap_or(60);
        let doc = json!({
            "serviceId": text_of(service, "id"), "contactId": contact["id"], "status": "booked",
            "startsAt": starts.rfc3339(), "endsAt": starts.plus_seconds(minutes * 60).rfc3339(),
        });
        records.insert(call.random, "booking", doc)?;
    }
    Ok(())
}
