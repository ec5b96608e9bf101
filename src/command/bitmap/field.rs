//! BITFIELD: integers of any width inside strings.

use super::offset;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::value::BitType;
use crate::value::Overflow;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("BITFIELD", -2, WRITE | DENYOOM, &[key(1, RW | ACCESS | UPDATE | VARIABLE_FLAGS).note("This command allows both access and modification of the key")], bitfield)
        .doc("3.2.0", "O(1) for each subcommand specified", "key [<GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value:integer | INCRBY encoding offset increment>> [<GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value:integer | INCRBY encoding offset increment>> ...]]", "Performs arbitrary bitfield integer operations on strings."),
    cmd("BITFIELD_RO", -2, READONLY | FAST, &[key(1, RO | ACCESS)], bitfield_ro)
        .doc("6.0.0", "O(1) for each subcommand specified", "key [GET encoding offset [GET encoding offset ...]]", "Performs arbitrary read-only bitfield integer operations on strings."),
];

const BAD_TYPE: ReplyError = fixed(
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
);

/// One subcommand.
struct Step {
    kind: BitType,
    offset: usize,
    action: Action,
}

enum Action {
    Get,
    Set(i64, Overflow),
    Add(i64, Overflow),
}

fn bitfield(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let steps = steps(cx, args)?;
    let writes = steps.iter().filter(|step| step.writes());
    match writes.map(Step::end).max() {
        Some(end) => write(cx, key, &steps, end),
        None => read(cx, key, &steps),
    }
}

fn bitfield_ro(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let steps = steps(cx, args)?;
    if steps.iter().any(Step::writes) {
        return Err(fixed("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    read(cx, key, &steps)
}

fn read(cx: &mut Context<'_>, key: &[u8], steps: &[Step]) -> Result {
    let value = cx.string(key)?.map(|value| value.as_bytes());
    let bytes = value.as_deref().unwrap_or_default();
    let get = |step: &Step| Reply::Int(step.kind.get(bytes, step.offset));
    Ok(Reply::Array(steps.iter().map(get).collect()))
}

/// Runs the steps on the string, which first grows to `end` bytes, even where nothing is then written.
fn write(cx: &mut Context<'_>, key: &[u8], steps: &[Step], end: usize) -> Result {
    let bytes = cx.string_mut(key)?.make_mut();
    let mut changed = bytes.len() < end;
    bytes.resize(bytes.len().max(end), 0);
    let mut replies = Vec::with_capacity(steps.len());
    for step in steps {
        let before = step.kind.get(bytes, step.offset);
        let (after, answer) = step.action.run(step.kind, before);
        if let Some(after) = after.filter(|&after| after != before) {
            step.kind.set(bytes, step.offset, after);
            changed = true;
        }
        replies.push(answer.map_or(Reply::Null, Reply::Int));
    }
    if changed {
        cx.changed(key);
    }
    Ok(Reply::Array(replies))
}

impl Step {
    /// Reads a type and an offset, which `#` multiplies by the type's width, and what `action` reads then.
    fn read<'a>(
        cx: &Context<'_>,
        args: &mut Args<'a>,
        action: impl FnOnce(&mut Args<'a>) -> Result<Action>,
    ) -> Result<Step> {
        let kind = BitType::parse(args.next()?).ok_or(BAD_TYPE)?;
        let number = match args.next()? {
            // Redis lets the product wrap around.
            [b'#', index @ ..] => {
                parse_i64(index).map(|index| index.wrapping_mul(kind.bits().into()))
            }
            number => parse_i64(number),
        };
        Ok(Step {
            kind,
            offset: offset(cx, number)?,
            action: action(args)?,
        })
    }

    fn writes(&self) -> bool {
        !matches!(self.action, Action::Get)
    }

    /// How many bytes the string must have.
    fn end(&self) -> usize {
        (self.offset + self.kind.bits() as usize).div_ceil(8)
    }
}

impl Action {
    /// The number to write, if there is one, and the answer.
    fn run(&self, kind: BitType, before: i64) -> (Option<i64>, Option<i64>) {
        match *self {
            Action::Get => (None, Some(before)),
            Action::Set(number, overflow) => {
                let after = kind.convert(number, overflow);
                (after, after.map(|_| before))
            }
            Action::Add(increment, overflow) => {
                let after = kind.add(before, increment, overflow);
                (after, after)
            }
        }
    }
}

fn steps(cx: &Context<'_>, mut args: Args<'_>) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut overflow = Overflow::default();
    while !args.is_empty() {
        if args.keyword_with("OVERFLOW", 1) {
            overflow = read_overflow(&mut args)?;
            continue;
        }
        let step = if args.keyword_with("GET", 2) {
            Step::read(cx, &mut args, |_| Ok(Action::Get))
        } else if args.keyword_with("SET", 3) {
            Step::read(cx, &mut args, |args| Ok(Action::Set(args.i64()?, overflow)))
        } else if args.keyword_with("INCRBY", 3) {
            Step::read(cx, &mut args, |args| Ok(Action::Add(args.i64()?, overflow)))
        } else {
            Err(ReplyError::SYNTAX)
        };
        steps.push(step?);
    }
    Ok(steps)
}

fn read_overflow(args: &mut Args<'_>) -> Result<Overflow> {
    match &*args.next()?.to_ascii_uppercase() {
        b"WRAP" => Ok(Overflow::Wrap),
        b"SAT" => Ok(Overflow::Sat),
        b"FAIL" => Ok(Overflow::Fail),
        _ => Err(fixed("ERR Invalid OVERFLOW type specified")),
    }
}
