//! Whole engines on the simulated disk: real commands, and a power failure after every operation of the disk, also
//! while an engine recovers from the one before.
//!
//! The oracle: an engine that opens what a failure left has exactly the state after some record, and that is no
//! earlier one than the last that was promised. `FAKEREDIS_CASES` says how many stories are told, `FAKEREDIS_SEED`
//! which is the first.

use std::io::ErrorKind;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::Config;
use fakeredis::Fsync;
use fakeredis::clock::Stopwatch;
use fakeredis::commit::Commit;
use fakeredis::commit::How;
use fakeredis::commit::Record;
use fakeredis::commit::Rewind;
use fakeredis::commit::Seq;
use fakeredis::engine::Core;
use fakeredis::engine::Engine;
use fakeredis::engine::JournalOptions;
use fakeredis::engine::Outcome;
use fakeredis::engine::state_at;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use fakeredis::journal::RecoveryReport;
use fakeredis::resp::Reply;
use fakeredis::rng::Rng;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;
use fakeredis::value::Value;

use super::disk::Image;
use super::disk::Luck;
use super::disk::Plan;
use super::disk::SimDisk;
use crate::differential::families::*;
use crate::differential::session;
use crate::support::cases;

/// Where the commands come from.
const FAMILIES: [&Family; 9] = [
    &STRINGS,
    &HASHES,
    &LISTS,
    &SETS,
    &ZSETS,
    &STREAMS,
    &KEYS,
    &TRANSACTIONS,
    &SCRIPTS,
];

/// What both accounts hold together, always.
const SUM: i64 = 100;

/// The clients that send what the families say; one more makes transfers.
const CLIENTS: usize = 3;

/// How the journal is kept.
#[derive(Clone, Copy, Debug)]
struct Style {
    always: bool,
    room: bool,
    segment_bytes: u64,
}

impl Style {
    fn random(rng: &mut Rng) -> Style {
        Style {
            always: rng.below(2) == 0,
            room: rng.below(2) == 0,
            segment_bytes: [700, 3000, 1 << 20][rng.below(3)],
        }
    }

    fn disk(self, image: &Image, seed: u64) -> SimDisk {
        match SimDisk::new(image, Plan::Never, seed) {
            disk if self.room => disk.with_room(),
            disk => disk,
        }
    }
}

/// What was done so far, and promised to last.
#[derive(Clone, Debug)]
struct Story {
    style: Style,
    /// The digest of the state after each record, from 0 on.
    states: Vec<String>,
    /// The last record that a power failure must not take.
    promised: Seq,
    /// What a new process takes for the time, in milliseconds since the epoch.
    now_ms: u64,
}

impl Story {
    fn begin(style: Style) -> Story {
        let nothing = Engine::in_memory(Config::default(), Clock::system(), 0);
        let digest = digest(&nothing.lock());
        Story {
            style,
            states: vec![digest],
            promised: 0,
            now_ms: 1_700_000_000_000,
        }
    }

    fn last(&self) -> Seq {
        self.states.len() as Seq - 1
    }

    /// Notes the states up to `last`; those in between that nobody saw are read from the disk.
    fn note(&mut self, disk: &SimDisk, last: Seq, digest: String) {
        for seq in self.last() + 1..last {
            let reader = Reader::open_with(disk.storage()).unwrap();
            let world = state_at(&reader, seq).unwrap();
            self.states.push(world.keyspace.digest());
        }
        self.states.truncate(last as usize);
        self.states.push(digest);
    }

