//! [`Scan`]: the cursors and common options of SCAN, HSCAN, SSCAN and ZSCAN.
//!
//! A cursor is the number of entries that are still to be visited, and a walk goes from the last entry down to the
//! first. New entries come last, and a removal moves the last entry, visited before, into the gap: an entry that is
//! there all the time is never moved past the cursor, so that every complete walk returns it. This file knows
//! positions, not what stands there.

use std::ops::Range;

use super::args::Args;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::fixed;
use crate::bytes::Bytes;
use crate::number::format_i64;
use crate::resp::Reply;
use crate::value::glob_match;

/// How many entries one call visits, where it does not say.
const DEFAULT_COUNT: usize = 10;

/// One call of a SCAN command.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    cursor: u64,
    count: usize,
    pattern: Option<&'a [u8]>,
}

impl<'a> Scan<'a> {
    /// Reads the cursor.
    pub fn new(args: &mut Args<'a>) -> Result<Scan<'a>> {
        let cursor = parse_cursor(args.next()?).ok_or(fixed("ERR invalid cursor"))?;
        Ok(Scan {
            cursor,
            count: DEFAULT_COUNT,
            pattern: None,
        })
    }

    /// Reads one of the common options, if one comes next.
    pub fn option(&mut self, args: &mut Args<'a>) -> Result<bool> {
        if args.keyword_with("COUNT", 1) {
            let count = args.i64()?;
            let count = usize::try_from(count).ok().filter(|&count| count > 0);
            self.count = count.ok_or(ReplyError::SYNTAX)?;
        } else if args.keyword_with("MATCH", 1) {
            self.pattern = Some(args.next()?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads the options of a command that has the common ones only.
    pub fn options(&mut self, args: &mut Args<'a>) -> Result<()> {
        while !args.is_empty() {
            if !self.option(args)? {
                return Err(no_such_option(args));
            }
        }
        Ok(())
    }

    /// The positions to visit, from the highest down, in a collection of `len` entries.
    pub fn window(&self, len: usize) -> Range<usize> {
        let end = match usize::try_from(self.cursor) {
            Ok(0) | Err(_) => len,
            Ok(cursor) => cursor.min(len),
        };
        end.saturating_sub(self.count)..end
    }

    /// Whether MATCH lets this entry pass.
    pub fn matches(&self, entry: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| selects(pattern, entry))
    }
}

/// Why the next argument is refused, by all but HSCAN.
pub(super) fn no_such_option(args: &mut Args<'_>) -> ReplyError {
    match args.keyword("NOVALUES") {
        true => fixed("ERR NOVALUES option can only be used in HSCAN"),
        false => ReplyError::SYNTAX,
    }
}

/// What a SCAN command answers: where the next call goes on (0: nowhere), and what this one found.
pub(super) fn scan_reply<T: Into<Bytes>>(next: usize, found: impl IntoIterator<Item = T>) -> Reply {
    let cursor = Reply::Bulk(format_i64(next as i64));
    Reply::Array(vec![cursor, Reply::bulks(found)])
}

/// Whether KEYS or a SCAN command with this pattern returns `entry`. A star alone selects also what the pattern does
/// not match: the empty string.
pub(super) fn selects(pattern: &[u8], entry: &[u8]) -> bool {
    pattern == b"*" || glob_match(pattern, entry, false)
}

/// Reads a cursor; as C's `strtoull` does, but for negative numbers.
fn parse_cursor(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    text.trim_start_matches(is_c_space).parse().ok()
}

fn is_c_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Map;
    use proptest::prelude::*;

    type Set = Map<()>;

    /// Walks `members` to the end; `disturb` changes them between the calls. What was returned.
    fn walk(members: &mut Set, count: &str, mut disturb: impl FnMut(&mut Set)) -> Vec<Bytes> {
        let mut found = Vec::new();
        let mut next = 0;
        loop {
            let cursor = next.to_string();
            let argv = [cursor.as_bytes(), b"COUNT", count.as_bytes()];
            let mut args = Args::new(&argv, 0);
            let mut scan = Scan::new(&mut args).unwrap();
            assert!(scan.option(&mut args).unwrap() && args.is_empty());
            let window = scan.window(members.len());
            next = window.start;
            found.extend(
                window
                    .rev()
                    .map(|at| members.get_index(at).unwrap().0.clone()),
            );
            if next == 0 {
                return found;
            }
            disturb(members);
        }
    }

    #[test]
    fn an_undisturbed_walk_returns_each_entry_once() {
        let mut members: Set = (0..25u8).map(|i| (Bytes::from(&[i]), ())).collect();
        let mut found = walk(&mut members, "4", |_| {});
        found.sort();
        assert!(found.iter().eq(members.keys()));
    }

    proptest! {
        #[test]
        fn what_is_there_throughout_is_returned_whatever_comes_and_goes(
            stay in 1u8..100,
            count in 1u8..9,
            changes in prop::collection::vec((any::<bool>(), 100u8..=255), 0..600),
        ) {
            // Comers and goers stand between those that stay.
            let mut members: Set = (0..stay).flat_map(|i| [100 + i, i]).map(|member| (Bytes::from(&[member]), ())).collect();
            let mut changes = changes.chunks(3);
            let found = walk(&mut members, &count.to_string(), |members| {
                for (comes, member) in changes.next().into_iter().flatten() {
                    if *comes {
                        members.insert(&[*member], ());
                    } else {
                        members.remove(&[*member]);
                    }
                }
            });
            for member in 0..stay {
                prop_assert!(found.contains(&Bytes::from(&[member])), "{member} of {found:?}");
            }
        }
    }
}
