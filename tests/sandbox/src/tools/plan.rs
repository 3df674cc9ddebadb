//! The plan: what it allows, what else there is, and a link to change it.

use crate::call::Call;
use crate::error::{Code, ToolError};
use crate::field::{Field, any, choice, count, date_time, flag, free, integer, list, objects, text, url};
use crate::plan::{self, CODES, MODULES, QUOTAS, TIERS, current, used};
use crate::tool::{Need, Scope, Tool, tool};
use serde_json::{Value, json};

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Plan;
    vec![
        tool(
            scope,
            "get_plan_status",
            "Gets the current plan with its quotas, how much of them is used, and its modules.",
            vec![],
            status,
        )
        .gives(vec![
            text("planCode").req(),
            text("name").req(),
            text("status").req(),
            objects(
                "quotas",
                vec![
                    choice("code", QUOTAS).req(),
                    count("used").req(),
                    count("limit"),
                    count("remaining"),
                    flag("unlimited"),
                ],
            )
            .req(),
            list("modules", choice("", MODULES)).req(),
        ]),
        tool(
            scope,
            "check_plan_operation",
            "Says whether the plan allows a tool, a module or more of a quota, and what upgrade would help if it does not.",
            vec![
                text("toolName"),
                choice("moduleCode", MODULES),
                choice("quotaCode", QUOTAS),
                integer("delta", 1, 100_000).about("How many more; 1 if not given"),
            ],
            check,
        )
        .gives(verdict()),
        tool(
            scope,
            "list_plan_options",
            "Lists all plans with their prices, quotas and modules.",
            vec![],
            |_| Ok(json!({"items": TIERS.iter().map(plan::Tier::to_json).collect::<Vec<_>>()})),
        )
        .gives(vec![
            objects(
                "items",
                vec![
                    text("planId").req(),
                    choice("planCode", CODES).req(),
                    text("name").req(),
                    count("pricePerMonth").req(),
                    text("currency").req(),
                    list("quotas", free("")).req(),
                    list("modules", text("")).req(),
                ],
            )
            .req(),
        ]),
        tool(
            scope,
            "create_plan_upgrade_link",
            "Makes a payment link for another plan. Only with confirm: true, and only after the person said yes.",
            vec![
                choice("planCode", CODES).about("This or planId"),
                text("planId").about("This or planCode"),
                choice("billingCycle", &["monthly", "yearly"]),
                url("returnUrl"),
                flag("confirm").req().about("True once the person agreed"),
            ],
            upgrade_link,
        )
        .open_world()
        .gives(vec![
            url("url").req(),
            text("planCode").req(),
            text("billingCycle").req(),
            count("amount").req(),
            text("currency").req(),
            date_time("expiresAt").req(),
        ]),
    ]
}

fn status(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let tier = current(call)?;
    let mut quotas = Vec::new();
    for quota in QUOTAS {
        let used = used(call, quota)?;
        quotas.push(match tier.limit(quota) {
            Some(limit) => {
                json!({"code": quota, "used": used, "limit": limit, "remaining": (limit - used).max(0)})
            }
            None => json!({"code": quota, "used": used, "unlimited": true}),
        });
    }
    let mut status = tier.to_json();
    status["status"] = json!("active");
    status["quotas"] = json!(quotas);
    Ok(status)
}

/// The fields of an answer about what the plan allows.
pub(crate) fn verdict() -> Vec<Field> {
    vec![flag("allowed").req(), text("planCode").req(), text("reason"), text("message"), any("upgradeAction")]
}

fn check(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let delta = call.integer("delta").unwrap_or(1);
    let mut needs = Vec::new();
    if let Some(name) = call.text("toolName") {
        needs.extend(tool_needs(call, name, "toolName")?);
    }
    // Matched against the constants, so that the names live as long as the program.
    needs.extend(known(MODULES, call.text("moduleCode")).map(Need::Module));
    needs.extend(known(QUOTAS, call.text("quotaCode")).map(Need::Quota));
    judge(call, &needs, delta)
}

fn known(names: &[&'static str], asked: Option<&str>) -> Option<&'static str> {
    names.iter().copied().find(|name| Some(*name) == asked)
}

/// What a tool needs of the plan.
pub(crate) fn tool_needs(call: &Call<'_>, name: &str, argument: &str) -> Result<Vec<Need>, ToolError> {
    let tool =
        call.catalog.find(name).ok_or_else(|| ToolError::invalid(argument, "there is no tool with this name"))?;
    let mut needs: Vec<_> = tool.need.into_iter().collect();
    if tool.scope != Scope::Plan {
        needs.push(Need::Quota("mcp_calls"));
    }
    Ok(needs)
}

/// Whether everything needed fits.
pub(crate) fn judge(call: &Call<'_>, needs: &[Need], delta: i64) -> Result<Value, ToolError> {
    let plan_code = current(call)?.code;
    for need in needs {
        if let Some(block) = plan::check(call, *need, delta)? {
            return Ok(json!({
                "allowed": false, "planCode": plan_code, "reason": block.reason,
                "message": block.message, "upgradeAction": block.upgrade,
            }));
        }
    }
    Ok(json!({"allowed": true, "planCode": plan_code}))
}

fn upgrade_link(call: &mut Call<'_>) -> Result<Value, ToolError> {
    call.owners_and_managers_only()?;
    let code = match (call.text("planCode"), call.text("planId")) {
        (Some(code), _) => code.to_owned(),
        (None, Some(id)) => id.strip_prefix("plan_").unwrap_or_default().to_owned(),
        (None, None) => return Err(ToolError::invalid("planCode", "expected this or planId")),
    };
    let tier = plan::tier(&code).ok_or_else(|| ToolError::invalid("planId", "there is no such plan"))?;
    if !call.flag("confirm") {
        return Err(ToolError::new(Code::ApprovalRequired, "Ask the person first, then call again with confirm: true")
            .with("planCode", tier.code));
    }
    if tier.price <= current(call)?.price {
        return Err(ToolError::conflict("This plan is not above the current one"));
    }
    let cycle = call.text("billingCycle").unwrap_or("monthly").to_owned();
    let amount = if cycle == "yearly" { tier.price * 10 } else { tier.price };
    let token = call.random.base62(24);
    let expires = call.now.plus_seconds(24 * 3600);
    let mut link = json!({
        "planCode": tier.code, "billingCycle": cycle, "amount": amount, "currency": "USD",
        "expiresAt": expires.rfc3339(),
    });
    let mut stored = link.clone();
    stored["token"] = json!(crate::random::sha256_hex(&token));
    stored["status"] = json!("open");
    if let Some(url) = call.text("returnUrl") {
        stored["returnUrl"] = json!(url);
    }
    call.insert("upgrade", stored)?;
    link["url"] = json!(format!("{}/upgrade/{token}", call.settings.portal));
    Ok(link)
}
