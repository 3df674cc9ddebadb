//! Figures, computed by SQL over the organisation's records.

use crate::call::Call;
use crate::error::ToolError;
use crate::field::{Field, amount, count, date, integer, objects, text};
use crate::time::Time;
use crate::tool::{Scope, Tool, tool};
use rusqlite::params;
use serde_json::{Value, json};

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Reports;
    let period = || {
        vec![
            date("from").about("The first day, in UTC; the beginning if not given"),
            date("to").about("The last day, in UTC; today if not given"),
        ]
    };
    vec![
        tool(
            scope,
            "get_sales_report",
            "Gets the invoices made in a period, by status, and what was paid.",
            period(),
            |call| {
                let by_status = by_status(call, "invoice")?;
                let sum = |status: &str| sum(call, "invoice", "total", status);
                Ok(json!({"byStatus": by_status, "paid": sum("paid")?, "refunded": sum("refunded")?, "open": sum("sent")?}))
            },
        )
        .gives(vec![
            statuses(),
            amount("paid").req(),
            amount("refunded").req(),
            amount("open").req(),
        ]),
        tool(
            scope,
            "get_booking_report",
            "Gets the bookings made in a period, by status.",
            period(),
            |call| Ok(json!({"byStatus": by_status(call, "booking")?})),
        )
        .gives(vec![statuses()]),
        tool(
            scope,
            "get_customer_report",
            "Gets the contacts made in a period, by status.",
            period(),
            |call| Ok(json!({"byStatus": by_status(call, "contact")?})),
        )
        .gives(vec![statuses()]),
        tool(
            scope,
            "get_loyalty_report",
            "Gets how many points were earned and redeemed in all, and how many are left.",
            vec![],
            loyalty,
        )
        .gives(vec![
            count("earned").req(),
            count("redeemed").req(),
            integer("outstanding", 0, 0).req(),
        ]),
        tool(
            scope,
            "get_dashboard",
            "Gets the most important figures at a glance.",
            vec![],
            dashboard,
        )
        .gives(vec![
            count("contacts").req(),
            count("upcomingBookings").req(),
            count("activeMemberships").req(),
            count("pendingApprovals").req(),
            amount("unpaid").req(),
        ]),
    ]
}

fn statuses() -> Field {
    objects("byStatus", vec![text("status").req(), count("count").req()]).req()
}

/// The asked period as times: from the first moment of one day to the last of another.
fn period(call: &Call<'_>) -> (i64, i64) {
    let day = |name: &str| {
        let midnight = format!("{}T00:00:00Z", call.text(name)?);
        Time::parse(&midnight)
    };
    let from = day("from").map_or(i64::MIN, Time::millis);
    let to = day("to").map_or(i64::MAX, |to| to.plus_seconds(24 * 3600).millis());
    (from, to)
}

fn by_status(call: &Call<'_>, kind: &str) -> Result<Vec<Value>, ToolError> {
    let (from, to) = period(call);
    let mut statement = call.db.prepare(
        "SELECT json_extract(doc, '$.status') AS status, count(*) FROM records
         WHERE org = ? AND kind = ? AND created >= ? AND created < ? GROUP BY status ORDER BY status",
    )?;
    let rows = statement.query_map(params![call.org(), kind, from, to], |row| {
        Ok(json!({"status": row.get::<_, String>(0)?, "count": row.get::<_, i64>(1)?}))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn sum(call: &Call<'_>, kind: &str, field: &str, status: &str) -> Result<f64, ToolError> {
    let (from, to) = period(call);
    Ok(call.db.query_row(
        "SELECT total(json_extract(doc, '$.' || ?)) FROM records WHERE org = ? AND kind = ?
         AND created >= ? AND created < ? AND json_extract(doc, '$.status') = ?",
        params![field, call.org(), kind, from, to, status],
        |row| row.get(0),
    )?)
}

fn loyalty(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let points = |condition: &str| {
        call.records().number(&format!(
            "SELECT total(json_extract(doc, '$.points')) FROM records
             WHERE org = ?1 AND kind = 'loyalty_entry' AND json_extract(doc, '$.void') = 0 AND {condition}"
        ))
    };
    let earned = points("json_extract(doc, '$.kind') = 'earn'")? as i64;
    let redeemed = -points("json_extract(doc, '$.kind') = 'redeem'")? as i64;
    Ok(json!({"earned": earned, "redeemed": redeemed, "outstanding": earned - redeemed}))
}

fn dashboard(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let count = |kind: &str, condition: &str| -> Result<i64, ToolError> {
        let number = call
            .records()
            .number(&format!("SELECT count(*) FROM records WHERE org = ?1 AND kind = '{kind}' AND {condition}"))?;
        Ok(number as i64)
    };
    let upcoming = format!(
        "json_extract(doc, '$.status') = 'booked' AND json_extract(doc, '$.startsAt') >= '{}'",
        call.now.rfc3339()
    );
    Ok(json!({
        "contacts": count("contact", "1")?,
        "upcomingBookings": count("booking", &upcoming)?,
        "activeMemberships": count("membership", "json_extract(doc, '$.status') = 'active'")?,
        "pendingApprovals": count("send_approval", "json_extract(doc, '$.status') = 'pending'")?,
        "unpaid": sum(call, "invoice", "total", "sent")?,
    }))
}
