//! [`Touched`]: which keys a record changed, read off its effects.
//!
//! An effect is recorded only for a command that changed something, so a key that the effect writes did change,
//! but for those of several keys (`DEL a b`) that were not there. Only commands without keys of their own, such as
//! FLUSHALL, leave open what they changed; there the states before and after tell.

use std::collections::BTreeSet;

use crate::bytes::Bytes;
use crate::command::resolve;
use crate::command::spec::KeySpec;
use crate::command::spec::OW;
use crate::command::spec::RM;
use crate::command::spec::RW;
use crate::command::spec::UPDATE;
use crate::command::spec::has_keys;
use crate::command::spec::keys_of;
use crate::commit::CommandList;
use crate::commit::Commit;
use crate::commit::Record;
use crate::number::parse_i64;

/// The first words of commands that change keys which they don't name.
pub(super) const SWEEPING: [&str; 4] = ["FLUSHALL", "FLUSHDB", "SWAPDB", "DEBUG"];

/// What a record may have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// The keys that it names, with their databases, in order.
    pub keys: Vec<(usize, Bytes)>,
    /// Databases of which it may have changed every key.
    pub databases: BTreeSet<usize>,
    /// Whether it may have changed every key of every database.
    pub everything: bool,
}

impl Touched {
    /// What `record` may have changed.
    pub fn of(record: &Record) -> Touched {
        match record {
            Record::Commit(commit) => Touched::by(commit),
            Record::Rewind(_) => Touched {
                everything: true,
                ..Touched::default()
            },
            _ => Touched::default(),
        }
    }

    /// Whether nothing can have changed.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && !self.is_sweeping()
    }

    /// Whether keys may have changed that are not named.
    pub fn is_sweeping(&self) -> bool {
        self.everything || !self.databases.is_empty()
    }

    /// Whether `key` is one of the keys that it names.
    pub fn names(&self, db: usize, key: &[u8]) -> bool {
        self.keys
            .iter()
            .any(|(at, name)| *at == db && **name == *key)
    }

    /// Whether `key` may have changed.
    pub fn may_hold(&self, db: usize, key: &[u8]) -> bool {
        self.everything || self.databases.contains(&db) || self.names(db, key)
    }

    /// Adds what another record may have changed.
    pub fn extend(&mut self, other: Touched) {
        self.keys.extend(other.keys);
        self.databases.extend(other.databases);
        self.everything |= other.everything;
    }

    fn by(commit: &Commit) -> Touched {
        let mut touched = Touched::default();
        let mut db = commit.db as usize;
        commit.each_effect(|argv| touched.add(&mut db, argv));
        touched.dedup();
        touched
    }

    /// Leaves each key once.
    pub(super) fn dedup(&mut self) {
        let mut seen = BTreeSet::new();
        self.keys.retain(|key| seen.insert(key.clone()));
    }

    /// Adds what one command changed; `db` is the selected database.
    fn add(&mut self, db: &mut usize, argv: &[&[u8]]) {
        let name = argv
            .first()
            .map_or_else(Vec::new, |name| name.to_ascii_uppercase());
        match name.as_slice() {
            b"SELECT" => *db = number_at(argv, 1).unwrap_or(*db),
            b"FLUSHDB" => drop(self.databases.insert(*db)),
            b"FLUSHALL" | b"DEBUG" => self.everything = true,
            b"SWAPDB" => {
                let both = [1, 2]
                    .into_iter()
                    .filter_map(|index| number_at(argv, index));
                self.databases.extend(both);
            }
            b"MOVE" | b"COPY" => self.add_transfer(*db, argv),
            _ => self.add_written(*db, argv),
        }
    }

    /// `MOVE key db` and `COPY source destination [DB db]` reach into another database.
    fn add_transfer(&mut self, db: usize, argv: &[&[u8]]) {
        match argv {
            [_, key, _] if argv[0].eq_ignore_ascii_case(b"MOVE") => {
                let to = number_at(argv, 2).unwrap_or(db);
                self.keys
                    .extend([(db, Bytes::from(*key)), (to, Bytes::from(*key))]);
            }
            [_, _, destination, options @ ..] => {
                let word = options
                    .iter()
                    .position(|word| word.eq_ignore_ascii_case(b"DB"));
                let to = word.and_then(|at| number_at(options, at + 1)).unwrap_or(db);
                self.keys.push((to, Bytes::from(*destination)));
            }
            _ => {}
        }
    }

    fn add_written(&mut self, db: usize, argv: &[&[u8]]) {
        let Ok(command) = resolve(argv) else {
            return;
        };
        self.add_keys(db, command.keys, argv);
        let is_short = self.keys.is_empty() && has_keys(command.keys);
        if is_short {
            // `PFMERGE key` merges nothing into a key: one spec does not fit, but the other does.
            let specs = command.keys.chunks(1);
            specs.for_each(|spec| self.add_keys(db, spec, argv));
        }
    }

    fn add_keys(&mut self, db: usize, specs: &[KeySpec], argv: &[&[u8]]) {
        let keys = keys_of(specs, argv);
        let written = keys.iter().filter(|key| key.flags & (RW | OW | RM) != 0);
        let written = written.map(|key| (db, Bytes::from(argv[key.index])));
        self.keys.extend(written);
    }
}

/// Whether what a record did to `key` depends on more than the key itself.
pub(super) fn depends_on_others(record: &Record, key: &[u8]) -> bool {
    let Record::Commit(commit) = record else {
        return false;
    };
    let mut depends = false;
    commit.each_effect(|argv| depends |= is_entangled(argv, key));
    depends
}

