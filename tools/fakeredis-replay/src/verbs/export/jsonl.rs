//! All that records hold, one JSON object a line.

use std::io::Write;

use fakeredis::Timeline;
use fakeredis::commit::Blob;
use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Record;
use fakeredis::timeline::Filter;
use fakeredis::timeline::RevRange;
use fakeredis::timeline::describe_commands;
use serde_json::Value;
use serde_json::json;

use crate::failure::Failure;
use crate::json;

/// Writes the records of a range; how many they are.
pub fn write(timeline: &Timeline, range: &RevRange, out: &mut dyn Write) -> Result<u64, Failure> {
    let mut records = 0;
    for entry in timeline.log(timeline.range(range)?, &Filter::default()) {
        let entry = entry?;
        let mut object = json::describe(&entry);
        if let Record::Commit(commit) = &entry.record {
            add(commit, &mut object);
        }
        if let Some(replies) = replies(&entry.record) {
            object.insert("resp".to_owned(), json!(json::text(replies.as_ref())));
        }
        writeln!(out, "{}", Value::Object(object))?;
        records += 1;
    }
    Ok(records)
}

/// What `log` does not show of a commit: what its commands came to, and what checks that they would again.
fn add(commit: &Commit, object: &mut json::Object) {
    let mut effects = CommandList::new();
    commit.each_effect(|argv| effects.push(argv));
    let recorded_as = commit.effects.iter().map(|effect| match effect {
        Effect::None => Value::Null,
        Effect::Verbatim => json!(true),
        Effect::Rewritten(commands) => json::value(describe_commands(commands)),
    });
    object.insert(
        "effects".to_owned(),
        json::value(describe_commands(&effects)),
    );
    object.insert("recorded_as".to_owned(), recorded_as.collect());
    object.insert("seed".to_owned(), json!(commit.seed));
    object.insert("reply_crc".to_owned(), json!(commit.reply_crc));
}

/// The replies as they were sent, but always in RESP3.
fn replies(record: &Record) -> Option<&Blob> {
    match record {
        Record::Commit(commit) => commit.replies.as_ref(),
        Record::Observed(observed) => Some(&observed.replies),
        Record::Setting(setting) => setting.replies.as_ref(),
        _ => None,
    }
}
