//! Times as text: RFC 3339, UTC, microseconds.

use chrono::DateTime;
use chrono::NaiveDate;
use chrono::NaiveDateTime;
use chrono::SecondsFormat;

/// `2026-08-01T12:00:00.000000Z`, from microseconds since the epoch.
pub fn rfc3339(us: i64) -> String {
    match DateTime::from_timestamp_micros(us) {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::Micros, true),
        None => format!("{us}us"),
    }
}

/// Microseconds since the epoch, from RFC 3339; without a zone it is UTC, without a time it is midnight.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_micros());
    }
    let text = text.trim_end_matches(['Z', 'z']);
    let formats = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ];
    let time = formats
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0))?;
    Some(time.and_utc().timestamp_micros())
}
