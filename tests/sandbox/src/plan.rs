//! Plans: tiers with quotas and modules, and whether an operation fits into the current one.

use crate::call::Call;
use crate::error::{Code, ToolError};
use crate::time::Time;
use crate::tool::Need;
use chrono::{Datelike, TimeZone, Utc};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value, json};

/// One tier. A quota that is missing is unlimited.
pub(crate) struct Tier {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// A month, in US dollars.
    pub(crate) price: u32,
    quotas: &'static [(&'static str, i64)],
    modules: &'static [&'static str],
}

/// Cheapest first: the first that fits is the one to upgrade to.
pub(crate) const TIERS: &[Tier] = &[
    Tier {
        code: "free",
        name: "Free",
        price: 0,
        quotas: &[("customers", 100), ("bookings", 200), ("mcp_calls", 1_000)],
        modules: &[],
    },
    Tier {
        code: "lite",
        name: "Lite",
        price: 19,
        quotas: &[("customers", 1_000), ("bookings", 2_000), ("mcp_calls", 10_000)],
        modules: &[],
    },
    Tier {
        code: "starter",
        name: "Starter",
        price: 49,
        quotas: &[("customers", 5_000), ("bookings", 10_000), ("mcp_calls", 50_000)],
        modules: &["whatsapp", "sms"],
    },
    Tier { code: "enterprise", name: "Enterprise", price: 299, quotas: &[], modules: &["whatsapp", "sms"] },
];

pub(crate) const QUOTAS: &[&str] = &["customers", "bookings", "mcp_calls"];
pub(crate) const MODULES: &[&str] = &["whatsapp", "sms"];
pub(crate) const CODES: &[&str] = &["free", "lite", "starter", "enterprise"];

impl Tier {
    pub(crate) fn limit(&self, quota: &str) -> Option<i64> {
        self.quotas.iter().find(|(name, _)| *name == quota).map(|(_, limit)| *limit)
    }

    fn includes(&self, module: &str) -> bool {
        self.modules.contains(&module)
    }

    pub(crate) fn to_json(&self) -> Value {
        let quotas: Vec<_> = QUOTAS
            .iter()
            .map(|quota| match self.limit(quota) {
                Some(limit) => json!({"code": quota, "limit": limit}),
                None => json!({"code": quota, "unlimited": true}),
            })
            .collect();
        json!({
            "planId": format!("plan_{}", self.code), "planCode": self.code, "name": self.name,
            "pricePerMonth": self.price, "currency": "USD", "quotas": quotas, "modules": self.modules,
        })
    }
}

pub(crate) fn tier(code: &str) -> Option<&'static Tier> {
    TIERS.iter().find(|tier| tier.code == code)
}

/// The tier that the caller's organisation is on.
pub(crate) fn current(call: &Call<'_>) -> Result<&'static Tier, ToolError> {
    let code: Option<String> =
        call.db.query_row("SELECT plan FROM organisations WHERE id = ?", [call.org()], |row| row.get(0)).optional()?;
    Ok(code.as_deref().and_then(tier).unwrap_or(&TIERS[0]))
}

/// Counts one MCP call in this month.
pub(crate) fn count_call(call: &Call<'_>, org: &str) -> Result<(), ToolError> {
    call.db.execute(
        "INSERT INTO calls_per_month VALUES (?, ?, 1)
         ON CONFLICT (org, month) DO UPDATE SET number = number + 1",
        params![org, call.now.month()],
    )?;
    Ok(())
}

/// How much of a quota is used: contacts in all, bookings and calls in this month.
pub(crate) fn used(call: &Call<'_>, quota: &str) -> Result<i64, ToolError> {
    match quota {
        "customers" => call.records().count_since("contact", Time::from_millis(i64::MIN)),
        "bookings" => call.records().count_since("booking", month_start(call.now)),
        _ => Ok(call
            .db
            .query_row(
                "SELECT number FROM calls_per_month WHERE org = ? AND month = ?",
                params![call.org(), call.now.month()],
                |row| row.get(0),
            )
            .optional()?
            .unwrap_or_default()),
    }
}

fn month_start(now: Time) -> Time {
    let now = now.utc();
    Utc.with_ymd_and_hms(now.year(), now.month(), 1, 0, 0, 0)
        .single()
        .map_or(Time::from_millis(0), |start| Time::from_millis(start.timestamp_millis()))
}

/// Why something does not fit into the plan, and what would make it fit.
pub(crate) struct Block {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) upgrade: Value,
}

/// Whether `delta` more of what is needed fits into the plan.
pub(crate) fn check(call: &Call<'_>, need: Need, delta: i64) -> Result<Option<Block>, ToolError> {
    let tier = current(call)?;
    match need {
        Need::Module(module) if tier.includes(module) => Ok(None),
        Need::Module(module) => Ok(Some(Block {
            reason: "module_not_in_plan",
            message: format!("The {} plan does not include {module}", tier.name),
            upgrade: upgrade(tier, |other| other.includes(module)),
        })),
        Need::Quota(quota) => {
            let Some(limit) = tier.limit(quota) else {
                return Ok(None);
            };
            let wanted = used(call, quota)?.saturating_add(delta);
            if wanted <= limit {
                return Ok(None);
            }
            Ok(Some(Block {
                reason: "quota_exceeded",
                message: format!("The {} plan allows {limit} {quota}", tier.name),
                upgrade: upgrade(tier, |other| other.limit(quota).is_none_or(|limit| wanted <= limit)),
            }))
        }
    }
}

fn upgrade(current: &Tier, fits: impl Fn(&Tier) -> bool) -> Value {
    TIERS.iter().find(|tier| tier.price > current.price && fits(tier)).map_or(Value::Null, |tier| {
        json!({
            "type": "upgrade_plan", "tool": "create_plan_upgrade_link", "planCode": tier.code,
            "message": format!("Upgrade to {} at {} USD a month", tier.name, tier.price),
        })
    })
}

/// Refuses what does not fit into the plan.
pub(crate) fn require(call: &Call<'_>, need: Need) -> Result<(), ToolError> {
    // The call itself was counted before its quota is asked about.
    let delta = i64::from(need != Need::Quota("mcp_calls"));
    match check(call, need, delta)? {
        None => Ok(()),
        Some(block) => Err(ToolError::new(Code::PlanBlocked, block.message)
            .with("reason", block.reason)
            .with("upgradeAction", block.upgrade)),
    }
}
