//! Emailed codes: who may ask for one, how long it lives, how often it may be guessed.

use crate::call::Call;
use crate::error::{Code, ToolError};
use crate::mail::Mail;
use crate::random::sha256_hex;
use crate::time::Time;
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

/// How many wrong codes kill a request.
const WRONG_CODES: i64 = 5;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Sends a code to an address and keeps what is to be done when it comes back. A second code for
/// the same request replaces the first.
pub(crate) fn issue(
    call: &mut Call<'_>,
    request: &str,
    address: &str,
    payload: &Value,
    subject: &str,
) -> Result<Time, ToolError> {
    respect_limits(call, address)?;
    let code = call.random.digits(6);
    let expires = call.now.plus_seconds(call.settings.code_ttl);
    call.db.execute(
        "INSERT OR REPLACE INTO codes VALUES (?, ?, ?, ?, ?, 0, 0)",
        params![request, address, payload.to_string(), sha256_hex(&code), expires.millis()],
    )?;
    call.db.execute("INSERT INTO code_requests VALUES (?, ?)", params![address, call.now.millis()])?;
    call.mail(Mail {
        to: address.to_owned(),
        subject: subject.to_owned(),
        body: format!(
            "Hello,\n\nYour code is {code}\n\nIt is valid until {}. If you did not ask for it, do nothing.\n",
            expires.rfc3339()
        ),
    })?;
    Ok(expires)
}

fn respect_limits(call: &Call<'_>, address: &str) -> Result<(), ToolError> {
    let windows = [(HOUR, call.settings.codes_per_hour), (DAY, call.settings.codes_per_day)];
    for (seconds, most) in windows {
        // The request that must grow old before another one fits into the window.
        let blocking: Option<i64> = call
            .db
            .query_row(
                "SELECT at FROM code_requests WHERE address = ? AND at > ?
                 ORDER BY at DESC LIMIT 1 OFFSET ?",
                params![address, call.now.plus_seconds(-seconds).millis(), most.saturating_sub(1)],
                |row| row.get(0),
            )
            .optional()?;
        let blocked_until = match (most, blocking) {
            (0, _) => Some(call.now.plus_seconds(seconds)),
            (_, blocking) => blocking.map(|at| Time::from_millis(at).plus_seconds(seconds)),
        };
        if let Some(until) = blocked_until {
            let wait = (until.millis() - call.now.millis() + 999) / 1000;
            return Err(ToolError::new(
                Code::RateLimited,
                "Too many codes were asked for with this address; wait and do not retry before",
            )
            .with("retryAfter", wait)
            .with("retryAt", until.rfc3339()));
        }
    }
    Ok(())
}

/// Takes a code back; the right one is spent by it. Answers the address and what was kept.
pub(crate) fn redeem(call: &Call<'_>, request: &str, code: &str) -> Result<(String, Value), ToolError> {
    let found = call
        .db
        .query_row(
            "SELECT email, payload, hash, expires, attempts, used FROM codes WHERE request = ?",
            [request],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                    Time::from_millis(row.get(3)?),
                    row.get::<_, i64>(4)?,
                    row.get::<_, bool>(5)?,
                ))
            },
        )
        .optional()?;
    let Some((address, payload, hash, expires, attempts, used)) = found else {
        return Err(ToolError::new(Code::UnknownRequest, "No code was asked for with this request"));
    };
    if used {
        return Err(ToolError::new(Code::RequestAlreadyUsed, "This request was verified before"));
    }
    let dead = || ToolError::new(Code::TooManyAttempts, "Too many wrong codes: ask for a fresh one");
    if attempts >= WRONG_CODES {
        return Err(dead());
    }
    if call.now >= expires {
        return Err(ToolError::new(Code::CodeExpired, "The code is too old: ask for a fresh one")
            .with("expiredAt", expires.rfc3339()));
    }
    if sha256_hex(code) != hash {
        call.db.execute("UPDATE codes SET attempts = attempts + 1 WHERE request = ?", [request])?;
        let remaining = WRONG_CODES - attempts - 1;
        if remaining == 0 {
            return Err(dead());
        }
        return Err(ToolError::new(
            Code::WrongCode,
            "This is not the code that was sent; look again and verify once more",
        )
        .with("attemptsRemaining", remaining));
    }
    call.db.execute("UPDATE codes SET used = 1 WHERE request = ?", [request])?;
    Ok((address, serde_json::from_str(&payload).unwrap_or_default()))
}
