//! Records, values and changes as text for people. Here is what all of that is made of: words, commands, clients, amounts.

mod change;
mod record;

pub use change::change;
pub use change::difference;
pub use change::expiry;
pub use change::part;
pub use change::slot;
pub use record::heading;
pub use record::line;
pub use record::outcomes;
pub use record::short_line;
pub use record::what;

use fakeredis::commit::Client;
use fakeredis::commit::CommandList;
use fakeredis::resp::quote;

use crate::output::Paint;

/// How much of a long text is shown.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// The bytes of one word or value.
    pub bytes: usize,
    /// The items of one list: commands, keys, parts.
    pub items: usize,
}

impl Room {
    /// Enough for a line.
    pub const LINE: Room = Room {
        bytes: 48,
        items: 4,
    };
    /// Enough for a page.
    pub const PAGE: Room = Room {
        bytes: 400,
        items: 40,
    };
    /// Everything.
    pub const FULL: Room = Room {
        bytes: usize::MAX,
        items: usize::MAX,
    };
}

/// A word as redis-cli reads it: quoted where it must be.
pub fn word(bytes: &[u8], room: Room) -> String {
    let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    let shown = &bytes[..bytes.len().min(room.bytes)];
    let text = match shown.is_empty() || !shown.iter().all(plain) {
        true => quote(shown),
        false => String::from_utf8_lossy(shown).into_owned(),
    };
    with_rest(text, bytes.len() - shown.len(), "bytes")
}

/// A value, always quoted.
pub fn value(bytes: &[u8], room: Room) -> String {
    let shown = &bytes[..bytes.len().min(room.bytes)];
    with_rest(quote(shown), bytes.len() - shown.len(), "bytes")
}

fn with_rest(text: String, rest: usize, what: &str) -> String {
    match rest {
        0 => text,
        rest => format!("{text}… ({rest} more {what})"),
    }
}

/// A command as redis-cli reads it.
pub fn command<A: AsRef<[u8]>>(argv: &[A], room: Room) -> String {
    let shown = argv.iter().take(room.items.saturating_mul(4));
    let words: Vec<String> = shown.map(|arg| word(arg.as_ref(), room)).collect();
    let rest = argv.len() - words.len();
    with_rest(words.join(" "), rest, "words")
}

/// Commands on one line.
pub fn commands(commands: &CommandList, room: Room) -> String {
    let shown: Vec<String> = commands
        .iter()
        .take(room.items)
        .map(|argv| command(&argv, room))
        .collect();
    let rest = commands.len() - shown.len();
    with_rest(shown.join("; "), rest, "commands")
}

/// `stock`, or `stock[3]` in database 3.
pub fn key(db: usize, key: &[u8], paint: Paint) -> String {
    let name = paint.key(word(key, Room::PAGE));
    match db {
        0 => name,
        db => format!("{name}[{db}]"),
    }
}

/// `#7 worker`, or the fake itself.
pub fn client(client: &Client) -> String {
    match (client.id, client.name.as_ref()) {
        (0, _) => "-".to_owned(),
        (id, []) => format!("#{id}"),
        (id, name) => format!("#{id} {}", word(name, Room::LINE)),
    }
}

/// `1 record`, `2 records`.
pub fn count(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

/// A stretch of time: `250 ms`, `2.250 s`, `3 m 20 s`.
pub fn duration(us: i64) -> String {
    let us = us.unsigned_abs();
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", decimal(us, 1_000)),
        1_000_000..60_000_000 => format!("{} s", decimal(us, 1_000_000)),
        60_000_000..3_600_000_000 => {
            format!("{} m {} s", us / 60_000_000, us / 1_000_000 % 60)
        }
        _ => format!("{} h {} m", us / 3_600_000_000, us / 60_000_000 % 60),
    }
}

/// `number / unit`, with up to three places.
fn decimal(number: u64, unit: u64) -> String {
    let thousandths = number * 1000 / unit;
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_redis_cli_needs_it() {
        let line = |argv: &[&[u8]]| command(argv, Room::LINE);
        assert_eq!(
            line(&[b"SET", b"a b", b"", b"\xff'"]),
            "SET \"a b\" \"\" \"\\xff'\""
        );
        let long = [b'x'; 50];
        assert!(word(&long, Room::LINE).ends_with("xx… (2 more bytes)"));
    }

    #[test]
    fn durations_are_readable() {
        for (us, text) in [
            (7, "7 µs"),
            (250_000, "250 ms"),
            (1_500, "1.5 ms"),
            (2_250_000, "2.25 s"),
            (200_000_000, "3 m 20 s"),
            (7_260_000_000, "2 h 1 m"),
        ] {
            assert_eq!(duration(us), text);
        }
    }
}
