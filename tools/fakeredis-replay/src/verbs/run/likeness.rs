//! [`Expected`]: what is known of a recorded reply, and whether a server gave it, as far as replies of its command can be
//! compared.

use fakeredis::command::resolve;
use fakeredis::commit::CommandList;
use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::decode_reply;
use fakeredis::resp::encode;

/// What is known of a recorded reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    Reply(Reply),
    /// The checksum of its encoding in RESP3.
    Checksum(u32),
    /// Nothing, or it was not sent.
    Anything,
}

impl Expected {
    /// The reply that a record holds in these bytes.
    pub fn recorded(bytes: &[u8]) -> Expected {
        match decode_reply(bytes) {
            Ok(Some((reply, _))) => Expected::Reply(reply),
            _ => Expected::Anything,
        }
    }

    /// Whether it is that of a connection that has not said its password. Passwords are not recorded, so here all have.
    pub fn is_locked_out(&self) -> bool {
        matches!(self, Expected::Reply(Reply::Error(text)) if text.starts_with("NOAUTH"))
    }

    /// Whether only a command in a transaction, or its EXEC, is answered so.
    pub fn is_of_transaction(&self) -> bool {
        match self {
            Expected::Reply(Reply::Error(text)) => text.starts_with("EXECABORT"),
            expected => *expected == Expected::Reply(Reply::simple("QUEUED")),
        }
    }

    /// Whether a command was answered so over this protocol; `None` where that can't be told.
    pub fn is_met(&self, argv: &[&[u8]], answered: &Reply, protocol: Protocol) -> Option<bool> {
        Likeness::of(argv).holds(self, answered, protocol)
    }

    /// The same of a transaction, whose replies are compared one by one.
    pub fn is_met_by_exec(
        &self,
        commands: &CommandList,
        answered: &Reply,
        protocol: Protocol,
    ) -> Option<bool> {
        if let (Expected::Reply(Reply::Array(recorded)), Reply::Array(answered)) = (self, answered)
            && recorded.len() == commands.len()
            && answered.len() == commands.len()
        {
            let pairs = std::iter::zip(recorded, answered).zip(commands.iter());
            let met = pairs.filter_map(|((recorded, answered), argv)| {
                Expected::Reply(recorded.clone()).is_met(&argv, answered, protocol)
            });
            return met
                .reduce(|all, one| all && one)
                .or(answered.is_empty().then_some(true));
        }
        let all = commands.iter().map(|argv| Likeness::of(&argv));
        let least = all.max().unwrap_or(Likeness::Exact);
        least.holds(self, answered, protocol)
    }
}

/// How far the replies of a command can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// To the last byte.
    Exact,
    /// But for the order of items.
    AnyOrder,
    /// Not at all: they tell of the process, of time or of chance.
    Incomparable,
}

/// What tells of the process, of its settings or of the time, though `COMMAND INFO` has no tip that says so.
#[rustfmt::skip] // A list.
const OF_THE_MOMENT: &[&str] = &[
    "ACL|GENPASS", "CLIENT|GETREDIR", "CLIENT|ID", "CLIENT|INFO", "CLIENT|KILL", "CLIENT|LIST",
    "CLIENT|TRACKINGINFO", "COMMAND", "COMMAND|COUNT", "COMMAND|LIST", "CONFIG|GET", "DEBUG", "EXPIRETIME", "HELLO",
    "HEXPIRETIME", "HPEXPIRETIME", "INFO", "LASTSAVE", "LOLWUT", "MEMORY|USAGE", "MODULE|LIST", "PEXPIRETIME", "ROLE",
    "TIME", "VINFO", "VLINKS", "WAITAOF",
];

/// What answers in any order, though it has no such tip.
const IN_ANY_ORDER: &[&str] = &["ACL|CAT", "PUBSUB|CHANNELS", "PUBSUB|SHARDCHANNELS"];

impl Likeness {
    /// Redis's own tips say how far.
    fn of(argv: &[&[u8]]) -> Likeness {
        let Ok(command) = resolve(argv) else {
            return Likeness::Exact;
        };
        let has = |tip: &str| command.tips.contains(&tip);
        // In full, it tells when each consumer was active.
        let is_timed = command.name == "XINFO|STREAM" && argv.len() > 3;
        if is_timed || OF_THE_MOMENT.contains(&command.name) || has("nondeterministic_output") {
            Likeness::Incomparable
        } else if IN_ANY_ORDER.contains(&command.name) || has("nondeterministic_output_order") {
            Likeness::AnyOrder
        } else {
            Likeness::Exact
        }
    }

