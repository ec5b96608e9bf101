//! What several sorted sets have together, in common, or only the first of them. Sets take part with the score 1.

use std::cmp::Ordering;

use triomphe::Arc;

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::command::zset::Scored;
use crate::command::zset::reply;
use crate::resp::Reply;
use crate::value::Element;
use crate::value::Map;
use crate::value::PackLimits;
use crate::value::Set;
use crate::value::Value;
use crate::value::ZSet;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("ZDIFF", -3, READONLY, &[numkeys(1, RO | ACCESS)], zdiff)
        .doc("6.2.0", "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.", "numkeys key [key ...] [WITHSCORES]", "Returns the difference between multiple sorted sets."),
    cmd("ZDIFFSTORE", -4, WRITE | DENYOOM, &[key(1, OW | UPDATE), numkeys(2, RO | ACCESS)], zdiffstore)
        .doc("6.2.0", "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.", "destination numkeys key [key ...]", "Stores the difference of multiple sorted sets in a key."),
    cmd("ZINTER", -3, READONLY, &[numkeys(1, RO | ACCESS)], zinter)
        .doc("6.2.0", "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.", "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]", "Returns the intersect of multiple sorted sets."),
    cmd("ZINTERCARD", -3, READONLY, &[numkeys(1, RO | ACCESS)], zintercard)
        .doc("7.0.0", "O(N*K) worst case with N being the smallest input sorted set, K being the number of input sorted sets.", "numkeys key [key ...] [LIMIT limit]", "Returns the number of members of the intersect of multiple sorted sets."),
    cmd("ZINTERSTORE", -4, WRITE | DENYOOM, &[key(1, OW | UPDATE), numkeys(2, RO | ACCESS)], zinterstore)
        .doc("2.0.0", "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.", "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]", "Stores the intersect of multiple sorted sets in a key."),
    cmd("ZUNION", -3, READONLY, &[numkeys(1, RO | ACCESS)], zunion)
        .doc("6.2.0", "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.", "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]", "Returns the union of multiple sorted sets."),
    cmd("ZUNIONSTORE", -4, WRITE | DENYOOM, &[key(1, OW | UPDATE), numkeys(2, RO | ACCESS)], zunionstore)
        .doc("2.0.0", "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.", "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]", "Stores the union of multiple sorted sets in a key."),
];

/// What is made of several sources.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Difference,
    Intersection,
    Union,
}

fn zdiff(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, Operation::Difference)
}

fn zdiffstore(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    store(cx, args, Operation::Difference)
}

fn zinter(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, Operation::Intersection)
}

fn zintercard(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let mut sources = sources(cx, &mut args)?;
    let mut limit = 0;
    while !args.is_empty() {
        if !args.keyword_with("LIMIT", 1) {
            return Err(ReplyError::SYNTAX);
        }
        limit = args.non_negative_or(fixed("ERR LIMIT can't be negative"))?;
    }
    let most = if limit == 0 { usize::MAX } else { limit };
    sources.sort_by_key(Source::len);
    let (smallest, others) = sources.split_first().expect("there is at least one key");
    let common = smallest
        .members()
        .filter(|(member, _)| others.iter().all(|other| other.score(member).is_some()));
    Ok(Reply::len(common.take(most).count()))
}

fn zinterstore(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    store(cx, args, Operation::Intersection)
}

fn zunion(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, Operation::Union)
}

fn zunionstore(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    store(cx, args, Operation::Union)
}

fn answer(cx: &mut Context<'_>, mut args: Args<'_>, operation: Operation) -> Result {
    let mut sources = sources(cx, &mut args)?;
    let options = Options::parse(&mut args, operation, &mut sources, true)?;
    let mut members = combine(operation, sources, options.aggregate);
    members.sort_by(compare);
    Ok(reply(cx, members, options.with_scores))
}

fn store(cx: &mut Context<'_>, mut args: Args<'_>, operation: Operation) -> Result {
    let target = args.next()?;
    let mut sources = sources(cx, &mut args)?;
    let options = Options::parse(&mut args, operation, &mut sources, false)?;
    let members = combine(operation, sources, options.aggregate);
    if members.is_empty() {
        cx.remove(target);
    } else {
        cx.set(
            target,
            Value::from(zset(&members, &cx.world.config.zset_limits())),
        );
    }
    Ok(Reply::len(members.len()))
}

/// A sorted set in the encoding that its members need as a whole.
pub(in crate::command) fn zset(members: &[Scored], limits: &PackLimits) -> ZSet {
    let longest = members.iter().map(|(member, _)| member.len()).max();
    let mut zset = ZSet::for_members(members.len(), longest.unwrap_or(0), limits);
    for (member, score) in members {
        zset.add(member, *score, limits);
    }
    zset
}

fn compare((a_member, a): &Scored, (b_member, b): &Scored) -> Ordering {
    let scores = a.partial_cmp(b).unwrap_or(Ordering::Equal);
    scores.then_with(|| a_member.cmp(b_member))
}

/// What takes part in a combination, and how much its scores count.
struct Source {
    value: Option<Members>,
    weight: f64,
}

enum Members {
    Set(Arc<Set>),
    ZSet(Arc<ZSet>),
}

impl Source {
    fn new(value: Option<&Value>) -> Result<Source> {
        let value = match value {
            None => None,
            Some(Value::Set(set)) => Some(Members::Set(Arc::clone(set))),
            Some(Value::ZSet(zset)) => Some(Members::ZSet(Arc::clone(zset))),
            Some(_) => return Err(ReplyError::WRONG_TYPE),
        };
        Ok(Source { value, weight: 1.0 })
    }

