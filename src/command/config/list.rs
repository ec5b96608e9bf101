//! Parameters whose value is a list of words with a syntax of its own.

use super::kind::Reason;
use super::kind::Setting;
use super::kind::parse_size;
use crate::number::format_double;
use crate::number::parse_f64;
use crate::number::parse_i64;

/// The classes of `client-output-buffer-limit`, in the order in which they are shown.
const CLASSES: [&str; 3] = ["normal", "slave", "pubsub"];

/// The words of a list; an empty text has none.
fn words(text: &[u8]) -> Vec<&[u8]> {
    match text {
        [] => Vec::new(),
        _ => text.split(|&byte| byte == b' ').collect(),
    }
}

fn joined(words: impl IntoIterator<Item = impl ToString>) -> Setting {
    let words: Vec<_> = words.into_iter().map(|word| word.to_string()).collect();
    Setting::Text(words.join(" ").into())
}

/// Seconds (at least 1) and changes (at least 0), pair by pair.
pub(super) fn save(text: &[u8]) -> Result<Setting, Reason> {
    let words = words(text);
    let numbers: Option<Vec<i64>> = words.iter().map(|word| leading_number(word)).collect();
    numbers
        .filter(|numbers| {
            let (pairs, rest) = numbers.as_chunks::<2>();
            rest.is_empty()
                && pairs
                    .iter()
                    .all(|[seconds, changes]| *seconds >= 1 && *changes >= 0)
        })
        .map(joined)
        .ok_or_else(|| "Invalid save parameters".into())
}

/// A number as C's `strtoll` reads it: no digits are 0, a plus and zeros may lead.
fn leading_number(word: &[u8]) -> Option<i64> {
    match word {
        [] => Some(0),
        _ => str::from_utf8(word).ok()?.parse().ok(),
    }
}

/// A class, its hard and soft limits and seconds; classes that are not named keep theirs.
pub(super) fn buffer_limits(text: &[u8], before: Option<&Setting>) -> Result<Setting, Reason> {
    let mut limits = match before {
        Some(Setting::Text(text)) => parse_limits(text, Limits::default())?,
        _ => Limits::default(),
    };
    limits = parse_limits(text, limits)?;
    let shown = std::iter::zip(CLASSES, limits)
        .map(|(class, [hard, soft, seconds])| format!("{class} {hard} {soft} {seconds}"));
    Ok(joined(shown))
}

type Limits = [[i64; 3]; CLASSES.len()];

fn parse_limits(text: &[u8], mut limits: Limits) -> Result<Limits, Reason> {
    let words = words(text);
    let (groups, rest) = words.as_chunks::<4>();
    if !rest.is_empty() {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    for [class, hard, soft, seconds] in groups {
        let class = buffer_class(class)
            .ok_or("Invalid client class specified in buffer limit configuration.")?;
        let seconds = parse_i64(seconds).filter(|&seconds| seconds >= 0);
        limits[class] = match (parse_size(hard), parse_size(soft), seconds) {
            (Some(hard), Some(soft), Some(seconds)) => [hard, soft, seconds],
            _ => {
                let reason =
                    "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
                return Err(reason.into());
            }
        };
    }
    Ok(limits)
}

fn buffer_class(word: &[u8]) -> Option<usize> {
    if word.eq_ignore_ascii_case(b"replica") {
        return Some(1);
    }
    CLASSES
        .iter()
        .position(|class| word.eq_ignore_ascii_case(class.as_bytes()))
}

pub(super) fn percentiles(text: &[u8]) -> Result<Setting, Reason> {
    let read = |word: &[u8]| match parse_f64(word) {
        None => Err("Invalid latency-tracking-info-percentiles parameters".into()),
        Some(number) if !(0.0..=100.0).contains(&number) => Err(
            "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]".into(),
        ),
        Some(number) => Ok(format_double(number)),
    };
    let shown: Result<Vec<_>, Reason> = words(text).into_iter().map(read).collect();
    shown.map(joined)
}

pub(super) fn oom_scores(text: &[u8]) -> Result<Setting, Reason> {
    let words = words(text);
    if words.len() != 3 {
        return Err("wrong number of arguments".into());
    }
    let read = |word: &[u8]| {
        parse_i64(word)
            .filter(|score| (-2000..=2000).contains(score))
            .ok_or("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
    };
    let scores: Result<Vec<_>, _> = words.into_iter().map(read).collect();
    Ok(joined(scores?))
}

/// A fake has no primary: only "none" is a value.
pub(super) fn replica_of(text: &[u8]) -> Result<Setting, Reason> {
    match words(text).as_slice() {
        [] => Ok(Setting::Text(text.into())),
        [no, one] if no.eq_ignore_ascii_case(b"no") && one.eq_ignore_ascii_case(b"one") => {
            Ok(Setting::Text(b"".into()))
        }
        [_, _] => Err("a fake can't be a replica; record a journal and export it instead".into()),
        _ => Err("wrong number of arguments".into()),
    }
}

pub(super) fn host_name(text: &[u8]) -> Result<Setting, Reason> {
    let fine = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if text.iter().all(fine) {
        Ok(Setting::Text(text.into()))
    } else {
        Err("Hostnames may only contain alphanumeric characters, hyphens or dots".into())
    }
}

pub(super) fn node_name(text: &[u8]) -> Result<Setting, Reason> {
    let broken = |byte: &u8| !byte.is_ascii_graphic() && *byte != b' ';
    let special = b"!\"#$%&'()*+,/:;<>?@[\\]^{|}~=";
    if text
        .iter()
        .any(|byte| broken(byte) || special.contains(byte))
    {
        Err("Announced human node name contained invalid character".into())
    } else {
        Ok(Setting::Text(text.into()))
    }
}