    /// A new process on `disk`, whose state must be one that was and was not to be lost.
    fn open(&mut self, disk: &SimDisk) -> Result<(Life, RecoveryReport), JournalError> {
        let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_millis(self.now_ms));
        let mut options = JournalOptions::new(Path::new("simulated"));
        options.checkpoint_every = 0;
        options.journal.segment_bytes = self.style.segment_bytes;
        options.journal.fsync = match self.style.always {
            true => Fsync::Always,
            false => Fsync::No,
        };
        let opened = Engine::open_on(
            disk.storage(),
            &options,
            Config::default(),
            clock.clone(),
            1,
        );
        let (engine, report) = opened?;
        let life = Life::new(engine, clock, disk.clone());
        self.judge(&life, &report);
        Ok((life, report))
    }

    /// An engine wrote a last record that changes nothing, or did not come to it.
    fn note_opened(&mut self, disk: &SimDisk) {
        let Ok(reader) = Reader::open_with(disk.storage()) else {
            return;
        };
        let last = reader.last_seq() as usize;
        let is_new = match reader.entries(last as Seq..).next() {
            Some(entry) => matches!(entry.unwrap().record, Record::Open(_) | Record::Close(_)),
            None => false,
        };
        if is_new {
            self.states.truncate(last);
            self.states.push(self.states[last - 1].clone());
        }
    }

    fn judge(&mut self, life: &Life, report: &RecoveryReport) {
        let kept = report.last_seq;
        assert!(
            (self.promised..=self.last()).contains(&kept),
            "{kept} records are left of {}; {} were promised",
            self.last(),
            self.promised
        );
        let digest = digest(&life.engine.lock());
        assert_eq!(self.states[kept as usize], digest, "the state after {kept}");
        assert!(matches!(life.sum(), None | Some(SUM)), "{:?}", life.sum());
        self.states.truncate(kept as usize + 1);
        // What is left was copied and synced, and the engine has noted that it opened.
        self.states.push(digest);
        self.promised = kept + Seq::from(self.style.always);
    }
}

fn digest(core: &Core) -> String {
    core.world().keyspace.digest()
}

/// A process: an engine with some clients.
struct Life {
    engine: Engine,
    clock: Clock,
    disk: SimDisk,
    clients: Vec<SessionKey>,
    waiting: [bool; CLIENTS],
}

impl Life {
    fn new(engine: Engine, clock: Clock, disk: SimDisk) -> Life {
        let connect = || engine.lock().connect(Address::default());
        let clients = (0..=CLIENTS).map(|_| connect()).collect();
        Life {
            engine,
            clock,
            disk,
            clients,
            waiting: [false; CLIENTS],
        }
    }