    fn len(&self) -> usize {
        match &self.value {
            None => 0,
            Some(Members::Set(set)) => set.len(),
            Some(Members::ZSet(zset)) => zset.len(),
        }
    }

    /// The weighed score of a member, which may be no number: Redis leaves that to the aggregation.
    fn score(&self, member: &[u8]) -> Option<f64> {
        let score = match self.value.as_ref()? {
            Members::Set(set) => set.contains(member).then_some(1.0),
            Members::ZSet(zset) => zset.score(member),
        };
        score.map(|score| self.weight * score)
    }

    /// The members with their weighed scores.
    fn members(&self) -> Box<dyn Iterator<Item = (Element<'_>, f64)> + '_> {
        match &self.value {
            None => Box::new(std::iter::empty()),
            Some(Members::Set(set)) => {
                Box::new(set.iter().map(|member| (member, self.weighed(1.0))))
            }
            Some(Members::ZSet(zset)) => Box::new(
                zset.iter()
                    .map(|(member, score)| (member, self.weighed(score))),
            ),
        }
    }

    fn weighed(&self, score: f64) -> f64 {
        number(self.weight * score)
    }
}

/// Zero for what is no number: infinity times zero, or less infinity.
fn number(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// Reads the number of keys and the keys; what stands there.
fn sources(cx: &mut Context<'_>, args: &mut Args<'_>) -> Result<Vec<Source>> {
    let count = usize::try_from(args.i64()?).unwrap_or(0);
    if count == 0 {
        let name = String::from_utf8_lossy(args.argv()[0]).to_ascii_lowercase();
        return Err(ReplyError::new(format!(
            "ERR at least 1 input key is needed for '{name}' command"
        )));
    }
    let keys = args.take(count)?;
    let source = |key: &&[u8]| Source::new(cx.read(key).map(|slot| slot.value()));
    keys.iter().map(source).collect()
}

/// How the scores of a member in several sources become one.
#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn parse(args: &mut Args<'_>) -> Result<Aggregate> {
        if args.keyword("SUM") {
            Ok(Aggregate::Sum)
        } else if args.keyword("MIN") {
            Ok(Aggregate::Min)
        } else if args.keyword("MAX") {
            Ok(Aggregate::Max)
        } else {
            Err(ReplyError::SYNTAX)
        }
    }

    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Aggregate::Sum => number(a + b),
            Aggregate::Min if b < a => b,
            Aggregate::Max if b > a => b,
            Aggregate::Min | Aggregate::Max => a,
        }
    }
}

struct Options {
    aggregate: Aggregate,
    with_scores: bool,
}

impl Options {
    /// Reads the options; the weights go to the sources.
    fn parse(
        args: &mut Args<'_>,
        operation: Operation,
        sources: &mut [Source],
        may_have_scores: bool,
    ) -> Result<Options> {
        let mut options = Options {
            aggregate: Aggregate::Sum,
            with_scores: false,
        };
        let combines_scores = operation != Operation::Difference;
        while !args.is_empty() {
            if combines_scores && args.keyword_with("WEIGHTS", sources.len()) {
                for source in &mut *sources {
                    let error = fixed("ERR weight value is not a float");
                    source.weight = args.f64().map_err(|_| error)?;
                }
            } else if combines_scores && args.keyword_with("AGGREGATE", 1) {
                options.aggregate = Aggregate::parse(args)?;
            } else if may_have_scores && args.keyword("WITHSCORES") {
                options.with_scores = true;
            } else {
                return Err(ReplyError::SYNTAX);
            }
        }
        Ok(options)
    }
}

fn combine(operation: Operation, mut sources: Vec<Source>, aggregate: Aggregate) -> Vec<Scored> {
    if operation == Operation::Difference {
        return difference(&sources);
    }
    // From the smallest to the largest: the order in which scores are added up matters.
    sources.sort_by_key(Source::len);
    match operation {
        Operation::Union => union(&sources, aggregate),
        _ => intersection(&sources, aggregate),
    }
}

fn difference(sources: &[Source]) -> Vec<Scored> {
    let (first, others) = sources.split_first().expect("there is at least one key");
    let only = |member: &[u8]| others.iter().all(|other| other.score(member).is_none());
    let members = first.members().filter(|(member, _)| only(member));
    members.map(super::owned).collect()
}

fn intersection(sources: &[Source], aggregate: Aggregate) -> Vec<Scored> {
    let (smallest, others) = sources.split_first().expect("there is at least one key");
    let common = |(member, score): (Element<'_>, f64)| {
        let mut scores = others.iter().map(|other| other.score(&member));
        let score = scores.try_fold(score, |sum, score| Some(aggregate.of(sum, score?)))?;
        Some((member.into(), score))
    };
    smallest.members().filter_map(common).collect()
}

fn union(sources: &[Source], aggregate: Aggregate) -> Vec<Scored> {
    let mut union = Map::new();
    for (member, score) in sources.iter().flat_map(Source::members) {
        match union.get_mut(&member) {
            Some(sum) => *sum = aggregate.of(*sum, score),
            None => {
                union.insert(member, score);
            }
        }
    }
    let members = union.iter();
    members
        .map(|(member, score)| (member.clone(), *score))
        .collect()
}
