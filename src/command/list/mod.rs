//! List commands: elements in an order, put in and taken out at both ends.
//!
//! This file: what reads a list. The others: changes in place, elements on their way in and out.

pub(super) mod blocking;
pub(super) mod change;
pub(super) mod pop;
pub(super) mod push;

use super::Command;
use super::args::Args;
use super::cmd;
use super::context::Context;
use super::position::position;
use super::position::positions;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::fixed;
use super::spec::*;
use crate::bytes::Bytes;
use crate::resp::Reply;
use crate::value::List;
use crate::value::ListpackEntry;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("LINDEX", 3, READONLY, &[key(1, RO | ACCESS)], lindex)
        .doc("1.0.0", "O(N) where N is the number of elements to traverse to get to the element at index. This makes asking for the first or the last element of the list O(1).", "key index", "Returns an element from a list by its index."),
    cmd("LLEN", 2, READONLY | FAST, &[key(1, RO)], llen)
        .doc("1.0.0", "O(1)", "key", "Returns the length of a list."),
    cmd("LPOS", -3, READONLY, &[key(1, RO | ACCESS)], lpos)
        .doc("6.0.6", "O(N) where N is the number of elements in the list, for the average case. When searching for elements near the head or the tail of the list, or when the MAXLEN option is provided, the command may run in constant time.", "key element [RANK rank] [COUNT num-matches] [MAXLEN len]", "Returns the index of matching elements in a list."),
    cmd("LRANGE", 4, READONLY, &[key(1, RO | ACCESS)], lrange)
        .doc("1.0.0", "O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or TAIL) for large lists; and N is the number of elements in the specified range.", "key start stop", "Returns a range of elements from a list."),
];

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Side {
    /// Reads `LEFT` or `RIGHT`.
    fn parse(args: &mut Args<'_>) -> Result<Side> {
        if args.keyword("LEFT") {
            Ok(Side::Left)
        } else if args.keyword("RIGHT") {
            Ok(Side::Right)
        } else {
            Err(ReplyError::SYNTAX)
        }
    }

    /// The command that pops there.
    fn pop_command(self) -> &'static [u8] {
        match self {
            Side::Left => b"LPOP",
            Side::Right => b"RPOP",
        }
    }

    fn push(self, list: &mut List, element: impl Into<Bytes>) {
        match self {
            Side::Left => list.push_front(element),
            Side::Right => list.push_back(element),
        }
    }

    fn pop(self, list: &mut List) -> Option<Bytes> {
        match self {
            Side::Left => list.pop_front(),
            Side::Right => list.pop_back(),
        }
    }
}

fn lindex(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let Some(list) = cx.list(args.next()?)? else {
        return Ok(Reply::Null);
    };
    let element = position(args.i64()?, list.len()).and_then(|at| list.get(at));
    Ok(element.map(Bytes::from).into())
}

fn llen(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let list = cx.list(args.next()?)?;
    Ok(Reply::len(list.map_or(0, List::len)))
}

fn lpos(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, element) = (args.next()?, args.next()?);
    let search = Search::parse(&mut args)?;
    let found = match cx.list(key)? {
        Some(list) => search.run(list, element),
        None => Vec::new(),
    };
    let mut found = found.into_iter().map(Reply::len);
    Ok(match search.count {
        Some(_) => Reply::Array(found.collect()),
        None => found.next().unwrap_or(Reply::Null),
    })
}

fn lrange(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, start, stop) = (args.next()?, args.i64()?, args.i64()?);
    let Some(list) = cx.list(key)? else {
        return Ok(Reply::Array(Vec::new()));
    };
    let range = positions(start, stop, list.len());
    Ok(Reply::bulks(list.range(range).map(Bytes::from)))
}

/// What LPOS looks for.
struct Search {
    /// How many matches to pass over.
    skip: u64,
    /// Whether to look from the back.
    backwards: bool,
    /// How many matches are wanted, `usize::MAX` for all; `None` where the reply is not to be an array.
    count: Option<usize>,
    /// How many elements are looked at.
    most: usize,
}

impl Search {
    fn parse(args: &mut Args<'_>) -> Result<Search> {
        let mut search = Search {
            skip: 0,
            backwards: false,
            count: None,
            most: usize::MAX,
        };
        let or_all = |number| if number == 0 { usize::MAX } else { number };
        while !args.is_empty() {
            if args.keyword_with("RANK", 1) {
                let rank = args.i64_in(-i64::MAX..=i64::MAX)?;
                let skip = rank.unsigned_abs().checked_sub(1);
                search.skip = skip.ok_or(RANK_ZERO)?;
                search.backwards = rank < 0;
            } else if args.keyword_with("COUNT", 1) {
                let count = args.non_negative_or(fixed("ERR COUNT can't be negative"))?;
                search.count = Some(or_all(count));
            } else if args.keyword_with("MAXLEN", 1) {
                let most = args.non_negative_or(fixed("ERR MAXLEN can't be negative"))?;
                search.most = or_all(most);
            } else {
                return Err(ReplyError::SYNTAX);
            }
        }
        Ok(search)
    }

    fn run(&self, list: &List, element: &[u8]) -> Vec<usize> {
        let (last, element) = (list.len() - 1, ListpackEntry::from(element));
        if self.backwards {
            let found = self.matches(list.iter().rev(), element);
            found.map(|at| last - at).collect()
        } else {
            self.matches(list.iter(), element).collect()
        }
    }

    fn matches<'a>(
        &self,
        elements: impl Iterator<Item = ListpackEntry<'a>>,
        wanted: ListpackEntry<'a>,
    ) -> impl Iterator<Item = usize> {
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX);
        elements
            .take(self.most)
            .enumerate()
            .filter(move |(_, element)| *element == wanted)
            .map(|(at, _)| at)
            .skip(skip)
            .take(self.count.unwrap_or(1))
    }
}

const RANK_ZERO: ReplyError = fixed(
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start \
     from the end of the list",
);
