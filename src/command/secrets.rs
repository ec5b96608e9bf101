//! Which words of a request are passwords: for MONITOR, SLOWLOG and the journal, which don't show them.

use std::borrow::Cow;

use crate::commit::CommandList;
use crate::resp::Reply;

/// What shows in the place of a password.
pub const HIDDEN: &[u8] = b"(redacted)";

/// The words of a request, for others to see: passwords don't show.
pub fn redacted<'r, 'a>(argv: &'r [&'a [u8]]) -> Cow<'r, [&'a [u8]]> {
    let Some(is_secret) = secret(argv) else {
        return Cow::Borrowed(argv);
    };
    let word = |at| {
        if is_secret(argv, at) {
            HIDDEN
        } else {
            argv[at]
        }
    };
    (0..argv.len()).map(word).collect()
}

/// The reply to a request, for others to see: CONFIG GET tells passwords.
pub fn redacted_reply<'r>(argv: &[&[u8]], reply: &'r Reply) -> Cow<'r, Reply> {
    let Reply::Map(pairs) = reply else {
        return Cow::Borrowed(reply);
    };
    if !(is(argv, 0, "CONFIG") && is(argv, 1, "GET")) {
        return Cow::Borrowed(reply);
    }
    let shown = |(name, value): &(Reply, Reply)| match (name, value) {
        (Reply::Bulk(text), Reply::Bulk(value)) if is_password(text) && !value.is_empty() => {
            (name.clone(), Reply::bulk(HIDDEN))
        }
        pair => (pair.0.clone(), pair.1.clone()),
    };
    Cow::Owned(Reply::Map(pairs.iter().map(shown).collect()))
}

/// The same of all commands of a unit.
pub fn redacted_all(commands: &CommandList) -> CommandList {
    let mut redacted_all = CommandList::new();
    for argv in commands.iter() {
        redacted_all.push(&*redacted(&argv));
    }
    redacted_all
}

/// Tells whether the word of a request at a place is secret.
type IsSecret = fn(&[&[u8]], usize) -> bool;

/// How to tell, where any word may be.
fn secret(argv: &[&[u8]]) -> Option<IsSecret> {
    if is(argv, 0, "AUTH") {
        Some(|_, at| at > 0)
    } else if is(argv, 0, "HELLO") {
        Some(|argv, at| (1..=2).any(|back| at > back && is(argv, at - back, "AUTH")))
    } else if is(argv, 0, "ACL") && is(argv, 1, "SETUSER") {
        Some(|_, at| at > 1)
    } else if is(argv, 0, "CONFIG") && is(argv, 1, "SET") {
        Some(|argv, at| at > 2 && is_password(argv[at - 1]))
    } else {
        None
    }
}

/// Whether it is the name of a parameter that holds a password.
pub(super) fn is_password(name: &[u8]) -> bool {
    let names = ["requirepass", "masterauth"];
    names
        .iter()
        .any(|one| name.eq_ignore_ascii_case(one.as_bytes()))
}

fn is(argv: &[&[u8]], at: usize, word: &str) -> bool {
    argv.get(at)
        .is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_and_nothing_else() {
        let shown = |line: &str| {
            let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            String::from_utf8(redacted(&argv).join(&b' ')).unwrap()
        };
        for (line, expected) in [
            ("auth me pw", "auth (redacted) (redacted)"),
            (
                "HELLO 3 AUTH me pw SETNAME x",
                "HELLO 3 AUTH (redacted) (redacted) SETNAME x",
            ),
            (
                "ACL SETUSER default >pw",
                "ACL SETUSER (redacted) (redacted)",
            ),
            (
                "CONFIG SET port 1 RequirePass pw",
                "CONFIG SET port 1 RequirePass (redacted)",
            ),
            ("CONFIG GET requirepass", "CONFIG GET requirepass"),
            ("SET AUTH pw", "SET AUTH pw"),
        ] {
            assert_eq!(shown(line), expected);
        }
    }
}
