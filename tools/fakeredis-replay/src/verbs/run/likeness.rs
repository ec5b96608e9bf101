//! Whether two servers gave the same reply, as far as replies of their command can be compared.

use fakeredis::command::resolve;
use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::encode;

/// How far the replies of a command can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// To the last byte.
    Exact,
    /// But for the order of items.
    AnyOrder,
    /// Not at all: they tell of the process, of time or of chance.
    Incomparable,
}

/// What tells of the process, though `COMMAND INFO` has no tip that says so.
const OF_THE_PROCESS: [&str; 12] = [
    "ACL|GENPASS",
    "CLIENT|ID",
    "CLIENT|INFO",
    "CLIENT|LIST",
    "CONFIG|GET",
    "DEBUG",
    "HELLO",
    "INFO",
    "LASTSAVE",
    "LOLWUT",
    "MODULE|LIST",
    "TIME",
];

/// How far the replies to this request can be compared: Redis's own tips say so.
pub fn of(argv: &[&[u8]]) -> Likeness {
    let Ok(command) = resolve(argv) else {
        return Likeness::Exact;
    };
    let has = |tip: &str| command.tips.contains(&tip);
    if OF_THE_PROCESS.contains(&command.name) || has("nondeterministic_output") {
        Likeness::Incomparable
    } else if has("nondeterministic_output_order") {
        Likeness::AnyOrder
    } else {
        Likeness::Exact
    }
}

/// Whether a recorded reply and one over `protocol` are the same.
pub fn is_same(recorded: &Reply, answered: &Reply, protocol: Protocol, how: Likeness) -> bool {
    let [recorded, answered] = [recorded, answered].map(|reply| {
        let reply = match protocol {
            Protocol::Resp2 => reply.clone().lowered(),
            Protocol::Resp3 => reply.clone(),
        };
        normal(reply, how == Likeness::AnyOrder)
    });
    how == Likeness::Incomparable || recorded == answered
}

/// One form of what has several: a null, and items in any order.
fn normal(reply: Reply, sorted: bool) -> Reply {
    let all = |items: Vec<Reply>| {
        let mut items: Vec<Reply> = items.into_iter().map(|item| normal(item, sorted)).collect();
        if sorted {
            items.sort_by_cached_key(bytes);
        }
        items
    };
    match reply {
        Reply::NullArray => Reply::Null,
        Reply::Array(items) => Reply::Array(all(items)),
        Reply::Set(items) => Reply::Set(all(items)),
        other => other,
    }
}

fn bytes(reply: &Reply) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(reply, Protocol::Resp3, &mut bytes);
    bytes
}

/// The checksum that a record has of this reply.
pub fn crc(reply: &Reply) -> u32 {
    crc32fast::hash(&bytes(reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tips_of_redis_say_what_can_be_compared() {
        assert_eq!(of(&[b"GET", b"k"]), Likeness::Exact);
        assert_eq!(of(&[b"smembers", b"k"]), Likeness::AnyOrder);
        assert_eq!(of(&[b"TIME"]), Likeness::Incomparable);
        let [ab, ba] = [["a", "b"], ["b", "a"]].map(Reply::bulks);
        let same = |how| is_same(&ab, &ba, Protocol::Resp2, how);
        assert!(same(Likeness::AnyOrder) && !same(Likeness::Exact));
    }
}
