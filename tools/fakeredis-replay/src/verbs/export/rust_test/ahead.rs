//! What later records ask of a test at an earlier place: keys that are watched, states that are kept, random numbers.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use fakeredis::Recording;
use fakeredis::commit::Blob;
use fakeredis::commit::Client;
use fakeredis::commit::Entry;
use fakeredis::commit::Record;
use fakeredis::commit::Seq;

/// A key that a client has to watch.
pub struct Watch {
    pub client: Client,
    pub db: u32,
    pub key: Blob,
}

/// The records to which history goes back.
pub fn rewound(entries: &[Entry]) -> BTreeSet<Seq> {
    entries.iter().filter_map(rewound_to).collect()
}

fn rewound_to(entry: &Entry) -> Option<Seq> {
    match &entry.record {
        Record::Rewind(rewind) => Some(rewind.to),
        _ => None,
    }
}

/// Whether these are all commands of one process from its start, so that it draws the same random numbers again.
pub fn has_all(entries: &[Entry]) -> bool {
    let everything = match entries.first().map(|entry| (&entry.record, entry.seq)) {
        Some((Record::Open(open), 1)) => open.record == Recording::Session.to_string(),
        _ => false,
    };
    let opened = |entry: &&Entry| matches!(entry.record, Record::Open(_));
    everything && entries.iter().filter(opened).count() == 1
}

/// Where keys have to be watched that an aborted EXEC watched: not where WATCH itself is a record.
pub fn watches(entries: &[Entry]) -> BTreeMap<Seq, Vec<Watch>> {
    let mut watches = BTreeMap::<Seq, Vec<Watch>>::new();
    let mut told = BTreeSet::new();
    let first = entries.first().map_or(1, |entry| entry.seq);
    for entry in entries {
        match &entry.record {
            Record::Observed(one) if one.commands.arg(0, 0).is_some_and(is_watch) => {
                told.insert(one.client.id);
            }
            Record::Aborted(aborted) if !told.remove(&aborted.client.id) => {
                for watched in &aborted.watched {
                    let watch = Watch {
                        client: aborted.client.clone(),
                        db: watched.db,
                        key: watched.key.clone(),
                    };
                    watches
                        .entry(watched.since.max(first - 1))
                        .or_default()
                        .push(watch);
                }
            }
            _ => {}
        }
    }
    watches
}

fn is_watch(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"WATCH")
}
