//! [`Kind`]: what values a parameter can have, how their text is read and how it is shown.

use std::borrow::Cow;

use super::events::Events;
use super::list;
use crate::bytes::Bytes;
use crate::number::parse_i64;

/// What values a parameter can have.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `yes` or `no`.
    YesNo,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Some of these words; the first stands for none.
    Flags(&'static [&'static str]),
    /// A whole number.
    Int { min: i64, max: i64 },
    /// A whole number that is never negative.
    Unsigned { min: i64, max: i64 },
    /// A number of bytes, perhaps with a unit.
    Size { min: i64, max: i64 },
    /// A number of bytes that Redis keeps unsigned, which shows in its errors.
    UnsignedSize { min: i64, max: i64 },
    /// A number of bytes, or a percentage of the memory limit.
    MemoryOrPercent,
    /// A file's permissions.
    Octal,
    /// Any text.
    Text,
    /// Any words.
    Words,
    /// Seconds and changes, pair by pair.
    Save,
    /// A class of clients, two sizes and seconds; any number of these.
    BufferLimits,
    /// Numbers from 0 to 100.
    Percentiles,
    /// Three numbers.
    OomScores,
    /// A host and a port.
    ReplicaOf,
    /// Classes of keyspace events.
    Events,
    /// A host's name.
    HostName,
    /// A node's name.
    NodeName,
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// A number; for words, the place of the word or a bit for each.
    Int(i64),
    /// Text, in its canonical form.
    Text(Bytes),
}

/// Why a text is not a value.
pub type Reason = Cow<'static, str>;

impl Kind {
    /// Whether a value can be several words.
    pub fn is_list(self) -> bool {
        matches!(
            self,
            Kind::Words
                | Kind::Save
                | Kind::BufferLimits
                | Kind::Percentiles
                | Kind::OomScores
                | Kind::ReplicaOf
                | Kind::Flags(_)
        )
    }

    /// Reads a value; `before` is the one it replaces, which some only change in part.
    ///
    /// # Errors
    ///
    /// Redis's reason.
    pub fn read(self, text: &[u8], before: Option<&Setting>) -> Result<Setting, Reason> {
        // Redis reads C strings, but for passwords.
        let whole = text;
        let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
        match self {
            Kind::YesNo => yes_no(text).map(Setting::Int),
            Kind::Choice(words) => choice(text, words).map(Setting::Int),
            Kind::Flags(words) => flags(text, words).map(Setting::Int),
            Kind::Int { min, max } => int(text).and_then(|n| within(n, min, max)),
            Kind::Unsigned { min, max } => int(text)
                .and_then(not_negative)
                .and_then(|n| within(n, min, max)),
            Kind::Size { min, max } => size(text).and_then(|n| within(n, min, max)),
            Kind::UnsignedSize { min, max } => size(text)
                .and_then(not_negative)
                .and_then(|n| within(n, min, max)),
            Kind::MemoryOrPercent => memory_or_percent(text).map(Setting::Int),
            Kind::Octal => octal(text).map(Setting::Int),
            Kind::Events => Events::parse(text).map(|events| Setting::Int(events.bits())),
            Kind::Text => Ok(Setting::Text(whole.into())),
            Kind::Words => Ok(Setting::Text(text.into())),
            Kind::HostName => list::host_name(text),
            Kind::NodeName => list::node_name(text),
            Kind::Save => list::save(text),
            Kind::BufferLimits => list::buffer_limits(text, before),
            Kind::Percentiles => list::percentiles(text),
            Kind::OomScores => list::oom_scores(text),
            Kind::ReplicaOf => list::replica_of(text),
        }
    }

    /// The text of a value, as `CONFIG GET` shows it.
    pub fn show(self, value: &Setting) -> Bytes {
        let number = match value {
            Setting::Text(text) => return text.clone(),
            Setting::Int(number) => *number,
        };
        match self {
            Kind::YesNo => Bytes::from(if number == 0 { "no" } else { "yes" }),
            Kind::Choice(words) => Bytes::from(words[number as usize]),
            Kind::Flags(words) => Bytes::from(show_flags(number, words)),
            Kind::MemoryOrPercent if number < 0 => Bytes::from(format!("{}%", -number)),
            Kind::Octal => Bytes::from(format!("{number:o}")),
            Kind::Events => Bytes::from(Events::from_bits(number).to_string()),
            _ => Bytes::from(number.to_string()),
        }
    }
}

