//! [`SlowLog`]: the commands that took long.

use std::collections::VecDeque;
use std::time::Duration;

use crate::bytes::Bytes;
use crate::session::Session;

/// The most arguments of a command that are kept, and the most bytes of one.
const ARGS: usize = 32;
const ARG_LEN: usize = 128;

/// A command that took long.
#[derive(Clone, Debug)]
pub struct SlowLogEntry {
    /// A number of its own, from 0.
    pub id: u64,
    /// When it ran, in seconds since the epoch.
    pub at_s: i64,
    /// How long it took.
    pub took: Duration,
    /// Its words, cut where they are many or long.
    pub argv: Vec<Bytes>,
    /// The peer's address.
    pub peer: String,
    /// The connection's name.
    pub name: Bytes,
}

/// The slow commands, newest first.
#[derive(Clone, Debug, Default)]
pub struct SlowLog {
    entries: VecDeque<SlowLogEntry>,
    next_id: u64,
}

impl SlowLog {
    /// Adds a command; beyond `max` entries the oldest go.
    pub fn push(
        &mut self,
        argv: &[&[u8]],
        took: Duration,
        at_s: i64,
        session: &Session,
        max: usize,
    ) {
        self.entries.push_front(SlowLogEntry {
            id: self.next_id,
            at_s,
            took,
            argv: cut(argv),
            peer: session.address.peer.clone(),
            name: session.name.clone(),
        });
        self.next_id += 1;
        self.entries.truncate(max);
    }

    /// The entries, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &SlowLogEntry> {
        self.entries.iter()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes all entries; their numbers are not used again.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

fn cut(argv: &[&[u8]]) -> Vec<Bytes> {
    if argv.len() <= ARGS {
        return argv.iter().map(|arg| cut_arg(arg)).collect();
    }
    let (kept, rest) = argv.split_at(ARGS - 1);
    let mut cut: Vec<_> = kept.iter().map(|arg| cut_arg(arg)).collect();
    cut.push(Bytes::from(format!("... ({} more arguments)", rest.len())));
    cut
}

fn cut_arg(arg: &[u8]) -> Bytes {
    match arg.split_at_checked(ARG_LEN) {
        Some((kept, rest)) if !rest.is_empty() => {
            let more = format!("... ({} more bytes)", rest.len());
            Bytes::from([kept, more.as_bytes()].concat())
        }
        _ => Bytes::from(arg),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Address;

    #[test]
    fn entries_are_cut_and_the_oldest_go() {
        let session = Session::new(1, Address::default(), 0);
        let mut log = SlowLog::default();
        let long = [b'x'; 130];
        let mut argv: Vec<&[u8]> = vec![b"MSET", &long];
        argv.resize(40, b"a");
        for _ in 0..3 {
            log.push(&argv, Duration::ZERO, 0, &session, 2);
        }
        assert_eq!(log.iter().map(|entry| entry.id).collect::<Vec<_>>(), [2, 1]);
        let kept = &log.iter().next().unwrap().argv;
        assert_eq!(kept.len(), 32);
        assert!(kept[1].ends_with(b"xx... (2 more bytes)"));
        assert_eq!(&*kept[31], b"... (9 more arguments)");
        log.clear();
        log.push(&argv, Duration::ZERO, 0, &session, 0);
        assert!(log.is_empty());
    }
}
