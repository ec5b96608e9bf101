//! Commits and observed commands as bytes, by hand: what [`codec::encode`](super::codec::encode) makes of one, in a
//! fifth of the time.
//!
//! There is one for every request of a client. A test holds this against the codec.

use super::codec::MAX_PAYLOAD;
use super::codec::TooLarge;
use super::record::is_plain;
use crate::commit::CommandList;
use crate::commit::Commands;
use crate::commit::Draft;
use crate::commit::Effect;
use crate::commit::Origin;

/// The most bytes of a number.
const NUMBER: usize = 9;

/// Appends the encoding of a commit to `out`; on an error `out` is as it was.
#[inline]
pub(super) fn encode_commit(commit: &Draft<'_>, out: &mut Vec<u8>) -> Result<(), TooLarge> {
    let start = begin(commit, out)?;
    sender(commit, out);
    origin(commit.origin, out);
    number(commit.db.into(), out);
    commands(commit.commands, out);
    number(commit.effects.len() as u64, out);
    for each in commit.effects {
        if effect(each, out).is_err() {
            out.truncate(start);
            return Err(TooLarge);
        }
    }
    option(commit.seed, number, out);
    number(commit.reply_crc.into(), out);
    option(commit.replies, bytes, out);
    end(start, out)
}

/// Appends the encoding of a command that changed nothing to `out`; on an error `out` is as it was.
#[inline]
pub(super) fn encode_observed(observed: &Draft<'_>, out: &mut Vec<u8>) -> Result<(), TooLarge> {
    let start = begin(observed, out)?;
    let is_plain = is_plain(observed);
    sender(observed, out);
    if !is_plain {
        origin(observed.origin, out);
    }
    number(observed.db.into(), out);
    commands(observed.commands, out);
    if !is_plain {
        option(observed.seed, number, out);
    }
    bytes(observed.replies.unwrap_or_default(), out);
    end(start, out)
}

/// Makes room for a record; where it begins.
#[inline]
fn begin(draft: &Draft<'_>, out: &mut Vec<u8>) -> Result<usize, TooLarge> {
    let commands = match draft.commands {
        Commands::One(argv) => argv.iter().map(|arg| arg.len()).sum(),
        Commands::List(list) => list.size(),
    };
    if commands > MAX_PAYLOAD {
        return Err(TooLarge);
    }
    out.reserve(commands + 16 * NUMBER);
    Ok(out.len())
}

#[inline]
fn end(start: usize, out: &mut Vec<u8>) -> Result<(), TooLarge> {
    if out.len() - start > MAX_PAYLOAD {
        out.truncate(start);
        return Err(TooLarge);
    }
    Ok(())
}

#[inline]
fn sender(draft: &Draft<'_>, out: &mut Vec<u8>) {
    number(draft.client_id, out);
    match draft.client_name {
        // Most clients: no call for no bytes.
        [] => number(0, out),
        name => bytes(name, out),
    }
}

#[inline]
fn commands(commands: Commands<'_>, out: &mut Vec<u8>) {
    match commands {
        Commands::One(argv) => {
            number(1, out);
            command(argv.iter().copied(), out);
        }
        Commands::List(commands) => list(commands, out),
    }
}

#[inline]
fn origin(origin: Origin, out: &mut Vec<u8>) {
    let variant = match origin {
        Origin::Direct => 0,
        Origin::Exec => 1,
        Origin::Script => 2,
        Origin::Blocked { .. } => 3,
        Origin::Expired => 4,
        Origin::Evicted => 5,
        Origin::Fixture => 6,
    };
    out.push(variant);
    if let Origin::Blocked { cause } = origin {
        number(cause, out);
    }
}

#[inline]
fn effect(effect: &Effect, out: &mut Vec<u8>) -> Result<(), TooLarge> {
    match effect {
        Effect::None => out.push(0),
        Effect::Verbatim => out.push(1),
        Effect::Rewritten(commands) if commands.size() > MAX_PAYLOAD => return Err(TooLarge),
        Effect::Rewritten(commands) => {
            out.push(2);
            list(commands, out);
        }
    }
    Ok(())
}

fn list(commands: &CommandList, out: &mut Vec<u8>) {
    number(commands.len() as u64, out);
    for index in 0..commands.len() {
        command(commands.args(index), out);
    }
}

#[inline]
fn command<'a>(args: impl ExactSizeIterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    number(args.len() as u64, out);
    for arg in args {
        bytes(arg, out);
    }
}

#[inline]
fn bytes(bytes: &[u8], out: &mut Vec<u8>) {
    number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

#[inline]
fn option<T>(value: Option<T>, some: impl FnOnce(T, &mut Vec<u8>), out: &mut Vec<u8>) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        some(value, out);
    }
}

