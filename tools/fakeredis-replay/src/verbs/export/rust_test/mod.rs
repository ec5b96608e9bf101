//! A stretch of history as a Rust test that does the same again, with fakeredis and redis-rs.
//!
//! The plan is made from the records and rehearsed at once; what the test asserts is what was recorded: replies by their
//! checksums, the keys at the end and the digest of all data.

mod ahead;
mod asked;
mod clients;
mod plan;
mod print;
mod rehearsal;
mod step;

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::Dataset;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::View;
use fakeredis::commit::Entry;
use fakeredis::commit::Record;
use fakeredis::commit::Seq;
use fakeredis::fixtures;
use fakeredis::quote;
use fakeredis::resp::Protocol;
use fakeredis::timeline::Error;
use fakeredis::timeline::Filter;
use fakeredis::timeline::RevRange;
use fakeredis::timeline::Touched;
use fakeredis::timeline::rfc3339;

use crate::failure::Failure;
use plan::Plan;
use print::Parts;
use step::Step;
use step::line;

/// A test, and the files that it needs.
pub struct RustTest {
    pub text: String,
    /// Files to write beside it.
    pub beside: Vec<(PathBuf, Vec<u8>)>,
    pub records: u64,
    pub notes: Vec<String>,
}

/// More commands than this make the data at the beginning in a file of their own.
const FEW: usize = 60;
/// So many keys are told at the end, and this much of each.
const KEYS: usize = 20;
const LENGTH: usize = 300;

/// Makes the test of a range of the journal in `dir`, which is going to be in the file `output`.
pub fn make(
    timeline: &Timeline,
    range: &RevRange,
    dir: &Path,
    output: Option<&Path>,
) -> Result<RustTest, Failure> {
    let named = range;
    let range = timeline.range(range)?;
    let (first, last) = (*range.start(), *range.end());
    let before = timeline.at(&Rev::seq(first - 1))?;
    let mut after = timeline.at(&Rev::seq(last))?;
    let entries = timeline.log(range, &Filter::default());
    let entries = entries.collect::<Result<Vec<Entry>, _>>()?;
    check_rewinds(&entries, first)?;

    let start_us = before.clock_us();
    let seed = match entries.first().map(|entry| &entry.record) {
        Some(Record::Open(open)) => open.seed,
        _ => 0,
    };
    let mut plan = Plan::new(Clock::frozen_at(time(start_us)), seed, &entries)?;
    let dataset = state(&mut plan, &before, output)?;
    plan.begin(first - 1);
    for entry in &entries {
        plan.record(entry)?;
    }
    end(&mut plan, &entries, &mut after);

    let digest = after.world().keyspace.digest();
    let mut notes = Vec::new();
    if plan.rehearsal.digest() != digest {
        notes.push(
            "warning: the commands of these records come to other data than were recorded; the test will fail"
                .to_owned(),
        );
    }
    let name = dataset.as_ref().and_then(|(path, _)| file_name(path));
    let text = print::print(&Parts {
        head: vec![
            format!(
                "Does again what records {first} to {last} of a journal tell, and comes to the same data."
            ),
            String::new(),
            format!(
                "Made by `fakeredis-replay export {} rust-test {}`, fakeredis {}, of journal {},",
                dir.display(),
                named,
                env!("CARGO_PKG_VERSION"),
                timeline.info()?.uuid,
            ),
            format!(
                "recorded {} to {}. It needs the crates fakeredis and redis.",
                rfc3339(start_us),
                rfc3339(after.clock_us())
            ),
        ],
        name: format!("records_{first}_to_{last}"),
        start_us,
        seed,
        dataset: name.as_deref(),
        steps: &plan.steps,
        names: &plan.names,
        digest: &digest,
    });
    Ok(RustTest {
        text,
        beside: dataset.into_iter().collect(),
        records: entries.len() as u64,
        notes,
    })
}

/// The time so many microseconds after 1970-01-01T00:00:00Z.
fn time(us: i64) -> SystemTime {
    let distance = Duration::from_micros(us.unsigned_abs());
    match us < 0 {
        true => UNIX_EPOCH - distance,
        false => UNIX_EPOCH + distance,
    }
}

