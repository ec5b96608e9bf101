//! Faults from the words of FAKEREDIS FAULT, and what it answers about them.

use std::time::Duration;

use super::Disk;
use super::DiskFailure;
use super::Fault;
use super::Faults;
use super::Kind;
use super::Moment;
use super::Target;
use super::Who;
use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::lookup;
use crate::command::printed;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::resp::quote;

impl Faults {
    /// Adds the fault that the rest of `args` says; its number.
    pub(in crate::command) fn add_words(
        &mut self,
        args: &mut Args<'_>,
        has_journal: bool,
    ) -> Result<u64> {
        let fault = parse(args)?;
        if matches!(fault.kind, Kind::Disk(_)) && !has_journal {
            return Err(fixed("ERR there is no journal whose disk could fail"));
        }
        Ok(self.add(fault))
    }

    /// Removes the fault whose number `args` says.
    pub(in crate::command) fn remove_words(&mut self, args: &mut Args<'_>) -> Result<()> {
        let id = count(args)?;
        args.finish()?;
        match self.remove(id) {
            true => Ok(()),
            false => Err(ReplyError::new(format!("ERR there is no fault {id}"))),
        }
    }

    /// Removes all faults.
    pub(in crate::command) fn clear_words(&mut self, args: &mut Args<'_>) -> Result<()> {
        args.finish()?;
        self.clear();
        Ok(())
    }

    /// What each fault is and has done.
    pub(in crate::command) fn listed(&self) -> Reply {
        let listed = |fault: &Fault| {
            let left = fault.left.map_or(Reply::Null, number);
            Reply::map([
                ("id", number(fault.id)),
                ("fault", Reply::bulk(&*fault.rule)),
                ("hits", number(fault.hits)),
                ("left", left),
            ])
        };
        Reply::Array(self.list.iter().map(listed).collect())
    }
}

fn number(number: u64) -> Reply {
    Reply::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Reads a whole fault.
fn parse(args: &mut Args<'_>) -> Result<Fault> {
    let rule = rule(args.clone().rest());
    let (mut target, mut skip, mut left, mut chance) = (Target::default(), 0, None, None);
    loop {
        if args.keyword_with("CMD", 1) {
            target.command = Some(command(args.next()?)?);
        } else if args.keyword_with("KEY", 1) {
            target.key = Some(Bytes::from(args.next()?));
        } else if args.keyword_with("CLIENT", 1) {
            target.client = Some(who(args.next()?));
        } else if args.keyword("INSIDE") {
            target.inside = true;
        } else if args.keyword_with("AFTER", 1) {
            skip = count(args)?;
        } else if args.keyword_with("TIMES", 1) {
            left = Some(count(args)?.max(1));
        } else if args.keyword_with("PROB", 1) {
            chance = Some(probability(args)?);
        } else {
            break;
        }
    }
    let kind = kind(args)?;
    if target.inside && !matches!(kind, Kind::Error(_)) {
        return Err(fixed(
            "ERR INSIDE goes with ERROR only: an EXEC or a script is neither delayed nor ended half-way",
        ));
    }
    Ok(Fault {
        id: 0,
        rule,
        hits: 0,
        target,
        skip,
        left,
        chance,
        kind,
    })
}

/// The words as a person would type them.
fn rule(words: &[&[u8]]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    let typed = |word: &&[u8]| match !word.is_empty() && word.iter().all(is_plain) {
        true => String::from_utf8_lossy(word).into_owned(),
        false => quote(word),
    };
    words.iter().map(typed).collect::<Vec<_>>().join(" ")
}

fn command(name: &[u8]) -> Result<&'static Command> {
    let separated = |byte: &u8| if *byte == b' ' { b'|' } else { *byte };
    let full: Vec<u8> = name.iter().map(separated).collect();
    let command = lookup(&full)
        .ok_or_else(|| ReplyError::new(format!("ERR unknown command '{}'", printed(name, 128))))?;
    match command.name.starts_with("FAKEREDIS") {
        true => Err(fixed("ERR faults never hit FAKEREDIS itself")),
        false => Ok(command),
    }
}

fn who(word: &[u8]) -> Who {
    match parse_i64(word).map(u64::try_from) {
        Some(Ok(id)) => Who::Id(id),
        _ => Who::Name(Bytes::from(word)),
    }
}

fn count(args: &mut Args<'_>) -> Result<u64> {
    let count = args.non_negative_or(ReplyError::NOT_AN_INTEGER);
    count.map(|count| count as u64)
}

fn probability(args: &mut Args<'_>) -> Result<f64> {
    let probability = args.f64()?;
    match (0.0..=1.0).contains(&probability) {
        true => Ok(probability),
        false => Err(fixed("ERR a probability is between 0 and 1")),
    }
}

fn kind(args: &mut Args<'_>) -> Result<Kind> {
    let kind = if args.keyword_with("ERROR", 1) {
        Kind::Error(message(args.rest())?)
    } else if args.keyword_with("DELAY", 1) {
        Kind::Delay(Duration::from_millis(count(args)?))
    } else if args.keyword_with("DISCONNECT", 1) {
        Kind::Disconnect(moment(args)?)
    } else if args.keyword_with("DISK", 1) {
        Kind::Disk(Disk {
            failure: disk_failure(args)?,
            at_sync: args.keyword("SYNC"),
            lasts: args.keyword("LASTING"),
        })
    } else {
        return Err(ReplyError::SYNTAX);
    };
    args.finish()?;
    Ok(kind)
}

/// A message may be one word or many.
fn message(words: &[&[u8]]) -> Result<String> {
    let message = String::from_utf8_lossy(&words.join(&b' ')).into_owned();
    match message.is_empty() || message.contains(['\r', '\n']) {
        true => Err(fixed("ERR the message of an error is one line")),
        false => Ok(message),
    }
}

fn moment(args: &mut Args<'_>) -> Result<Moment> {
    if args.keyword("BEFORE") {
        Ok(Moment::Before)
    } else if args.keyword("AFTER") {
        Ok(Moment::After)
    } else if args.keyword("MID") {
        Ok(Moment::Mid)
    } else {
        Err(ReplyError::SYNTAX)
    }
}

fn disk_failure(args: &mut Args<'_>) -> Result<DiskFailure> {
    if args.keyword("ENOSPC") {
        Ok(DiskFailure::Full)
    } else if args.keyword("EIO") {
        Ok(DiskFailure::Broken)
    } else {
        Err(ReplyError::SYNTAX)
    }
}
