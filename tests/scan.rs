//! What SCAN and its kin promise: whatever is there all the time is returned, whatever comes, goes and expires
//! meanwhile; nothing is returned that never was; and once nothing changes any more, a walk ends.

use std::collections::BTreeSet;
use std::time::Duration;

use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::ours::InProcess;
use crate::support::player::Answer;
use crate::support::player::Target;

/// What is walked.
#[derive(Clone, Copy, Debug)]
enum Walked {
    Keys,
    Set,
    Hash,
    HashFields,
    SortedSet,
}

use Walked::*;

/// What happens to an element between two calls.
#[derive(Clone, Copy, Debug)]
enum Change {
    Add,
    Remove,
    /// It is there for another millisecond; members of sets don't expire, and go at once.
    Expire,
}

use Change::*;

impl Walked {
    fn command(self, change: Change, name: &str) -> String {
        match (self, change) {
            (Keys, Add) => format!("SET {name} 1"),
            (Keys, Remove) => format!("DEL {name}"),
            (Keys, Expire) => format!("PEXPIRE {name} 1"),
            (Set, Add) => format!("SADD all {name}"),
            (Set, Remove | Expire) => format!("SREM all {name}"),
            (Hash | HashFields, Add) => format!("HSET all {name} 1"),
            (Hash | HashFields, Remove) => format!("HDEL all {name}"),
            (Hash | HashFields, Expire) => format!("HPEXPIRE all 1 FIELDS 1 {name}"),
            (SortedSet, Add) => format!("ZADD all {} {name}", name.len()),
            (SortedSet, Remove | Expire) => format!("ZREM all {name}"),
        }
    }

    fn call(self, cursor: &str, options: &str) -> String {
        match self {
            Keys => format!("SCAN {cursor} {options} TYPE string"),
            Set => format!("SSCAN all {cursor} {options}"),
            Hash => format!("HSCAN all {cursor} {options}"),
            HashFields => format!("HSCAN all {cursor} {options} NOVALUES"),
            SortedSet => format!("ZSCAN all {cursor} {options}"),
        }
    }

    /// How many items of a reply there are to an element.
    fn width(self) -> usize {
        match self {
            Hash | SortedSet => 2,
            Keys | Set | HashFields => 1,
        }
    }
}

/// A fake and the names of all elements that it ever had.
struct Scanned {
    walked: Walked,
    target: InProcess,
    ever: BTreeSet<String>,
}

impl Scanned {
    fn run(&mut self, command: &str) -> Reply {
        let argv: Vec<Vec<u8>> = command.split(' ').map(Into::into).collect();
        self.target.send(1, &argv);
        match self.target.receive(1, Duration::ZERO) {
            Answer::Reply(reply) => reply,
            Answer::Nothing | Answer::Closed => panic!("no reply to {command}"),
        }
    }

    fn change(&mut self, change: Change, name: String) {
        let command = self.walked.command(change, &name);
        self.run(&command);
        if matches!(change, Add) {
            self.ever.insert(name);
        }
    }

    /// One call: the next cursor, and the names that it returns.
    fn call(&mut self, cursor: &str, options: &str) -> (String, Vec<String>) {
        let command = self.walked.call(cursor, options);
        let reply = self.run(&command);
        let Reply::Array(parts) = &reply else {
            panic!("{command}: {reply:?}");
        };
        let [Reply::Bulk(cursor), Reply::Array(items)] = &parts[..] else {
            panic!("{command}: {reply:?}");
        };
        let names = items
            .chunks(self.walked.width())
            .map(|item| match &item[0] {
                Reply::Bulk(name) => String::from_utf8_lossy(name).into_owned(),
                other => panic!("{command}: {other:?}"),
            });
        (
            String::from_utf8_lossy(cursor).into_owned(),
            names.collect(),
        )
    }
}

/// Elements that stay, and others that come and go.
fn steady(index: usize) -> String {
    format!("s{index}")
}

fn fleeting(index: usize) -> String {
    // Some are too long for a listpack.
    format!("t{index}{}", "x".repeat(index % 9 * 9))
}

fn changes() -> impl Strategy<Value = Vec<(Change, usize)>> {
    let change = prop_oneof![3 => Just(Add), 2 => Just(Remove), 1 => Just(Expire)];
    vec((change, 0..90usize), 0..40)
}

proptest! {
    #[test]
    fn a_walk_returns_what_is_there_all_the_time(
        walked in prop_oneof![Just(Keys), Just(Set), Just(Hash), Just(HashFields), Just(SortedSet)],
        stay in 1..150usize,
        before in changes(),
        count in 1..25usize,
        only_steady in any::<bool>(),
        between in vec(changes(), 0..12),
    ) {
        let mut target = InProcess::new();
        target.reset(Protocol::Resp2);
        let mut scanned = Scanned { walked, target, ever: BTreeSet::new() };
        (0..stay).for_each(|index| scanned.change(Add, steady(index)));
        let before = before.into_iter().map(|(change, name)| (change, fleeting(name)));
        before.for_each(|(change, name)| scanned.change(change, name));
        let options = match only_steady {
            true => format!("COUNT {count} MATCH s*"),
            false => format!("COUNT {count}"),
        };

        let mut returned = BTreeSet::new();
        let mut cursor = String::from("0");
        let mut calls = 0;
        let mut between = between.into_iter();
        loop {
            let (next, names) = scanned.call(&cursor, &options);
            returned.extend(names);
            cursor = next;
            if cursor == "0" {
                break;
            }
            match between.next() {
                Some(batch) => {
                    let named = batch.into_iter().map(|(change, name)| (change, fleeting(name)));
                    named.for_each(|(change, name)| scanned.change(change, name));
                    scanned.target.sleep(Duration::from_millis(1));
                }
                None => calls += 1,
            }
            prop_assert!(calls <= scanned.ever.len() / count + 1, "no end in sight");
        }

        for name in (0..stay).map(steady) {
            prop_assert!(returned.contains(&name), "{name} was there all the time");
        }
        for name in &returned {
            prop_assert!(scanned.ever.contains(name), "{name} was never there");
            prop_assert!(!only_steady || name.starts_with('s'), "{name} does not match");
        }
    }
}