    /// What the accounts hold together, once they have been opened.
    fn sum(&self) -> Option<i64> {
        let core = self.engine.lock();
        let db = core.world().keyspace.db(0);
        let balance = |key: &[u8]| match db.get(key)?.value() {
            Value::String(balance) => balance.as_i64(),
            other => panic!("{other:?}"),
        };
        match (balance(b"account:a"), balance(b"account:b")) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or_default() + b.unwrap_or_default()),
        }
    }

    /// Some requests of one turn; the states after each are noted as far as they are records.
    fn turn(
        &self,
        story: &mut Story,
        work: impl FnOnce(&mut Core, &mut dyn FnMut(&Core)),
    ) -> Result<(), JournalError> {
        let mut seen = Vec::new();
        let done = self.engine.batch(|core| {
            work(core, &mut |core| seen.push((core.last_seq(), digest(core))));
            seen.push((core.last_seq(), digest(core)));
        });
        for (seq, digest) in seen {
            if seq > story.last() {
                story.note(&self.disk, seq, digest);
            }
        }
        done
    }

    /// Any of the things that happen to a fake.
    fn step(
        &mut self,
        story: &mut Story,
        rng: &mut Rng,
        commands: &[session::Step],
    ) -> Result<(), JournalError> {
        match rng.below(16) {
            0 => self.transfer(story, rng, false),
            1 => self.transfer(story, rng, true),
            2 => self.time_passes(story, rng),
            3 => self.housekeeping(story, rng),
            4 => self.rewind(story, rng),
            5 => self.large_value(story, rng),
            _ => self.commands(story, rng, commands),
        }?;
        if story.style.always {
            story.promised = story.last();
        }
        Ok(())
    }

    /// One command, or some of one turn, as pipelines and groups of clients send them.
    fn commands(
        &mut self,
        story: &mut Story,
        rng: &mut Rng,
        commands: &[session::Step],
    ) -> Result<(), JournalError> {
        let count = [1, 1, 2, 6][rng.below(4)].min(commands.len());
        let first = rng.below(commands.len() - count + 1);
        let mut waiting = self.waiting;
        let done = self.turn(story, |core, note| {
            for step in &commands[first..first + count] {
                let index = step.client - 1;
                let client = self.clients[index];
                waiting[index] &= matches!(core.answer(client), Outcome::Blocked);
                if waiting[index] {
                    continue;
                }
                let argv: Vec<&[u8]> = step.argv.iter().map(Vec::as_slice).collect();
                waiting[index] = matches!(core.run(client, &argv), Outcome::Blocked);
                note(core);
            }
        });
        self.waiting = waiting;
        done
    }

    fn run(&self, story: &mut Story, requests: &[&[&str]]) -> Result<(), JournalError> {
        let client = self.clients[CLIENTS];
        self.turn(story, |core, note| {
            for request in requests {
                let argv: Vec<&[u8]> = request.iter().map(|arg| arg.as_bytes()).collect();
                core.run(client, &argv);
                note(core);
            }
        })
    }

    /// From one account to the other, in an EXEC or in a script.
    fn transfer(
        &self,
        story: &mut Story,
        rng: &mut Rng,
        by_script: bool,
    ) -> Result<(), JournalError> {
        let amount = rng.below(50).to_string();
        let whole = SUM.to_string();
        if self.sum().is_none() {
            return self.run(story, &[&["MSET", "account:a", &whole, "account:b", "0"]]);
        }
        if by_script {
            let script = "redis.call('DECRBY', KEYS[1], ARGV[1]) redis.call('SET', 'log', ARGV[1]) \
                          return redis.call('INCRBY', KEYS[2], ARGV[1])";
            return self.run(
                story,
                &[&["EVAL", script, "2", "account:a", "account:b", &amount]],
            );
        }
        self.run(
            story,
            &[
                &["MULTI"],
                &["DECRBY", "account:a", &amount],
                &["PEXPIRE", "log", "1000"],
                &["INCRBY", "account:b", &amount],
                &["EXEC"],
            ],
        )
    }

    fn time_passes(&self, story: &mut Story, rng: &mut Rng) -> Result<(), JournalError> {
        let ms = [1, 40, 1000, 100_000][rng.below(4)];
        self.clock.advance(Duration::from_millis(ms));
        story.now_ms += ms;
        self.turn(story, |core, _| core.expire_now())
    }

    fn housekeeping(&self, story: &mut Story, rng: &mut Rng) -> Result<(), JournalError> {
        let journal = self.engine.journal().unwrap();
        let before = story.last();
        match rng.below(4) {
            0 => journal.sync()?,
            1 => journal.rotate(self.clock.now_us())?,
            2 => return self.turn(story, |core, _| drop(core.mark("here".to_owned(), None))),
            // Its failure need not be the journal's.
            _ => return self.run(story, &[&["SAVE"]]),
        }
        story.promised = story.promised.max(before);
        Ok(())
    }

    fn rewind(&self, story: &mut Story, rng: &mut Rng) -> Result<(), JournalError> {
        self.rewind_to(story, rng.below(story.states.len()) as Seq)
    }

    fn rewind_to(&self, story: &mut Story, to: Seq) -> Result<(), JournalError> {
        let world = state_at(&Reader::open_with(self.disk.storage())?, to)?;
        assert_eq!(story.states[to as usize], world.keyspace.digest());
        self.turn(story, |core, _| {
            let how = How::Named;
            let _ = core.rewind_to(Rewind { to, how }, world.keyspace);
        })
    }

    /// After a failure: memory is what was settled, reads go on, and a broken journal takes no writes.
    fn is_as_promised(&self, story: &Story) {
        let journal = self.engine.journal().unwrap();
        let settled = journal.settled_seq();
        assert!(settled >= story.promised);
        let mut core = self.engine.lock();
        assert_eq!(story.states[settled as usize], digest(&core));
        if journal.poisoned().is_some() {
            let client = self.clients[CLIENTS];
            let refused = core.run(client, &[b"SET", b"more", b"1"]);
            let Outcome::Reply(Reply::Error(text), _) = refused else {
                panic!("{refused:?}");
            };
            assert!(text.starts_with("MISCONF"), "{text}");
        }
    }

    fn large_value(&self, story: &mut Story, rng: &mut Rng) -> Result<(), JournalError> {
        let value = "x".repeat([300, 3000, 17_000][rng.below(3)]);
        self.run(story, &[&["SETRANGE", "large", "7", &value]])
    }
}

