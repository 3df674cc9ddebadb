//! The portal's pages: plain HTML, everything from outside escaped.

use serde_json::Value;

/// A text that is safe between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

fn shown(value: &Value, field: &str) -> String {
    match &value[field] {
        Value::String(text) => escape(text),
        Value::Null => String::new(),
        other => escape(&other.to_string()),
    }
}

pub(super) fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body{{font:16px system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem}}\
         table{{border-collapse:collapse}}td,th{{padding:.3rem .8rem;border:1px solid #ccc;text-align:left}}\
         pre{{white-space:pre-wrap}}form{{display:inline}}</style><h1>{title}</h1>{body}</html>"
    )
}

pub(super) fn sign_in() -> String {
    page(
        "FavCRM sandbox portal",
        "<form action=\"/portal\"><label>Email <input name=\"email\" type=\"email\" required></label> \
         <button>Open</button></form>",
    )
}

/// One organisation: its keys, the sends that wait, the upgrade links.
pub(super) fn organisation(
    email: &str,
    profile: &Value,
    keys: &[Value],
    approvals: &[Value],
    upgrades: &[Value],
) -> String {
    let email = escape(email);
    let organisation = shown(profile, "organisationId");
    let mut body = format!(
        "<h2>{} <small>{organisation}, {} plan</small></h2>",
        shown(profile, "name"),
        shown(profile, "planCode")
    );
    let back = format!(
        "<input type=\"hidden\" name=\"email\" value=\"{email}\">\
         <input type=\"hidden\" name=\"organisationId\" value=\"{organisation}\">"
    );

    body += "<h3>MCP keys</h3><table><tr><th>Key<th>Label<th>Created<th></tr>";
    for key in keys {
        let action = if key["revoked"] == Value::Bool(true) {
            "revoked".to_owned()
        } else {
            format!(
                "<form method=\"post\" action=\"/portal/keys/revoke\">{back}\
                 <input type=\"hidden\" name=\"id\" value=\"{}\"><button>Revoke</button></form>",
                shown(key, "id")
            )
        };
        body += &format!(
            "<tr><td>{}<td>{}<td>{}<td>{action}</tr>",
            shown(key, "masked"),
            shown(key, "label"),
            shown(key, "createdAt")
        );
    }
    body += &format!(
        "</table><form method=\"post\" action=\"/portal/keys/create\">{back}\
         <input name=\"label\" placeholder=\"Label\" required><button>Create a key</button></form>"
    );

    body += "<h3>Sends that wait for you</h3>";
    for approval in approvals {
        body += &format!(
            "<section><p><b>{}</b> {}: {}</p><pre>{}</pre>",
            shown(approval, "actionType"),
            shown(approval, "status"),
            shown(approval, "summary"),
            shown(approval, "payload")
        );
        if approval["status"] == "pending" {
            let id = shown(approval, "id");
            for (decision, label) in [("approve", "Approve and send"), ("deny", "Deny")] {
                body += &format!(
                    "<form method=\"post\" action=\"/portal/approvals\">{back}\
                     <input type=\"hidden\" name=\"id\" value=\"{id}\">\
                     <input type=\"hidden\" name=\"decision\" value=\"{decision}\">\
                     <button>{label}</button></form> "
                );
            }
        }
        body += "</section>";
    }

    body += "<h3>Upgrade links</h3><ul>";
    for upgrade in upgrades {
        body += &format!(
            "<li>{} {} at {} {}, valid until {}</li>",
            shown(upgrade, "planCode"),
            shown(upgrade, "billingCycle"),
            shown(upgrade, "amount"),
            shown(upgrade, "currency"),
            shown(upgrade, "expiresAt")
        );
    }
    body + "</ul>"
}

/// A page with one button, for a link that a tool made.
pub(super) fn link(title: &str, remark: &str, action: &str) -> String {
    page(
        title,
        &format!(
            "<p>{}</p><form method=\"post\" action=\"{}\"><button>{}</button></form>",
            escape(remark),
            escape(action),
            escape(title)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let evil = "<script>alert('1')</script>\"&";
        let page = organisation(
            evil,
            &json!({"name": evil, "organisationId": evil, "planCode": evil}),
            &[json!({"id": evil, "masked": evil, "label": evil, "createdAt": evil})],
            &[json!({"id": evil, "status": "pending", "actionType": evil, "summary": evil, "payload": {"body": evil}})],
            &[json!({"planCode": evil})],
        );
        assert!(!page.contains("<script"));
        assert!(!page.contains("alert('"));
    }
}
