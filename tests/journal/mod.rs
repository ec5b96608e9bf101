//! The journal on real and simulated disks.

mod agreement;
mod compaction;
mod corruption;
mod crash;
pub mod disk;
mod every_second;
pub mod forge;
mod golden;
mod images;
mod refreshing;
mod repair;
mod room;
mod round_trip;
mod script;
mod simulation;
mod traps;

use fakeredis::commit::Client;
use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Record;
use fakeredis::journal::Checkpoint;

use crate::support::verified::Recorded;

/// A directory for a journal whose records no engine made.
fn directory() -> Recorded {
    Recorded::new().unverified("its records are made up")
}

/// The chunks of a checkpoint's state.
fn chunks(checkpoint: Checkpoint) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    let read = checkpoint.each_chunk(|chunk| {
        chunks.push(chunk.to_vec());
        Ok(())
    });
    read.unwrap();
    chunks
}

/// A commit of `SET key value`.
fn set(key: &str, value: &[u8]) -> Record {
    let mut commands = CommandList::new();
    commands.push(&[b"SET", key.as_bytes(), value]);
    Record::Commit(Commit {
        client: Client::default(),
        commands,
        effects: vec![Effect::Verbatim],
        ..Commit::default()
    })
}
