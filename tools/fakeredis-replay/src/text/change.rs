//! Values and changes as text: a key before and after, and each part that differs.

use fakeredis::keyspace::Slot;
use fakeredis::timeline::Change;
use fakeredis::timeline::Part;
use fakeredis::timeline::PartChange;
use fakeredis::timeline::Place;
use fakeredis::timeline::rfc3339;
use fakeredis::timeline::size_of;
use fakeredis::value::Value;

use super::Room;
use super::key;
use super::value;
use super::word;
use crate::output::Paint;

/// What stands at a key: `"10"`, `hash of 3 fields`, `nothing`.
pub fn slot(slot: Option<&Slot>, room: Room) -> String {
    let Some(slot) = slot else {
        return "nothing".to_owned();
    };
    if let Value::String(string) = slot.value() {
        return value(&string.as_bytes(), room);
    }
    let size = size_of(slot);
    let (name, parts) = match slot.value().type_name() {
        "zset" => ("sorted set", "member"),
        "set" => ("set", "member"),
        "hash" => ("hash", "field"),
        "stream" => ("stream", "entr"),
        name => (name, "element"),
    };
    let plural = match (parts, size) {
        ("entr", 1) => "y",
        ("entr", _) => "ies",
        (_, 1) => "",
        _ => "s",
    };
    format!("{name} of {size} {parts}{plural}")
}

/// A key before and after on one line, and a line for each part that differs.
pub fn change(change: &Change, room: Room, paint: Paint) -> Vec<String> {
    let name = key(change.db, &change.key, paint);
    let mut lines = difference(change, room, paint);
    lines[0] = format!("{name}  {}", lines[0]);
    lines
}

/// The same without the key's name.
pub fn difference(change: &Change, room: Room, paint: Paint) -> Vec<String> {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let mut lines = vec![sides(before, after, room, paint)];
    let (old, new) = (
        before.and_then(Slot::expires_at),
        after.and_then(Slot::expires_at),
    );
    if old != new && after.is_some() {
        lines.push(format!("  expires  {} → {}", expiry(old), expiry(new)));
    }
    let parts = change.parts();
    let parts = parts.iter().filter(|part| part.place != Place::Whole);
    let all = parts.clone().count();
    lines.extend(
        parts
            .take(room.items)
            .map(|part| part_line(part, room, paint)),
    );
    if all > room.items {
        lines.push(paint.dim(format!(
            "  … and {} more; --full shows all",
            all - room.items
        )));
    }
    lines
}

fn sides(before: Option<&Slot>, after: Option<&Slot>, room: Room, paint: Paint) -> String {
    let (old, new) = (slot(before, room), slot(after, room));
    match (before, after) {
        (None, _) => paint.added(format!("+ {new}")),
        (_, None) => paint.removed(format!("- {old}")),
        _ if old == new => new,
        _ => format!("{old} → {new}"),
    }
}

/// A time to live's end, in milliseconds since the epoch.
pub fn expiry(at_ms: Option<i64>) -> String {
    at_ms.map_or_else(
        || "never".to_owned(),
        |at_ms| rfc3339(at_ms.saturating_mul(1000)),
    )
}

fn part_line(change: &PartChange, room: Room, paint: Paint) -> String {
    let name = place(&change.place, room);
    let side = |part: &Part| part_side(part, room);
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            format!("  ~ {name}{} →{}", side(before), side(after))
        }
        (Some(before), None) => paint.removed(format!("  - {name}{}", side(before))),
        (None, after) => {
            let after = after.as_ref().map_or_else(String::new, side);
            paint.added(format!("  + {name}{after}"))
        }
    }
}

/// A part with its name: `stock "5"`, `[0] "bob:3"`.
pub fn part(at: &Place, part: &Part, room: Room) -> String {
    let text = format!("{}{}", place(at, room), part_side(part, room));
    text.trim_start().to_owned()
}

fn place(place: &Place, room: Room) -> String {
    match place {
        Place::Whole => String::new(),
        Place::Name(name) => word(name, room),
        Place::Index(index) => format!("[{index}]"),
    }
}

fn part_side(part: &Part, room: Room) -> String {
    let value = part_value(part, room);
    let space = if value.is_empty() { "" } else { " " };
    match part.expires_at {
        None => format!("{space}{value}"),
        at => format!("{space}{value} (expires {})", expiry(at)),
    }
}

fn part_value(part: &Part, room: Room) -> String {
    let values: Vec<String> = part.value.iter().map(|bytes| value(bytes, room)).collect();
    values.join(" ")
}