fn yes_no(text: &[u8]) -> Result<i64, Reason> {
    let yes = text.eq_ignore_ascii_case(b"yes");
    if yes || text.eq_ignore_ascii_case(b"no") {
        Ok(yes.into())
    } else {
        Err("argument must be 'yes' or 'no'".into())
    }
}

fn choice(text: &[u8], words: &[&str]) -> Result<i64, Reason> {
    let place = words
        .iter()
        .position(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    let place = place.ok_or_else(|| {
        Reason::from(format!(
            "argument(s) must be one of the following: {}",
            words.join(", ")
        ))
    })?;
    Ok(place as i64)
}

/// A bit for each word; the first word has none.
fn flags(text: &[u8], words: &[&str]) -> Result<i64, Reason> {
    let mask: Result<i64, Reason> = text
        .split(|&byte| byte == b' ')
        .try_fold(0, |mask, word| Ok(mask | 1 << choice(word, words)? & !1));
    let mask = mask?;
    let has = |word: &str| choice(word.as_bytes(), words).is_ok_and(|place| mask >> place & 1 == 1);
    if has("save") && has("nosave") {
        return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".into());
    }
    Ok(mask)
}

fn show_flags(mask: i64, words: &[&str]) -> String {
    let set = |place: &usize| mask >> place & 1 == 1;
    let set: Vec<_> = (1..words.len())
        .filter(set)
        .map(|place| words[place])
        .collect();
    if set.is_empty() {
        words[0].to_string()
    } else {
        set.join(" ")
    }
}

pub(super) fn int(text: &[u8]) -> Result<i64, Reason> {
    parse_i64(text).ok_or_else(|| "argument couldn't be parsed into an integer".into())
}

fn not_negative(number: i64) -> Result<i64, Reason> {
    if number < 0 {
        Err("argument must be greater or equal to 0".into())
    } else {
        Ok(number)
    }
}

fn within(number: i64, min: i64, max: i64) -> Result<Setting, Reason> {
    if (min..=max).contains(&number) {
        Ok(Setting::Int(number))
    } else {
        Err(format!("argument must be between {min} and {max} inclusive").into())
    }
}

fn size(text: &[u8]) -> Result<i64, Reason> {
    parse_size(text).ok_or_else(|| "argument must be a memory value".into())
}

/// Reads a number of bytes, `64mb` say. No digits are 0, and what leaves the 64 bits wraps, as in Redis.
pub fn parse_size(text: &[u8]) -> Option<i64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, unit) = text.split_at(digits);
    let factor: u64 = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    let number = match digits {
        [] => 0,
        _ => str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX),
    };
    Some(number.wrapping_mul(factor) as i64)
}

/// A percentage is kept below 0.
fn memory_or_percent(text: &[u8]) -> Result<i64, Reason> {
    let wrong = || Reason::from("argument must be a memory or percent value");
    match text.strip_suffix(b"%") {
        None => parse_size(text).ok_or_else(wrong),
        Some(percent) => match parse_i64(percent).filter(|&percent| percent >= 0) {
            None => Err(wrong()),
            Some(percent) if percent > 100 => {
                Err("percentage argument must be less or equal to 100".into())
            }
            Some(percent) => Ok(-percent),
        },
    }
}

fn octal(text: &[u8]) -> Result<i64, Reason> {
    let number = str::from_utf8(text)
        .ok()
        .and_then(|text| i64::from_str_radix(text, 8).ok());
    match number {
        None => Err("argument couldn't be parsed as an octal number".into()),
        Some(number) => match not_negative(number)? {
            number if number > 0o777 => Err("argument must be between 0 and 777 inclusive".into()),
            number => Ok(number),
        },
    }
}
