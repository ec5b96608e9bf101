//! From records to state: recovery and time travel.

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
use crate::session::Address;
use crate::session::Session;

use super::ahead::Batch;
use super::ahead::Head;
use super::ahead::Step;
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
    let checkpoint = reader.checkpoint_before(seq)?;
    let (mut world, from) = start(checkpoint)?;
    let records = reader.frames(from + 1..=seq);
    replay(&mut world, records, |to| state_at(reader, to))?;
    Ok(world)
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

/// Takes `world` over `records`; `earlier` gives the state after an earlier one.
///
/// # Errors
///
/// The records can't be read; or what `earlier` fails with.
pub(super) fn replay(
    world: &mut World,
    records: Frames,
    earlier: impl Fn(Seq) -> Result<World, JournalError>,
) -> Result<(), JournalError> {
    let mut applier = Applier::new(world);
    each_batch(records, |batch| applier.take_over(&batch, &earlier))
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
            });
            commit.each_effect(|argv| applier.run(argv));
        }
        Record::Rewind(to) => *world = earlier(*to)?,
        Record::Open(_)
        | Record::Close(_)
        | Record::Mark(_)
        | Record::Aborted(_)
        | Record::Observed(_)
        | Record::Client(_) => {}
    }
    Ok(())
}

/// Applies the effects of commits to a world, each commit's at its own time.
struct Applier<'a> {
    world: &'a mut World,
    session: Session,
    unit: Unit,
}

impl<'a> Applier<'a> {
    fn new(world: &'a mut World) -> Applier<'a> {
        Applier {
            world,
            session: Session::new(0, Address::default(), 0),
            unit: Unit::for_applying(),
        }
    }

    /// Takes the world over some records; `earlier` gives the state after an earlier one.
    fn take_over(
        &mut self,
        batch: &Batch,
        earlier: impl Fn(Seq) -> Result<World, JournalError>,
    ) -> Result<(), JournalError> {
        let mut argv = Vec::new();
        for step in &batch.steps {
            match step {
                Step::Rewind(to) => *self.world = earlier(*to)?,
                Step::Commit(head, effects) => {
                    self.begin(head);
                    for effect in effects.clone() {
                        if effect.is_multiple_of(TOGETHER) {
                            self.look_ahead(&batch.effects, effect);
                        }
                        batch.effects.get(effect, &mut argv);
                        self.run(&argv);
                    }
                }
            }
        }
        Ok(())
    }

    /// Looks at the keys of the effects from `first` on. A hint only: which words are keys is guessed.
    fn look_ahead(&self, effects: &CommandList, first: usize) {
        let together = first..effects.len().min(first + TOGETHER);
        let keys = together.filter_map(|effect| effects.args(effect).nth(1));
        self.world.keyspace.db(self.session.db).warm(keys);
    }

    /// What follows are the effects of another commit.
    fn begin(&mut self, head: &Head) {
        self.session.id = head.client;
        self.session.db = head.db as usize;
        self.world.keyspace.grow(self.session.db + 1);
        self.unit.begin(head.clock_us, 0, self.session.db);
        self.unit.set_seed(head.seed);
    }

    fn run(&mut self, argv: &[&[u8]]) {
        let mut context = Context {
            world: self.world,
            session: &mut self.session,
            unit: &mut self.unit,
            host: &mut NoHost,
        };
        command::apply(&mut context, argv);
    }
}
