//! Records, read ahead of their application: verified and taken apart, on a thread of their own where there are many.
//!
//! It knows which effects a record has, and not what they mean.

use std::io;
use std::ops::Range;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::commit::CommandList;
use crate::journal::Frame;
use crate::journal::Frames;
use crate::journal::JournalError;

/// How many records are in a batch, unless their effects are large.
const RECORDS: usize = 512;
/// How many bytes of effects fill a batch.
const BYTES: usize = 64 << 10;
/// How many batches may wait to be applied.
const WAITING: usize = 4;

/// Some commits in order: what they change.
#[derive(Default)]
pub(super) struct Batch {
    /// Each commit, with those of the effects that are its own.
    pub(super) commits: Vec<(Head, Range<usize>)>,
    /// The effects of all units, one after another.
    pub(super) effects: CommandList,
}

/// What there is to know of a commit before its effects are applied.
pub(super) struct Head {
    pub(super) clock_us: i64,
    /// The connection that sent it.
    pub(super) client: u64,
    /// The database that was selected when it began.
    pub(super) db: u32,
    pub(super) seed: Option<u64>,
}

/// Calls `visit` with the changes of all `records`, in order.
///
/// # Errors
///
/// The first record that can't be read, or the first error of `visit`.
pub(super) fn each_batch(
    mut records: Frames,
    mut visit: impl FnMut(Batch) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    // Most journals are short, and not worth a thread.
    let first = Batch::read(&mut records)?;
    let is_all = !first.is_full();
    visit(first)?;
    if is_all {
        return Ok(());
    }
    let (sender, batches) = sync_channel(WAITING);
    thread::scope(|scope| {
        thread::Builder::new()
            .name("fakeredis-reader".into())
            .spawn_scoped(scope, move || send(records, &sender))
            .map_err(no_thread)?;
        batches
            .into_iter()
            .try_for_each(|batch| batch.and_then(&mut visit))
    })
}

fn no_thread(source: io::Error) -> JournalError {
    let doing = "start a thread that reads the journal".to_owned();
    JournalError::Io { doing, source }
}

/// Sends all batches, until one is the last or nobody wants more.
fn send(mut records: Frames, batches: &SyncSender<Result<Batch, JournalError>>) {
    loop {
        let batch = Batch::read(&mut records);
        let is_last = !batch.as_ref().is_ok_and(Batch::is_full);
        if batches.send(batch).is_err() || is_last {
            return;
        }
    }
}

impl Batch {
    /// The next batch; it is the last if it is not full.
    fn read(records: &mut Frames) -> Result<Batch, JournalError> {
        let mut batch = Batch::default();
        while !batch.is_full()
            && let Some(record) = records.next()
        {
            batch.add(&record?)?;
        }
        Ok(batch)
    }

    fn is_full(&self) -> bool {
        self.commits.len() >= RECORDS || self.effects.size() >= BYTES
    }

    fn add(&mut self, record: &Frame<'_>) -> Result<(), JournalError> {
        if let Some(commit) = record.commit()? {
            let head = Head {
                clock_us: record.clock_us,
                client: commit.client,
                db: commit.db,
                seed: commit.seed,
            };
            let start = self.effects.len();
            commit.each_effect(|words| self.effects.push(words));
            let effects = start..self.effects.len();
            self.commits.push((head, effects));
        }
        Ok(())
    }
}
