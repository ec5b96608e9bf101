//! The options that shorten a stream: `MAXLEN` or `MINID`, exactly or not, and what that means for groups.

use super::ids;
use crate::bytes::Bytes;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::value::Stream;
use crate::value::StreamId;
use crate::value::stream::Bound;
use crate::value::stream::References;
use crate::value::stream::Trim;

const NEGATIVE_LEN: ReplyError = fixed("ERR The MAXLEN argument must be >= 0.");
const NEGATIVE_LIMIT: ReplyError = fixed("ERR The LIMIT argument must be >= 0.");

/// Reads what a removal means for groups, if it comes next.
pub(super) fn references(args: &mut Args<'_>) -> Option<References> {
    let words = [
        ("KEEPREF", References::Keep),
        ("DELREF", References::Delete),
        ("ACKED", References::Acked),
    ];
    let mut words = words.into_iter();
    words.find_map(|(word, references)| args.keyword(word).then_some(references))
}

/// The options as far as they are read, and where they stand among the words of the command.
#[derive(Default)]
pub(super) struct Options {
    bound: Option<Bound>,
    approximate: bool,
    limit: Option<usize>,
    references: Option<References>,
    /// Where `~` stands.
    sign_at: usize,
    threshold_at: usize,
    limits_at: Vec<usize>,
}

impl Options {
    /// Reads one option, if one comes next; whether it did.
    pub(super) fn read(&mut self, args: &mut Args<'_>) -> Result<bool> {
        if args.keyword_with("MAXLEN", 1) {
            self.start(args)?;
            self.bound = Some(Bound::MaxLen(count(args, NEGATIVE_LEN)?));
        } else if args.keyword_with("MINID", 1) {
            self.start(args)?;
            self.bound = Some(Bound::MinId(ids::id(args.next()?)?));
        } else if args.keyword_with("LIMIT", 1) {
            self.limits_at.push(place(args) - 1);
            self.limit = Some(count(args, NEGATIVE_LIMIT)?);
        } else if self.references.is_none() {
            self.references = references(args);
            return Ok(self.references.is_some());
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads what stands before a threshold.
    fn start(&mut self, args: &mut Args<'_>) -> Result<()> {
        if self.bound.is_some() {
            return Err(fixed(
                "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
            ));
        }
        self.sign_at = place(args);
        self.approximate = args.keyword_with("~", 1);
        if !self.approximate {
            args.keyword_with("=", 1);
        }
        self.threshold_at = place(args);
        Ok(())
    }

    /// The trim that the options ask for, if they ask for one.
    pub(super) fn finish(&self, cx: &Context<'_>) -> Result<Option<Trim>> {
        if self.bound.is_none() && self.limit.is_some_and(|limit| limit > 0) {
            return Err(fixed(
                "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
            ));
        }
        self.bound.map(|bound| self.trim(cx, bound)).transpose()
    }

    fn trim(&self, cx: &Context<'_>, bound: Bound) -> Result<Trim> {
        self.check_limit()?;
        let limit = self.limit.unwrap_or_else(|| default_limit(cx));
        Ok(Trim {
            bound,
            approximate: self.approximate,
            limit: (limit > 0 && self.approximate).then_some(limit),
            references: self.references.unwrap_or_default(),
        })
    }

    /// Only what is approximate may have a limit.
    pub(super) fn check_limit(&self) -> Result<()> {
        match self.limit {
            Some(_) if !self.approximate => Err(fixed(
                "ERR syntax error, LIMIT cannot be used without the special ~ option",
            )),
            _ => Ok(()),
        }
    }

    /// The words of the command with the trim as it went: exact, so that it can be repeated whatever the nodes.
    pub(super) fn exact(&self, argv: &[&[u8]], stream: &Stream) -> Vec<Bytes> {
        let mut words: Vec<Bytes> = argv.iter().map(|word| Bytes::from(*word)).collect();
        let threshold = match self.bound {
            Some(Bound::MaxLen(_)) if self.approximate => stream.len().to_string(),
            Some(Bound::MinId(_)) if self.approximate => {
                let first = stream.iter().next();
                first.map_or(StreamId::MAX, |entry| entry.id).to_string()
            }
            _ => return words,
        };
        words[self.sign_at] = Bytes::from("=");
        words[self.threshold_at] = Bytes::from(threshold);
        for at in self.limits_at.iter().rev() {
            words.drain(*at..at + 2);
        }
        words
    }

    /// Whether the trim depends on more than the words say.
    pub(super) fn is_approximate(&self) -> bool {
        self.approximate
    }
}

/// Where the next argument stands among the words of the command.
pub(super) fn place(args: &Args<'_>) -> usize {
    args.argv().len() - args.len()
}

fn count(args: &mut Args<'_>, negative: ReplyError) -> Result<usize> {
    usize::try_from(args.i64()?).map_err(|_| negative)
}

/// How many entries an approximate trim removes at most if nothing is said: about a hundred nodes.
fn default_limit(cx: &Context<'_>) -> usize {
    match cx.world.config.stream_node_max_entries() {
        0 => 10_000,
        entries => entries.saturating_mul(100).min(1_000_000),
    }
}