/// A test keeps only what it has been through itself.
fn check_rewinds(entries: &[Entry], first: Seq) -> Result<(), Failure> {
    for entry in entries {
        if let Record::Rewind(rewind) = &entry.record
            && rewind.to + 1 < first
        {
            let (at, to) = (entry.seq, rewind.to);
            return Err(Error::Elsewhere { at, to }.into());
        }
    }
    Ok(())
}

/// Plans how the data at the beginning come about: as commands, or in a file beside the test, which is given back.
fn state(
    plan: &mut Plan,
    before: &View,
    output: Option<&Path>,
) -> Result<Option<(PathBuf, Vec<u8>)>, Failure> {
    let commands: Vec<_> = fixtures::dump(&before.world().keyspace).collect();
    if commands.is_empty() {
        return Ok(None);
    }
    if let Some(output) = output.filter(|_| commands.len() > FEW) {
        let path = output.with_extension("state.redis");
        let bytes = script(&commands, before);
        let name = file_name(&path).unwrap_or_default();
        let dataset = Dataset::parse(&name, &bytes).map_err(fakeredis::Error::from)?;
        plan.rehearsal.load(&dataset)?;
        return Ok(Some((path, bytes)));
    }
    plan.comment(format!("What there was after record {}.", before.seq()));
    let loader = plan.connect("loader");
    for argv in &commands {
        let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
        plan.prepare(loader, &argv);
    }
    Ok(None)
}

fn file_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

/// A dataset of plain commands.
fn script(commands: &[Vec<Vec<u8>>], before: &View) -> Vec<u8> {
    let mut text = format!(
        "# name: state\n# description: the data after record {}\n",
        before.seq()
    );
    for argv in commands {
        let words: Vec<String> = argv.iter().map(|arg| quote(arg)).collect();
        text += &words.join(" ");
        text.push('\n');
    }
    text.into_bytes()
}

/// Plans what is asserted of the keys that the records touched, where that is short.
fn end(plan: &mut Plan, entries: &[Entry], after: &mut View) {
    let touched = entries.iter().map(|entry| Touched::of(&entry.record));
    let keys: BTreeSet<(u32, Vec<u8>)> = touched.flat_map(keys).collect();
    plan.steps
        .push(Step::Record("what there is at the end".to_owned()));
    if keys.is_empty() {
        return;
    }
    let client = plan.connect("end");
    let mut selected = 0;
    after.set_protocol(Protocol::Resp2);
    for (db, key) in keys.into_iter().take(KEYS) {
        let slot = after.world().keyspace.databases() > db as usize;
        let slot = slot
            .then(|| after.world().keyspace.db(db as usize).get(&key))
            .flatten();
        let kind = slot.map_or("none", |slot| slot.value().type_name());
        let argv = question(kind, &key);
        after.run(&["SELECT", &db.to_string()]);
        let reply = line(&after.run(&argv), true);
        let Some(reply) = reply.filter(|reply| reply.len() <= LENGTH) else {
            continue;
        };
        if selected != db {
            plan.prepare(client, &[b"SELECT", db.to_string().as_bytes()]);
            selected = db;
        }
        plan.expect(client, &argv, reply);
    }
}

fn keys(touched: Touched) -> impl Iterator<Item = (u32, Vec<u8>)> {
    let keys = touched.keys.into_iter();
    keys.map(|(db, key)| (db as u32, key.to_vec()))
}

/// The command that shows what stands at a key.
fn question<'a>(kind: &str, key: &'a [u8]) -> Vec<&'a [u8]> {
    match kind {
        "string" => vec![b"GET", key],
        "list" => vec![b"LRANGE", key, b"0", b"-1"],
        "set" => vec![b"SMEMBERS", key],
        "zset" => vec![b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"],
        "hash" => vec![b"HGETALL", key],
        "stream" => vec![b"XRANGE", key, b"-", b"+"],
        _ => vec![b"EXISTS", key],
    }
}