/// How many power failures there were.
static CRASHES: AtomicU64 = AtomicU64::new(0);

/// Lives on `image` for some steps while the power fails after each operation, and closes in good order.
fn live(story: &mut Story, image: &Image, rng: &mut Rng, steps: usize, depth: u32) {
    let disk = story.style.disk(image, rng.next_u64());
    disk.watch(rng.next_u64());
    let before = story.clone();
    let (mut life, _) = story.open(&disk).unwrap();
    crash(&disk, &before, story, rng, depth);
    let commands = session::random(&FAMILIES, rng);
    for _ in 0..steps {
        let before = story.clone();
        life.step(story, rng, &commands).unwrap();
        crash(&disk, &before, story, rng, depth);
    }
    let before = story.clone();
    close(story, life);
    crash(&disk, &before, story, rng, depth);
    let (_life, report) = story.open(&disk).unwrap();
    assert!(report.clean && report.cut.is_none());
}

fn close(story: &mut Story, life: Life) {
    life.engine.close().unwrap();
    let last = story.last() + 1;
    story.note(&life.disk, last, digest(&life.engine.lock()));
    story.promised = last;
}

/// Opens what power failures left while it went on from `before`, and what one leaves `now`.
fn crash(disk: &SimDisk, before: &Story, now: &Story, rng: &mut Rng, depth: u32) {
    let during = Story {
        states: now.states.clone(),
        ..before.clone()
    };
    for image in disk.crashes() {
        go_on(during.clone(), &image, rng, depth);
    }
    for mut luck in [Luck::None, Luck::Some(Rng::new(rng.next_u64()))] {
        go_on(
            now.clone(),
            &disk.after_power_failure(&mut luck),
            rng,
            depth,
        );
    }
}

/// A life after a power failure. Now and then it is hit itself.
fn go_on(mut story: Story, image: &Image, rng: &mut Rng, depth: u32) {
    CRASHES.fetch_add(1, Relaxed);
    if depth > 0 && rng.below(12) == 0 {
        return live(&mut story, image, rng, 2, depth - 1);
    }
    let disk = story.style.disk(image, 0);
    let (life, _) = story.open(&disk).unwrap();
    life.transfer(&mut story, rng, false).unwrap();
    drop(life);
    // Dropped, it was closed.
    let last = story.states.last().unwrap().clone();
    story.states.push(last);
    story.promised = story.last();
    let (_life, report) = story.open(&disk).unwrap();
    assert!(report.clean && report.cut.is_none());
}

/// A disk that fails sometime: what was promised is there, whether the machine lives on or not.
fn failing(story: &mut Story, rng: &mut Rng) {
    let disk = story.style.disk(&Image::new(), rng.next_u64());
    let kind = [ErrorKind::Other, ErrorKind::StorageFull][rng.below(2)];
    for _ in 0..3 {
        let at = rng.below(60) as u64 + 1;
        disk.set_plan(match rng.below(3) {
            0 => Plan::Once(disk.operations() + at, kind),
            1 => Plan::From(disk.operations() + at, kind),
            _ => Plan::Look(disk.looks() + at, kind),
        });
        let kept = quarantined(&disk);
        live_until_it_fails(story, &disk, rng);
        for (name, bytes) in kept {
            assert_eq!(disk.visible().get(&name), Some(&bytes), "{name}");
        }
        for mut luck in [Luck::None, Luck::All, Luck::Some(Rng::new(rng.next_u64()))] {
            go_on(story.clone(), &disk.after_power_failure(&mut luck), rng, 1);
        }
    }
}