/// Whether a command on `key` may read another key. One that overwrites or removes the others does not.
fn is_entangled(argv: &[&[u8]], key: &[u8]) -> bool {
    let Ok(command) = resolve(argv) else {
        return false;
    };
    let keys = keys_of(command.keys, argv);
    let is_blind = |flags: u16| flags & (OW | UPDATE) == OW | UPDATE || flags & RM != 0;
    let others = || keys.iter().filter(|other| argv[other.index] != key);
    match command.name {
        "DEBUG" => true,
        "SORT" => keys.iter().any(|one| argv[one.index] == key),
        _ => others().count() < keys.len() && others().any(|other| !is_blind(other.flags)),
    }
}

/// Every key that a record's commands name, whatever they do with it.
pub(super) fn mentions(record: &Record, mut visit: impl FnMut(&[u8])) {
    let mut visit_keys = |argv: &[&[u8]]| {
        if let Ok(command) = resolve(argv) {
            let keys = keys_of(command.keys, argv);
            keys.iter().for_each(|key| visit(argv[key.index]));
        }
    };
    if let Some(commands) = commands_of(record) {
        commands.iter().for_each(|argv| visit_keys(&argv));
    }
    if let Record::Commit(commit) = record {
        commit.each_effect(visit_keys);
    }
    if let Record::Aborted(aborted) = record {
        aborted
            .watched
            .iter()
            .for_each(|watched| visit(watched.key.as_ref()));
    }
}

/// The commands of a record, as sent.
pub fn commands_of(record: &Record) -> Option<&CommandList> {
    match record {
        Record::Commit(commit) => Some(&commit.commands),
        Record::Aborted(aborted) => Some(&aborted.commands),
        Record::Observed(observed) => Some(&observed.commands),
        Record::Setting(setting) => Some(&setting.commands),
        Record::Waiting(waiting) => Some(&waiting.commands),
        _ => None,
    }
}

fn number_at(argv: &[&[u8]], index: usize) -> Option<usize> {
    parse_i64(argv.get(index)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::FAMILIES;
    use crate::command::spec;
    use crate::commit::Effect;

    fn touched(lines: &[&str]) -> Touched {
        let commands = lines.iter().map(|line| line.split(' ').collect());
        Touched::of(&Record::Commit(Commit {
            db: 1,
            commands: commands.collect(),
            effects: vec![Effect::Verbatim; lines.len()],
            ..Commit::default()
        }))
    }

    fn keys(lines: &[&str]) -> Vec<(usize, String)> {
        let keys = touched(lines).keys;
        let text = |key: Bytes| String::from_utf8(key.to_vec()).unwrap();
        keys.into_iter().map(|(db, key)| (db, text(key))).collect()
    }

    #[test]
    fn keys_are_told_in_order_and_once_with_their_databases() {
        let lines = ["SET b 1", "set a 1", "INCR b", "SELECT 3", "INCR b"];
        let expected = [(1, "b"), (1, "a"), (3, "b")].map(|(db, key)| (db, key.to_owned()));
        assert_eq!(keys(&lines), expected);
    }

    #[test]
    fn sources_that_are_only_read_are_left_out() {
        assert_eq!(keys(&["COPY a b"]), [(1, "b".to_owned())]);
        assert_eq!(keys(&["COPY a b REPLACE DB 4"]), [(4, "b".to_owned())]);
        let moved = [(1, "a".to_owned()), (2, "a".to_owned())];
        assert_eq!(keys(&["MOVE a 2"]), moved);
        assert_eq!(keys(&["RENAME a b"]).len(), 2);
    }

    #[test]
    fn a_key_is_entangled_with_those_that_its_command_reads() {
        let entangled = |line: &str| {
            is_entangled(
                &line.split(' ').map(str::as_bytes).collect::<Vec<_>>(),
                b"k",
            )
        };
        for line in [
            "RENAME a k",
            "RENAMENX k a",
            "COPY a k",
            "MSETNX k 1 a 2",
            "SORT k STORE a",
        ] {
            assert!(entangled(line), "{line}");
        }
        for line in [
            "SET k a",
            "MSET a 1 k 2",
            "DEL a k b",
            "RENAME a b",
            "MOVE k 3",
            "PEXPIREAT k 5",
        ] {
            assert!(!entangled(line), "{line}");
        }
    }

    #[test]
    fn sweeping_commands_name_databases() {
        assert!(touched(&["FLUSHALL ASYNC"]).everything);
        assert_eq!(
            touched(&["SELECT 2", "FLUSHDB"]).databases,
            BTreeSet::from([2])
        );
        assert_eq!(touched(&["SWAPDB 0 5"]).databases, BTreeSet::from([0, 5]));
        assert!(
            touched(&["FLUSHDB"]).may_hold(1, b"x") && !touched(&["FLUSHDB"]).may_hold(0, b"x")
        );
    }

    /// Whoever adds a writing command without keys must say here what it changes.
    #[test]
    fn every_writing_command_without_keys_is_known() {
        for command in FAMILIES.iter().flat_map(|family| family.commands) {
            let first = command.name.split('|').next().unwrap();
            let known = SWEEPING.contains(&first) || first == "FUNCTION";
            let keyless = command.flags & spec::WRITE != 0 && !spec::has_keys(command.keys);
            assert!(!keyless || known, "{}", command.name);
        }
    }
}
