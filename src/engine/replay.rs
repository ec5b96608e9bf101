//! From records to state: recovery and time travel.

use std::ops::RangeInclusive;

use crate::command;
use crate::command::Config;
use crate::command::Context;
use crate::command::NoHost;
use crate::command::Unit;
use crate::command::World;
use crate::commit::CommandList;
use crate::commit::Entry;
use crate::commit::Record;
use crate::commit::Seq;
use crate::journal::Checkpoint;
use crate::journal::Frames;
use crate::journal::JournalError;
use crate::journal::Reader;
use crate::resp::Reply;
use crate::session::Address;
use crate::session::Session;

use super::ahead::Batch;
use super::ahead::Head;
use super::ahead::each_batch;
use super::checkpoint;

/// How many effects are looked at together before they are applied.
const TOGETHER: usize = 16;

/// The state after record `seq`, from the nearest checkpoint before it.
///
/// # Errors
///
/// The journal can't be read up to there.
pub fn state_at(reader: &Reader, seq: Seq) -> Result<World, JournalError> {
    let (checkpoint, spans) = lineage(reader, seq)?;
    let (mut world, _) = start(checkpoint)?;
    for span in spans {
        replay(&mut world, reader.frames(span))?;
    }
    Ok(world)
}

/// Takes `world`, the state after record `from`, to that after record `to`.
///
/// # Errors
///
/// The journal can't be read up to there.
pub fn advance(world: &mut World, reader: &Reader, from: Seq, to: Seq) -> Result<(), JournalError> {
    let mut rest = from + 1..=to;
    if let Some((at, _)) = reader.rewinds(rest.clone())?.pop() {
        world.keyspace = state_at(reader, at)?.keyspace;
        rest = at + 1..=to;
    }
    replay(world, reader.frames(rest))
}

/// What led to the state after record `seq`: a checkpoint, and the records to apply to it. What was rewound is
/// left out, so that each record is applied once, however often history went back.
fn lineage(
    reader: &Reader,
    seq: Seq,
) -> Result<(Option<Checkpoint>, Vec<RangeInclusive<Seq>>), JournalError> {
    let mut spans = Vec::new();
    let mut end = seq;
    loop {
        let checkpoint = reader.checkpoint_before(end)?;
        let from = checkpoint.as_ref().map_or(0, Checkpoint::seq);
        for (at, to) in reader.rewinds(from + 1..=end)?.into_iter().rev() {
            if at > end {
                continue;
            }
            if to >= at {
                let what = format!("record {at} goes back to record {to}, which is not before it");
                return Err(JournalError::Misuse(what));
            }
            spans.push(at + 1..=end);
            end = to;
        }
        if end >= from {
            check_beginning(reader, from, end)?;
            spans.push(from + 1..=end);
            spans.reverse();
            return Ok((checkpoint, spans));
        }
    }
}

/// An error unless all records between the states `from` and `seq` are there.
fn check_beginning(reader: &Reader, from: Seq, seq: Seq) -> Result<(), JournalError> {
    let first = reader.first_seq();
    match from < seq && from + 1 < first {
        true => Err(JournalError::Misuse(format!(
            "history begins with record {first}: the state after record {seq} is not known"
        ))),
        false => Ok(()),
    }
}

/// The state of a checkpoint and its place in history; without one, nothing and 0.
///
/// # Errors
///
/// The checkpoint can't be read.
pub fn start(checkpoint: Option<Checkpoint>) -> Result<(World, Seq), JournalError> {
    let mut world = World::new(Config::default(), 0);
    let Some(checkpoint) = checkpoint else {
        return Ok((world, 0));
    };
    let seq = checkpoint.seq();
    checkpoint::load(&mut world.keyspace, checkpoint)?;
    Ok((world, seq))
}

/// Takes `world` over `records`, none of which is a rewind.
///
/// # Errors
///
/// The records can't be read.
pub(super) fn replay(world: &mut World, records: Frames) -> Result<(), JournalError> {
    let mut applier = Applier::new(world);
    each_batch(records, |batch| applier.take_over(&batch))
}

/// Takes `world` over one record; `earlier` gives the state after an earlier one.
///
/// # Errors
///
/// What `earlier` fails with.
pub fn step(
    world: &mut World,
    entry: &Entry,
    earlier: impl Fn(Seq) -> Result<World, JournalError>,
) -> Result<(), JournalError> {
    match &entry.record {
        Record::Commit(commit) => {
            let mut applier = Applier::new(world);
            applier.begin(&Head {
                clock_us: entry.clock_us,
                client: commit.client.id,
                db: commit.db,
                seed: commit.seed,
            })?;
            commit.each_effect(|argv| drop(applier.run(argv)));
        }
        Record::Rewind(rewind) => world.keyspace = earlier(rewind.to)?.keyspace,
        Record::Open(_)
        | Record::Close(_)
        | Record::Mark(_)
        | Record::Aborted(_)
        | Record::Observed(_)
        | Record::Client(_)
        | Record::Setting(_)
        | Record::Waiting(_) => {}
    }
    Ok(())
}

/// Applies the effects of commits to a world, each commit's at its own time.
pub(super) struct Applier<'a> {
    world: &'a mut World,
    session: Session,
    unit: Unit,
}

impl<'a> Applier<'a> {
    pub(super) fn new(world: &'a mut World) -> Applier<'a> {
        Applier {
            world,
            session: Session::new(0, Address::default(), 0),
            unit: Unit::for_applying(),
        }
    }

    /// Takes the world over some commits.
    fn take_over(&mut self, batch: &Batch) -> Result<(), JournalError> {
        let mut argv = Vec::new();
        for (head, effects) in &batch.commits {
            self.begin(head)?;
            for effect in effects.clone() {
                if effect.is_multiple_of(TOGETHER) {
                    self.look_ahead(&batch.effects, effect);
                }
                batch.effects.get(effect, &mut argv);
                self.run(&argv);
            }
        }
        Ok(())
    }

    /// Looks at the keys of the effects from `first` on. A hint only: which words are keys is guessed.
    fn look_ahead(&self, effects: &CommandList, first: usize) {
        let together = first..effects.len().min(first + TOGETHER);
        let keys = together.filter_map(|effect| effects.arg(effect, 1));
        self.world.keyspace.db(self.session.db).warm(keys);
    }

    /// What follows are the effects of another commit.
    pub(super) fn begin(&mut self, head: &Head) -> Result<(), JournalError> {
        self.session.id = head.client;
        self.session.db = checkpoint::make_db(&mut self.world.keyspace, head.db)?;
        self.unit.begin(head.clock_us, 0, self.session.db);
        self.unit.set_seed(head.seed);
        Ok(())
    }

    pub(super) fn run(&mut self, argv: &[&[u8]]) -> Reply {
        let mut context = Context {
            world: self.world,
            session: &mut self.session,
            unit: &mut self.unit,
            host: &mut NoHost,
        };
        command::apply(&mut context, argv)
    }
}