fn quarantined(disk: &SimDisk) -> Image {
    let mut files = disk.visible();
    files.retain(|name, _| name.starts_with("quarantine/"));
    files
}

fn live_until_it_fails(story: &mut Story, disk: &SimDisk, rng: &mut Rng) {
    let opened = story.open(disk);
    let Ok((mut life, _)) = opened else {
        let error = opened.err().unwrap();
        assert!(
            matches!(error, JournalError::Io { .. } | JournalError::Poisoned(_)),
            "{error}"
        );
        disk.set_plan(Plan::Never);
        story.note_opened(disk);
        return;
    };
    let commands = session::random(&FAMILIES, rng);
    let failed = (0..20).any(|_| life.step(story, rng, &commands).is_err());
    disk.set_plan(Plan::Never);
    if failed {
        life.is_as_promised(story);
    }
    // Closing adds a record that changes nothing, if it can.
    drop(life);
    story.note_opened(disk);
}

/// Tells stories, each from its own seed; a failure tells which.
fn tell(usual: u64, story: impl Fn(u64, &mut Rng)) {
    for seed in cases(usual) {
        let told = std::panic::catch_unwind(AssertUnwindSafe(|| story(seed, &mut Rng::new(seed))));
        if told.is_err() {
            panic!("FAKEREDIS_SEED={seed} FAKEREDIS_CASES=1 tells this again");
        }
    }
}

#[test]
fn whatever_the_power_takes_is_what_was_never_promised() {
    let begun = Stopwatch::start();
    tell(12, |_, rng| {
        let mut story = Story::begin(Style::random(rng));
        live(&mut story, &Image::new(), rng, 12, 2);
    });
    let crashes = CRASHES.load(Relaxed);
    let per_second = crashes as f64 / begun.elapsed().as_secs_f64();
    println!("{crashes} power failures, {per_second:.0} a second");
}

/// Each rewind goes back to the one before: what is followed twice would be followed for ever.
#[test]
fn a_long_chain_of_rewinds_is_followed_once() {
    let disk = SimDisk::empty();
    let mut story = Story::begin(Style {
        always: true,
        room: false,
        segment_bytes: 2000,
    });
    let (life, _) = story.open(&disk).unwrap();
    for round in 0..60 {
        life.run(&mut story, &[&["INCR", "count"]]).unwrap();
        let to = story.last() - round % 2;
        life.rewind_to(&mut story, to).unwrap();
    }
    close(&mut story, life);
    story.open(&disk).unwrap();
}

/// Records that no writer writes: a rewind that goes nowhere, and a database beyond all memory.
fn rewind(to: Seq) -> Record {
    let how = How::Named;
    Record::Rewind(Rewind { to, how })
}

#[test]
fn forged_records_are_refused_when_they_are_applied() {
    let beyond = match super::set("k", b"v") {
        Record::Commit(commit) => Record::Commit(Commit {
            db: u32::MAX,
            ..commit
        }),
        other => panic!("{other:?}"),
    };
    for (record, word) in [
        (rewind(1), "record 1"),
        (rewind(900), "record 900"),
        (beyond, "database 4294967295"),
    ] {
        let style = Style {
            always: true,
            room: false,
            segment_bytes: 2000,
        };
        let disk = SimDisk::empty();
        let (journal, _) = Journal::open_with(disk.storage(), &Options::default()).unwrap();
        journal.append(0, &record).unwrap();
        drop(journal);
        let refused = Story::begin(style).open(&disk).err().unwrap().to_string();
        assert!(refused.contains(word), "{refused}");
    }
}

#[test]
fn a_disk_that_fails_takes_nothing_that_was_promised() {
    tell(60, |_, rng| {
        failing(&mut Story::begin(Style::random(rng)), rng)
    });
}
