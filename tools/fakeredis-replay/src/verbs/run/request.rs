//! What of a record is sent to a server: all of its commands, some of them in other words, or what they came to.

use std::borrow::Cow;

use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Observed;
use fakeredis::commit::Origin;
use fakeredis::commit::Setting;

use super::likeness::Expected;

/// Commands of a client, sent as they were, and what they should be answered.
pub struct Unit<'a> {
    pub client: u64,
    pub db: u32,
    pub origin: Origin,
    pub commands: &'a CommandList,
    pub expected: Expected,
}

impl<'a> From<&'a Commit> for Unit<'a> {
    fn from(commit: &'a Commit) -> Self {
        Unit {
            client: commit.client.id,
            db: commit.db,
            origin: commit.origin,
            commands: &commit.commands,
            expected: match &commit.replies {
                Some(replies) => Expected::recorded(replies.as_ref()),
                None => Expected::Checksum(commit.reply_crc),
            },
        }
    }
}

impl<'a> From<&'a Observed> for Unit<'a> {
    fn from(observed: &'a Observed) -> Self {
        Unit {
            client: observed.client.id,
            db: observed.db,
            origin: observed.origin,
            commands: &observed.commands,
            expected: match observed.seed {
                None => Expected::recorded(observed.replies.as_ref()),
                // The server draws its own numbers.
                Some(_) => Expected::Anything,
            },
        }
    }
}

impl<'a> From<&'a Setting> for Unit<'a> {
    fn from(setting: &'a Setting) -> Self {
        let replies = setting.replies.as_ref();
        Unit {
            client: setting.client.id,
            db: setting.db,
            origin: setting.origin,
            commands: &setting.commands,
            expected: replies.map_or(Expected::Anything, |replies| {
                Expected::recorded(replies.as_ref())
            }),
        }
    }
}

/// Whether a server is sent what a commit came to in place of its commands: these may come to something else there.
pub fn is_sent_by_effect(commit: &Commit) -> bool {
    matches!(
        commit.origin,
        Origin::Expired | Origin::Evicted | Origin::Fixture
    ) || is_left_out(&commit.commands)
        || hangs_on_chance(commit)
}

/// Whether the unit drew random numbers, or an id of the moment.
fn hangs_on_chance(commit: &Commit) -> bool {
    let is_timed =
        |argv: Vec<&[u8]>| argv[0].eq_ignore_ascii_case(b"XADD") && argv.contains(&&b"*"[..]);
    let is_rewritten = |effect: &Effect| matches!(effect, Effect::Rewritten(_));
    commit.seed.is_some()
        || commit.commands.iter().any(is_timed) && commit.effects.iter().any(is_rewritten)
}

/// Whether a commit that has no reply began to wait: XREADGROUP first makes its consumer. `CLIENT REPLY OFF` has none, too.
pub fn is_silent(commit: &Commit) -> bool {
    const NOTHING: u32 = 0;
    commit.reply_crc == NOTHING && commit.origin == Origin::Direct
}

/// Commands that only a fake has, that end, flood or rule the server, or whose password is not known.
const LEFT_OUT: [&[u8]; 10] = [
    b"AUTH",
    b"FAILOVER",
    b"FAKEREDIS",
    b"MONITOR",
    b"PSYNC",
    b"REPLCONF",
    b"REPLICAOF",
    b"SHUTDOWN",
    b"SLAVEOF",
    b"SYNC",
];

/// Whether commands are not sent, or not as they were. After CLIENT REPLY there would be no replies to wait for.
pub fn is_left_out(commands: &CommandList) -> bool {
    commands.iter().any(|argv| {
        let is = |at: usize, word: &[u8]| is_word(&argv, at, word);
        LEFT_OUT.iter().any(|name| is(0, name))
            || is(0, b"CLIENT") && is(1, b"REPLY")
            || !is(0, b"HELLO") && argv.contains(&&b"(redacted)"[..])
    })
}

/// A command in the server's words: without a password, and with its own ids of clients.
pub fn translated<'a>(argv: &[&'a [u8]], id: impl Fn(u64) -> Option<i64>) -> Vec<Cow<'a, [u8]>> {
    let own = |at: usize| {
        let number = str::from_utf8(argv[at]).ok()?.parse().ok()?;
        let id = id(number).filter(|_| names_client(argv, at))?;
        Some(Cow::Owned(id.to_string().into_bytes()))
    };
    let words = 0..argv.len();
    words
        .filter(|at| !is_login(argv, *at))
        .map(|at| own(at).unwrap_or(Cow::Borrowed(argv[at])))
        .collect()
}

/// Whether the word at a place is part of `AUTH user password` in a HELLO.
fn is_login(argv: &[&[u8]], at: usize) -> bool {
    is_word(argv, 0, b"HELLO")
        && (at.saturating_sub(2)..=at).any(|auth| auth > 1 && is_word(argv, auth, b"AUTH"))
}

/// Whether the word at a place is the id of a client.
fn names_client(argv: &[&[u8]], at: usize) -> bool {
    let is = |at: usize, word: &[u8]| is_word(argv, at, word);
    is(0, b"CLIENT")
        && match at {
            0 | 1 => false,
            2 => is(1, b"UNBLOCK"),
            _ => is(at - 1, b"ID") || is(at - 1, b"REDIRECT") || is(1, b"LIST") && is(2, b"ID"),
        }
}

fn is_word(argv: &[&[u8]], at: usize, word: &[u8]) -> bool {
    argv.get(at)
        .is_some_and(|arg| arg.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_clients_and_passwords_are_others() {
        for (line, sent) in [
            ("CLIENT KILL ID 7", "CLIENT KILL ID 70"),
            ("client unblock 7 ERROR", "client unblock 70 ERROR"),
            ("CLIENT LIST ID 8 7", "CLIENT LIST ID 8 70"),
            (
                "CLIENT TRACKING ON REDIRECT 7",
                "CLIENT TRACKING ON REDIRECT 70",
            ),
            ("HELLO 3 AUTH u (redacted) SETNAME 7", "HELLO 3 SETNAME 7"),
            ("CLIENT PAUSE 7", "CLIENT PAUSE 7"),
            ("CLIENT SETNAME 7", "CLIENT SETNAME 7"),
            ("SET ID 7", "SET ID 7"),
        ] {
            let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let words = translated(&argv, |id| (id == 7).then_some(70));
            assert_eq!(words.join(&b' '), sent.as_bytes());
        }
    }

    #[test]
    fn what_rules_the_server_is_left_out() {
        let is_left_out =
            |line: &str| is_left_out(&CommandList::from_iter([line.split(' ').collect()]));
        for line in [
            "fakeredis MARK a",
            "CLIENT REPLY OFF",
            "CONFIG SET requirepass (redacted)",
        ] {
            assert!(is_left_out(line), "{line}");
        }
        for line in ["CLIENT SETNAME REPLY", "GET AUTH"] {
            assert!(!is_left_out(line), "{line}");
        }
    }
}