    fn holds(self, expected: &Expected, answered: &Reply, protocol: Protocol) -> Option<bool> {
        match expected {
            _ if self == Likeness::Incomparable => None,
            Expected::Reply(recorded) => Some(self.is_same(recorded, answered, protocol)),
            Expected::Checksum(crc) if checksum(answered) == *crc => Some(true),
            // A bulk string or an array may have been of another type, which RESP2 does not tell.
            Expected::Checksum(_) => {
                let tells = |reply: &Reply| {
                    matches!(reply, Reply::Int(_) | Reply::Simple(_) | Reply::Error(_))
                };
                tells(answered).then_some(false)
            }
            Expected::Anything => None,
        }
    }

    fn is_same(self, recorded: &Reply, answered: &Reply, protocol: Protocol) -> bool {
        let recorded = match protocol {
            Protocol::Resp2 => recorded.clone().lowered(),
            Protocol::Resp3 => recorded.clone(),
        };
        let is_sorted = self == Likeness::AnyOrder;
        normal(recorded, is_sorted) == normal(answered.clone(), is_sorted)
    }
}

/// One form of what has several: a null, and items in any order.
fn normal(reply: Reply, sorted: bool) -> Reply {
    let all = |items: Vec<Reply>| {
        let mut items: Vec<Reply> = items.into_iter().map(|item| normal(item, sorted)).collect();
        if sorted {
            items.sort_by_cached_key(encoded);
        }
        items
    };
    match reply {
        Reply::NullArray => Reply::Null,
        Reply::Array(items) => Reply::Array(all(items)),
        Reply::Set(items) => Reply::Set(all(items)),
        Reply::Map(mut pairs) if sorted => {
            pairs.sort_by_cached_key(|(name, _)| encoded(name));
            Reply::Map(pairs)
        }
        other => other,
    }
}

fn encoded(reply: &Reply) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(reply, Protocol::Resp3, &mut bytes);
    bytes
}

fn checksum(reply: &Reply) -> u32 {
    crc32fast::hash(&encoded(reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(argv: &[&[u8]], recorded: Reply, answered: Reply) -> Option<bool> {
        Expected::Reply(recorded).is_met(argv, &answered, Protocol::Resp3)
    }

    #[test]
    fn the_tips_of_redis_say_what_can_be_compared() {
        let [ab, ba] = [["a", "b"], ["b", "a"]].map(Reply::bulks);
        assert_eq!(
            met(&[b"LRANGE", b"k", b"0", b"1"], ab.clone(), ba.clone()),
            Some(false)
        );
        assert_eq!(met(&[b"smembers", b"k"], ab, ba), Some(true));
        assert_eq!(met(&[b"TIME"], Reply::Null, Reply::OK), None);
        let [ab, ba] =
            [["a", "b"], ["b", "a"]].map(|names| Reply::map(names.map(|name| (name, Reply::OK))));
        assert_eq!(met(&[b"HGETALL", b"k"], ab, ba), Some(true));
    }

    #[test]
    fn nulls_of_resp2_are_one() {
        assert_eq!(
            met(&[b"BLPOP", b"k", b"1"], Reply::Null, Reply::NullArray),
            Some(true)
        );
    }

    #[test]
    fn a_transaction_is_compared_command_by_command() {
        let commands = CommandList::from_iter([vec!["TIME"], vec!["GET", "k"]]);
        let reply = |one, other| Reply::Array(vec![Reply::len(one), Reply::len(other)]);
        let met = |recorded, answered| {
            Expected::Reply(recorded).is_met_by_exec(&commands, &answered, Protocol::Resp2)
        };
        assert_eq!(met(reply(1, 2), reply(9, 2)), Some(true));
        assert_eq!(met(reply(1, 2), reply(1, 9)), Some(false));
        let crc = checksum(&reply(1, 2));
        let unknown =
            Expected::Checksum(crc).is_met_by_exec(&commands, &reply(1, 2), Protocol::Resp2);
        assert_eq!(unknown, None, "TIME is never the same");
    }

    #[test]
    fn a_checksum_tells_what_resp2_does() {
        let met = |recorded: &Reply, answered| {
            Expected::Checksum(checksum(recorded)).is_met(
                &[b"GET", b"k"],
                &answered,
                Protocol::Resp2,
            )
        };
        assert_eq!(met(&Reply::len(1), Reply::len(1)), Some(true));
        assert_eq!(met(&Reply::len(1), Reply::len(2)), Some(false));
        assert_eq!(met(&Reply::Double(1.5), Reply::bulk("1.5")), None);
    }
}
