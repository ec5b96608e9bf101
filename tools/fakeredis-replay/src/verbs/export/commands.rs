//! The commands of a history as they were sent, as a client sends them.

use std::io::Write;

use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Origin;
use fakeredis::commit::Record;
use fakeredis::exchange::AofWriter;
use fakeredis::resp::encode_command;
use fakeredis::timeline::Filter;
use fakeredis::timeline::RevRange;

use crate::failure::Failure;

/// Writes the state before the range, then the commands of its commits, for one connection; how many those are.
///
/// What only reads, and what was refused, is left out: it makes no data, and on one connection the transactions of several
/// clients would get into each other.
pub fn write(timeline: &Timeline, range: &RevRange, out: &mut dyn Write) -> Result<u64, Failure> {
    let range = timeline.range(range)?;
    let stretches = timeline.lineage(range.clone())?;
    let before = timeline.at(&Rev::seq(range.start() - 1))?;
    AofWriter::new(&mut *out).state(&before.world().keyspace)?;
    let (mut records, mut db, mut bytes) = (0, None, Vec::new());
    for stretch in stretches {
        for entry in timeline.log(stretch, &Filter::default()) {
            if let Record::Commit(commit) = entry?.record {
                put(&commit, &mut db, &mut bytes);
                out.write_all(&bytes)?;
                bytes.clear();
                records += 1;
            }
        }
    }
    Ok(records)
}

fn put(commit: &Commit, db: &mut Option<u32>, bytes: &mut Vec<u8>) {
    if *db != Some(commit.db) {
        encode_command(&["SELECT", &commit.db.to_string()], bytes);
    }
    *db = Some(commit.db);
    let is_exec = commit.origin == Origin::Exec;
    if is_exec {
        encode_command(&["MULTI"], bytes);
    }
    for (argv, effect) in std::iter::zip(commit.commands.iter(), &commit.effects) {
        match effect {
            // Who runs the commands may not know the script.
            Effect::Rewritten(commands) if argv[0].eq_ignore_ascii_case(b"EVALSHA") => {
                commands
                    .iter()
                    .for_each(|argv| encode_command(&argv, bytes));
            }
            _ => encode_command(&argv, bytes),
        }
        if argv[0].eq_ignore_ascii_case(b"SELECT") {
            // Whether it was obeyed is not known here.
            *db = None;
        }
    }
    if is_exec {
        encode_command(&["EXEC"], bytes);
    }
}