/// A small number is one byte.
#[inline]
fn number(number: u64, out: &mut Vec<u8>) {
    match number {
        0..=250 => out.push(number as u8),
        _ => wide(number, out),
    }
}

/// Of a larger one, a byte says the width.
fn wide(number: u64, out: &mut Vec<u8>) {
    let (mark, width) = match number {
        0..=0xffff => (251, 2),
        0x1_0000..=0xffff_ffff => (252, 4),
        _ => (253, 8),
    };
    let end = out.len() + 1 + width;
    // All eight bytes and back again: a copy of a length that is known is one store.
    let [a, b, c, d, e, f, g, h] = number.to_le_bytes();
    out.extend_from_slice(&[mark, a, b, c, d, e, f, g, h]);
    out.truncate(end);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::commit::Blob;
    use crate::commit::Client;
    use crate::commit::Commit;
    use crate::commit::Observed;
    use crate::journal::codec;
    use proptest::prelude::*;

    fn any_number() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64u32).prop_map(|(number, shift)| number >> shift)
    }

    fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..9),
            Just(vec![7; 300]),
            Just(vec![7; 70_000])
        ]
    }

    fn any_list() -> impl Strategy<Value = CommandList> {
        let argv = prop::collection::vec(any_bytes(), 0..5);
        prop::collection::vec(argv, 0..4).prop_map(CommandList::from_iter)
    }

    fn any_origin() -> impl Strategy<Value = Origin> {
        prop_oneof![
            Just(Origin::Direct),
            Just(Origin::Exec),
            Just(Origin::Script),
            any_number().prop_map(|cause| Origin::Blocked { cause }),
            Just(Origin::Expired),
            Just(Origin::Evicted),
            Just(Origin::Fixture),
        ]
    }

    fn any_effect() -> impl Strategy<Value = Effect> {
        prop_oneof![
            Just(Effect::None),
            Just(Effect::Verbatim),
            any_list().prop_map(|list| Effect::Rewritten(Box::new(list)))
        ]
    }

    prop_compose! {
        pub(in crate::journal) fn any_commit()(
            (id, name) in (any_number(), any_bytes()),
            origin in any_origin(),
            (db, reply_crc) in (any_number(), any_number()),
            commands in any_list(),
            effects in prop::collection::vec(any_effect(), 0..4),
            seed in prop::option::of(any_number()),
            replies in prop::option::of(any_bytes()),
        ) -> Commit {
            Commit {
                client: Client { id, name: Blob(name) },
                origin,
                db: db as u32,
                commands,
                effects,
                seed,
                reply_crc: reply_crc as u32,
                replies: replies.map(Blob),
            }
        }
    }

    proptest! {
        #[test]
        fn the_bytes_are_the_codecs(commit in any_commit()) {
            let (mut by_hand, mut by_codec) = (vec![1], vec![1]);
            prop_assert_eq!(encode_commit(&Draft::from(&commit), &mut by_hand), Ok(()));
            prop_assert_eq!(codec::encode(&commit, &mut by_codec), Ok(()));
            prop_assert!(by_hand == by_codec);
        }

        #[test]
        fn an_observed_command_has_its_two_encodings(commit in any_commit()) {
            let Commit { client, origin, db, commands, seed, .. } = commit;
            let replies = commit.replies.unwrap_or_default();
            let observed = Observed { client, origin, db, commands, seed, replies };
            let is_plain = origin == Origin::Direct && seed.is_none();
            let (mut by_hand, mut by_codec) = (vec![1], vec![1]);
            prop_assert_eq!(encode_observed(&Draft::from(&observed), &mut by_hand), Ok(()));
            let Observed { client, db, commands, replies, .. } = &observed;
            match is_plain {
                true => codec::encode(&(client, db, commands, replies), &mut by_codec),
                false => codec::encode(&observed, &mut by_codec),
            }.unwrap();
            prop_assert!(by_hand == by_codec);
        }

        #[test]
        fn the_words_of_a_request_are_a_list_of_one(mut commit in any_commit(), argv in prop::collection::vec(any_bytes(), 0..5)) {
            commit.commands = CommandList::from_iter([argv.clone()]);
            let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
            let list = Draft::from(&commit);
            let one = Draft { commands: Commands::One(&argv), ..list };
            let [list, one] = [list, one].map(|draft| {
                let mut bytes = Vec::new();
                encode_commit(&draft, &mut bytes).map(|()| bytes)
            });
            prop_assert!(list == one);
        }
    }
}
