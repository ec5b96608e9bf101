//! [`Stats`]: what a stretch of history is made of.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::bytes::Bytes;
use crate::command::resolve;
use crate::commit::Entry;
use crate::commit::Origin;
use crate::commit::Record;
use crate::commit::Seq;

use super::Timeline;
use super::describe::kind_of;
use super::describe::origin_word;
use super::error::Error;
use super::log::decode;
use super::touched::Touched;
use super::touched::commands_of;

/// So many names of a kind are counted; of more, those that were seldom seen are forgotten.
const MOST: usize = 100_000;

/// What a stretch of history is made of. A record counts for every key that it changed, and for every command in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// All records.
    pub all: Count,
    /// By kind.
    pub kinds: Ranking,
    /// By the command sent; what nobody sent by its origin, such as `expired`.
    pub commands: Ranking,
    /// By client: its name, or `#` and its id where it has none.
    pub clients: Ranking,
    /// By changed key, with its database behind it unless that is 0: `stock` or `stock[3]`.
    pub keys: Ranking,
}

/// Records, and the bytes of their payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    /// How many records.
    pub records: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Count {
    fn add(&mut self, bytes: u64) {
        self.records += 1;
        self.bytes += bytes;
    }
}

/// Names, the most frequent first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    /// The names with their counts.
    pub top: Vec<(Bytes, Count)>,
    /// How many names there are.
    pub names: u64,
    /// Whether the counts are exact. They are unless there were more than a hundred thousand names: then seldom ones were
    /// forgotten on the way, and these are the least that there can be.
    pub exact: bool,
}

/// Counts on their way.
#[derive(Default)]
struct Counter {
    counts: BTreeMap<Bytes, Count>,
    forgotten: u64,
}

impl Counter {
    fn add(&mut self, name: Bytes, bytes: u64) {
        self.counts.entry(name).or_default().add(bytes);
        if self.counts.len() > MOST {
            self.forget();
        }
    }

    /// Forgets the seldom half.
    fn forget(&mut self) {
        let mut counts: Vec<Count> = self.counts.values().copied().collect();
        let (_, median, _) = counts.select_nth_unstable(MOST / 2);
        let (median, before) = (*median, self.counts.len());
        self.counts.retain(|_, count| *count > median);
        self.forgotten += (before - self.counts.len()) as u64;
    }

    fn rank(self, top: usize) -> Ranking {
        let names = self.counts.len() as u64 + self.forgotten;
        let mut all: Vec<(Bytes, Count)> = self.counts.into_iter().collect();
        all.sort_by(|(a, one), (b, other)| other.cmp(one).then_with(|| a.cmp(b)));
        all.truncate(top);
        Ranking {
            top: all,
            names,
            exact: self.forgotten == 0,
        }
    }
}

#[derive(Default)]
struct Counters {
    all: Count,
    kinds: Counter,
    commands: Counter,
    clients: Counter,
    keys: Counter,
}

impl Counters {
    fn add(&mut self, entry: &Entry, bytes: u64) {
        let record = &entry.record;
        self.all.add(bytes);
        self.kinds.add(Bytes::from(kind_of(record)), bytes);
        for name in commands(record) {
            self.commands.add(name, bytes);
        }
        if let Some(client) = record.client().filter(|client| client.id != 0) {
            let name = match client.name.as_ref() {
                [] => Bytes::from(format!("#{}", client.id)),
                name => Bytes::from(name),
            };
            self.clients.add(name, bytes);
        }
        for (db, key) in Touched::of(record).keys {
            let key = match db {
                0 => key,
                db => Bytes::from([&key[..], format!("[{db}]").as_bytes()].concat()),
            };
            self.keys.add(key, bytes);
        }
    }
}

/// The names of a record's commands, each once.
fn commands(record: &Record) -> Vec<Bytes> {
    if let Record::Commit(commit) = record
        && matches!(commit.origin, Origin::Expired | Origin::Evicted)
    {
        return vec![Bytes::from(origin_word(commit.origin))];
    }
    let mut names: Vec<Bytes> = Vec::new();
    for argv in commands_of(record).into_iter().flat_map(|all| all.iter()) {
        let name = match resolve(&argv) {
            Ok(command) => Bytes::from(command.name.replace('|', " ")),
            Err(_) => Bytes::from(
                argv.first()
                    .map_or(vec![], |name| name.to_ascii_uppercase()),
            ),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

impl Timeline {
    /// What a stretch of history is made of, with the `top` names of each kind. Memory is bounded.
    ///
    /// # Errors
    ///
    /// The journal can't be read.
    pub fn stats(&self, range: RangeInclusive<Seq>, top: usize) -> Result<Stats, Error> {
        let mut counters = Counters::default();
        let mut frames = self.reader.frames(range);
        while let Some(frame) = frames.next() {
            let frame = frame?;
            if let Some(entry) = decode(&frame)? {
                counters.add(&entry, frame.payload.len() as u64);
            }
        }
        Ok(Stats {
            all: counters.all,
            kinds: counters.kinds.rank(top),
            commands: counters.commands.rank(top),
            clients: counters.clients.rank(top),
            keys: counters.keys.rank(top),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_names_are_counted_among_ever_so_many() {
        let mut counter = Counter::default();
        for number in 0..3 * MOST {
            counter.add(Bytes::from(number.to_string()), 1);
            counter.add(Bytes::from("often"), 2);
        }
        let ranking = counter.rank(1);
        let often = Count {
            records: 3 * MOST as u64,
            bytes: 6 * MOST as u64,
        };
        assert_eq!(ranking.top, [(Bytes::from("often"), often)]);
        assert_eq!((ranking.names, ranking.exact), (3 * MOST as u64 + 1, false));
    }
}
