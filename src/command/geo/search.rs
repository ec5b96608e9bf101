//! The members within a circle or a box: GEOSEARCH, and GEORADIUS, which was before it.

use super::distance_reply;
use super::place_reply;
use super::query::Dialect;
use super::query::Order;
use super::query::Query;
use super::query::Target;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::command::zset::combine::zset;
use crate::resp::Reply;
use crate::value::Value;
use crate::value::ZSet;
use crate::value::geo::Found;
use crate::value::geo::search;
use crate::value::partial_sort;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("GEORADIUS", -6, WRITE | DENYOOM, &[key(1, RO | ACCESS), key_after("STORE", 6, OW | UPDATE), key_after("STOREDIST", 6, OW | UPDATE)], georadius)
        .doc("3.2.0", "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.", "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]", "Queries a geospatial index for members within a distance from a coordinate, optionally stores the result.")
        .deprecated("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument"),
    cmd("GEORADIUS_RO", -6, READONLY, &[key(1, RO | ACCESS)], georadius_ro)
        .doc("3.2.10", "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.", "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]", "Returns members from a geospatial index that are within a distance from a coordinate.")
        .deprecated("6.2.0", "`GEOSEARCH` with the `BYRADIUS` argument"),
    cmd("GEORADIUSBYMEMBER", -5, WRITE | DENYOOM, &[key(1, RO | ACCESS), key_after("STORE", 5, OW | UPDATE), key_after("STOREDIST", 5, OW | UPDATE)], georadiusbymember)
        .doc("3.2.0", "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.", "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]", "Queries a geospatial index for members within a distance from a member, optionally stores the result.")
        .deprecated("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments"),
    cmd("GEORADIUSBYMEMBER_RO", -5, READONLY, &[key(1, RO | ACCESS)], georadiusbymember_ro)
        .doc("3.2.10", "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.", "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]", "Returns members from a geospatial index that are within a distance from a member.")
        .deprecated("6.2.0", "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"),
    cmd("GEOSEARCH", -7, READONLY, &[key(1, RO | ACCESS)], geosearch)
        .doc("6.2.0", "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape", "key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]", "Queries a geospatial index for members inside an area of a box, circle, or a polygon."),
    cmd("GEOSEARCHSTORE", -8, WRITE | DENYOOM, &[key(1, OW | UPDATE), key(2, RO | ACCESS)], geosearchstore)
        .doc("6.2.0", "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape", "destination source <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [STOREDIST]", "Queries a geospatial index for members inside an area of a box, a circle, or a polygon, optionally stores the result."),
];

fn georadius(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    around_place(cx, args, Dialect::Radius)
}

fn georadius_ro(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    around_place(cx, args, Dialect::RadiusRo)
}

fn around_place(cx: &mut Context<'_>, mut args: Args<'_>, dialect: Dialect) -> Result {
    let zset = cx.zset(args.next()?)?;
    let query = Query::around_place(args, dialect)?;
    let found = run(zset, &query);
    answer(cx, found, &query)
}

fn georadiusbymember(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    around_member(cx, args, Dialect::Radius)
}

fn georadiusbymember_ro(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    around_member(cx, args, Dialect::RadiusRo)
}

fn around_member(cx: &mut Context<'_>, mut args: Args<'_>, dialect: Dialect) -> Result {
    let zset = cx.zset(args.next()?)?;
    let query = Query::around_member(args, zset, dialect)?;
    let found = run(zset, &query);
    answer(cx, found, &query)
}

fn geosearch(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let zset = cx.zset(args.next()?)?;
    let query = Query::anywhere(args, zset, None)?;
    let found = run(zset, &query);
    answer(cx, found, &query)
}

fn geosearchstore(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let target = args.next()?;
    let zset = cx.zset(args.next()?)?;
    let query = Query::anywhere(args, zset, Some(target))?;
    let found = run(zset, &query);
    answer(cx, found, &query)
}

/// The members that a query wants, in its order.
fn run(zset: Option<&ZSet>, query: &Query<'_>) -> Vec<Found> {
    let Some((zset, shape)) = zset.zip(query.shape()) else {
        return Vec::new();
    };
    let count = query.count.unwrap_or(usize::MAX);
    let enough = if query.any { count } else { usize::MAX };
    let mut found: Vec<Found> = search(zset, &shape).take(enough).collect();
    // A count wants the nearest.
    let by_count = (query.count.is_some() && !query.any).then_some(Order::Nearest);
    if let Some(order) = query.order.or(by_count) {
        sort(&mut found, count, order);
    }
    found.truncate(count);
    found
        .iter_mut()
        .for_each(|found| found.distance /= shape.unit);
    found
}

/// Sorts what is wanted of `found`.
fn sort(found: &mut [Found], wanted: usize, order: Order) {
    let compare = |a: &Found, b: &Found| match order {
        Order::Nearest => a.distance.total_cmp(&b.distance),
        Order::Farthest => b.distance.total_cmp(&a.distance),
    };
    match wanted < found.len() {
        true => partial_sort(found, wanted, compare),
        false => found.sort_by(compare),
    }
}

fn answer(cx: &mut Context<'_>, found: Vec<Found>, query: &Query<'_>) -> Result {
    if let Some(target) = &query.target {
        return Ok(store(cx, target, found));
    }
    let replies = found.into_iter().map(|found| shown(found, query));
    Ok(Reply::Array(replies.collect()))
}

/// Puts the members in a sorted set of their own; how many they are.
fn store(cx: &mut Context<'_>, target: &Target<'_>, found: Vec<Found>) -> Reply {
    let score = |found: &Found| match target.distances {
        true => found.distance,
        false => found.score,
    };
    let members = found.into_iter().map(|found| {
        let score = score(&found);
        (found.member, score)
    });
    let members: Vec<_> = members.collect();
    if members.is_empty() {
        cx.remove(target.key);
    } else {
        cx.set(
            target.key,
            Value::from(zset(&members, &cx.world.config.zset_limits())),
        );
    }
    Reply::len(members.len())
}

/// What is answered of a member.
fn shown(found: Found, query: &Query<'_>) -> Reply {
    let member = Reply::Bulk(found.member);
    if query.fields() == 0 {
        return member;
    }
    let fields = [
        Some(member),
        query.with_distance.then(|| distance_reply(found.distance)),
        query.with_score.then_some(Reply::Int(found.score as i64)),
        query.with_place.then(|| place_reply(found.place)),
    ];
    Reply::Array(fields.into_iter().flatten().collect())
}
