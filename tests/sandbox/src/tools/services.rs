//! Services, opening hours, and the slots that are still free.

use crate::call::Call;
use crate::entity::{ALL, Entity, entity};
use crate::error::ToolError;
use crate::field::{
    amount, choice, clock, currency, date, date_time, flag, integer, long_text, objects, reference, text,
};
use crate::store::{Records, text_of};
use crate::time::Time;
use crate::tool::{Scope, Tool, tool};
use chrono::{Datelike, NaiveDate, NaiveTime, TimeZone};
use serde_json::{Value, json};

const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// How many days ahead slots are shown.
const DAYS_AHEAD: u64 = 14;

fn service() -> Entity {
    entity(
        "service",
        "services",
        "A service is something that can be booked.",
        vec![
            text("name").req(),
            integer("durationMinutes", 5, 480).req(),
            amount("price").req(),
            currency("currency"),
            long_text("description"),
            flag("active"),
        ],
    )
    .filters(&["active"])
    .unique("name")
    .born(json!({"active": true, "currency": "HKD"}))
}

/// What every new organisation can be booked for.
pub(crate) fn seed(call: &mut Call<'_>, org: &str) -> Result<(), ToolError> {
    let records = Records { db: call.db, org, now: call.now };
    let services = [("Consultation", 30, 0.0), ("Standard session", 60, 480.0), ("Extended session", 90, 680.0)];
    for (name, minutes, price) in services {
        let doc = json!({
            "name": name, "durationMinutes": minutes, "price": price, "currency": "HKD", "active": true,
        });
        records.insert(call.random, "service", doc)?;
    }
    let week: Vec<_> = DAYS[..6].iter().map(|day| json!({"day": day, "opens": "10:00", "closes": "18:00"})).collect();
    records.insert(call.random, "settings", json!({"openingHours": week}))?;
    Ok(())
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Services;
    let hours =
        || objects("openingHours", vec![choice("day", DAYS).req(), clock("opens").req(), clock("closes").req()]).req();
    let mut tools = service().tools(scope, ALL);
    tools.push(
        tool(
            scope,
            "get_available_slots",
            "Gets the free slots of a service in the next 14 days, within the opening hours and without those already booked.",
            vec![
                reference("serviceId", "service").req(),
                date("date").about("Only this day, in the company's time zone"),
            ],
            available_slots,
        )
        .gives(vec![
            reference("serviceId", "service").req(),
            text("timezone").req(),
            objects("slots", vec![date_time("startsAt").req(), date_time("endsAt").req()]).req(),
        ]),
    );
    tools.push(
        tool(
            scope,
            "get_opening_hours",
            "Gets the weekly opening hours, in the company's time zone.",
            vec![],
            |call| Ok(json!({"openingHours": opening_hours(call)?})),
        )
        .gives(vec![hours()]),
    );
    tools.push(
        tool(
            scope,
            "set_opening_hours",
            "Replaces the weekly opening hours; days that are not given are closed.",
            vec![hours()],
            set_opening_hours,
        )
        .gives(vec![hours()]),
    );
    tools
}

/// The organisation's one settings record.
pub(crate) fn settings(call: &Call<'_>) -> Result<Value, ToolError> {
    call.records().all("settings", &[])?.pop().ok_or_else(|| ToolError::not_found("settings"))
}

fn opening_hours(call: &Call<'_>) -> Result<Value, ToolError> {
    Ok(settings(call)?["openingHours"].clone())
}

fn set_opening_hours(call: &mut Call<'_>) -> Result<Value, ToolError> {
    for (at, day) in call.items("openingHours").iter().enumerate() {
        if text_of(day, "opens") >= text_of(day, "closes") {
            return Err(ToolError::invalid(format!("openingHours[{at}].closes"), "expected a time after opens"));
        }
    }
    let settings = settings(call)?;
    let changes = json!({"openingHours": call.items("openingHours")});
    let settings = call.records().patch("settings", text_of(&settings, "id"), changes)?;
    Ok(json!({"openingHours": settings["openingHours"]}))
}

/// The company's time zone; UTC until one is set.
fn zone(call: &Call<'_>) -> Result<chrono_tz::Tz, ToolError> {
    let profile = crate::organisations::profile(call.db, call.org())?;
    Ok(text_of(&profile, "timezone").parse().unwrap_or(chrono_tz::UTC))
}

fn available_slots(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let service = call.record("service", "serviceId")?;
    let wanted: Option<NaiveDate> = call.text("date").and_then(|date| date.parse().ok());
    let taken = taken(call, text_of(&service, "id"))?;
    let slots: Vec<_> = slots(call, &service)?
        .into_iter()
        .filter(|slot| wanted.is_none_or(|date| slot.day == date))
        .filter(|slot| !taken.iter().any(|other| slot.overlaps(*other)))
        .map(|slot| json!({"startsAt": slot.starts.rfc3339(), "endsAt": slot.ends.rfc3339()}))
        .collect();
    Ok(json!({"serviceId": service["id"], "timezone": zone(call)?.name(), "slots": slots}))
}

/// A stretch of time in which a service can be given.
pub(crate) struct Slot {
    day: NaiveDate,
    pub(crate) starts: Time,
    pub(crate) ends: Time,
}

impl Slot {
    pub(crate) fn overlaps(&self, (starts, ends): (Time, Time)) -> bool {
        self.starts < ends && starts < self.ends
    }
}

/// All slots of a service from now on, booked or not.
pub(crate) fn slots(call: &Call<'_>, service: &Value) -> Result<Vec<Slot>, ToolError> {
    let zone = zone(call)?;
    let minutes = service["durationMinutes"].as_i64().unwrap_or(60).max(5);
    let hours = opening_hours(call)?;
    let today = call.now.utc().with_timezone(&zone).date_naive();
    let mut slots = Vec::new();
    for day in today.iter_days().take(DAYS_AHEAD as usize + 1) {
        let name = DAYS[day.weekday().num_days_from_monday() as usize];
        let open = hours.as_array().into_iter().flatten();
        for open in open.filter(|open| text_of(open, "day") == name) {
            let at = |field: &str| {
                let time = NaiveTime::parse_from_str(text_of(open, field), "%H:%M").ok()?;
                // An hour that a change to summer time skips has no slots.
                let local = zone.from_local_datetime(&day.and_time(time)).earliest()?;
                Some(Time::from_millis(local.timestamp_millis()))
            };
            let (Some(mut starts), Some(closes)) = (at("opens"), at("closes")) else {
                continue;
            };
            while starts.plus_seconds(minutes * 60) <= closes {
                let ends = starts.plus_seconds(minutes * 60);
                if starts >= call.now {
                    slots.push(Slot { day, starts, ends });
                }
                starts = ends;
            }
        }
    }
    Ok(slots)
}

/// The times at which a service is booked.
pub(crate) fn taken(call: &Call<'_>, service: &str) -> Result<Vec<(Time, Time)>, ToolError> {
    let bookings = call.records().all("booking", &[("serviceId", json!(service))])?;
    Ok(bookings
        .iter()
        .filter(|booking| matches!(text_of(booking, "status"), "booked" | "completed"))
        .filter_map(|booking| {
            Some((Time::parse(text_of(booking, "startsAt"))?, Time::parse(text_of(booking, "endsAt"))?))
        })
        .collect())
}
