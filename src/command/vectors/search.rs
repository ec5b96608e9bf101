//! VSIM: the elements that are most similar to a vector.

use super::INVALID_EF;
use super::arity;
use super::mismatch;
use super::name_of;
use super::projection_mismatch;
use super::vector::vector;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::number::parse_f64;
use crate::resp::Reply;
use crate::value::VectorSet;
use crate::value::vectors::Filter;
use crate::value::vectors::Found;
use crate::value::vectors::Search;
use crate::value::vectors::Ties;
use crate::value::vectors::Vector;
use crate::value::vectors::similarity;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("VSIM", -1, READONLY | MODULE, &[key(1, RW | ACCESS | UPDATE)], vsim)
        .doc("8.0.0", "O(log(N)) where N is the number of elements in the vector set.", "key <ELE | FP32 | VALUES num> <element | vector> [WITHSCORES] [WITHATTRIBS] [COUNT count] [EPSILON delta] [EF search-exploration-factor] [FILTER expression] [FILTER-EF max-filtering-effort] [TRUTH] [NOTHREAD]", "Returns the elements of a vector set that are most similar to a vector or to another element."),
];

/// How many elements VSIM answers unless asked otherwise.
const COUNT: usize = 10;

fn vsim(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.len() < 3 {
        return Err(arity("VSIM"));
    }
    let resp3 = cx.resp3();
    let Some(set) = cx.vectors(args.next()?)? else {
        return Ok(Reply::Array(Vec::new()));
    };
    let query = query(set, &mut args)?;
    let options = Options::parse(&mut args)?;
    let mut found = set.search(&Search {
        query: &query,
        count: options.count,
        filter: options.filter.as_ref(),
        ties: options.ties,
    });
    found.retain(|found| options.is_near(found));
    Ok(options.reply(&found, resp3))
}

/// The `count` elements of `set` that are nearest to `query`, as VSIM finds them unless asked otherwise.
pub(super) fn nearest<'a>(set: &'a VectorSet, query: &Vector, count: usize) -> Vec<Found<'a>> {
    set.search(&Search {
        query,
        count,
        filter: None,
        ties: Ties::NewestFirst,
    })
}

/// Reads what to search for. The vector of an element is normalised and quantised once more, as in Redis.
fn query(set: &VectorSet, args: &mut Args<'_>) -> Result<Vector> {
    if args.keyword_with("ELE", 1) {
        let element = set.get(args.next()?);
        let element = element.ok_or(fixed("ERR element not found in set"))?;
        return Ok(Vector::new(&element.components(), set.shape().quantization).0);
    }
    let (vector, dim) = (vector(args)?, set.shape().dim);
    match set.projection() {
        _ if vector.len() == dim => {}
        None => return Err(mismatch(vector.len(), dim)),
        Some(projection) if projection.input_dim() == vector.len() => {}
        Some(projection) => {
            return Err(projection_mismatch(vector.len(), projection.input_dim()));
        }
    }
    Ok(set.query(&vector))
}

struct Options {
    count: usize,
    epsilon: Option<f64>,
    filter: Option<Filter>,
    ties: Ties,
    with_scores: bool,
    with_attributes: bool,
}

impl Options {
    fn parse(args: &mut Args<'_>) -> Result<Options> {
        let mut options = Options {
            count: COUNT,
            epsilon: None,
            filter: None,
            ties: Ties::NewestFirst,
            with_scores: false,
            with_attributes: false,
        };
        while !args.is_empty() {
            options.option(args)?;
        }
        Ok(options)
    }

    fn option(&mut self, args: &mut Args<'_>) -> Result<()> {
        if args.keyword("WITHSCORES") {
            self.with_scores = true;
        } else if args.keyword("WITHATTRIBS") {
            self.with_attributes = true;
        } else if args.keyword("TRUTH") {
            self.ties = Ties::OldestFirst;
        } else if args.keyword("NOTHREAD") {
            // There is one thread.
        } else if args.keyword_with("COUNT", 1) {
            self.count = args.positive_or(fixed("ERR invalid COUNT"))?;
        } else if args.keyword_with("EPSILON", 1) {
            let epsilon = parse_f64(args.next()?).filter(|epsilon| *epsilon > 0.0);
            self.epsilon = Some(epsilon.ok_or(fixed("ERR invalid EPSILON"))?);
        } else if args.keyword_with("EF", 1) {
            // Every search looks at all elements: more effort finds no more.
            args.positive_or(INVALID_EF)?;
        } else if args.keyword_with("FILTER-EF", 1) {
            args.positive_or(fixed("ERR invalid FILTER-EF"))?;
        } else if args.keyword_with("FILTER", 1) {
            self.filter = Some(filter(args.next()?)?);
        } else {
            return Err(fixed("ERR syntax error in VSIM command"));
        }
        Ok(())
    }

    fn is_near(&self, found: &Found<'_>) -> bool {
        self.epsilon
            .is_none_or(|epsilon| similarity(found.distance) >= 1.0 - epsilon)
    }

    fn reply(&self, found: &[Found<'_>], resp3: bool) -> Reply {
        let found = found.iter();
        match (self.with_scores, self.with_attributes) {
            (false, false) => Reply::Array(found.map(name_of).collect()),
            (true, false) => Reply::Map(found.map(|f| (name_of(f), score(f))).collect()),
            (false, true) => Reply::Map(found.map(|f| (name_of(f), attributes(f))).collect()),
            (true, true) if resp3 => {
                let both = |f| Reply::Array(vec![score(f), attributes(f)]);
                Reply::Map(found.map(|f| (name_of(f), both(f))).collect())
            }
            (true, true) => {
                let flat = |f| [name_of(f), score(f), attributes(f)];
                Reply::Array(found.flat_map(flat).collect())
            }
        }
    }
}

fn filter(expression: &[u8]) -> Result<Filter> {
    Filter::new(expression).map_err(|error| ReplyError::new(format!("ERR {error}")))
}

pub(super) fn score(found: &Found<'_>) -> Reply {
    Reply::Double(similarity(found.distance))
}

fn attributes(found: &Found<'_>) -> Reply {
    found.element.attributes.clone().into()
}
