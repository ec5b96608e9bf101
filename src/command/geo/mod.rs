//! Geo commands: places on the earth, kept as the scores of a sorted set.
//!
//! This file: what concerns single members. [`search`]: the members within a circle or a box.

mod query;
pub(super) mod search;

use super::Command;
use super::args::Args;
use super::cmd;
use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::fixed;
use super::spec::*;
use super::zset::add::zadd;
use crate::bytes::Bytes;
use crate::number::format_i64;
use crate::resp::Reply;
use crate::value::ZSet;
use crate::value::geo::Point;
use crate::value::geo::distance;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("GEOADD", -5, WRITE | DENYOOM, &[key(1, RW | UPDATE)], geoadd)
        .doc("3.2.0", "O(log(N)) for each item added, where N is the number of elements in the sorted set.", "key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]", "Adds one or more members to a geospatial index. The key is created if it doesn't exist."),
    cmd("GEODIST", -4, READONLY, &[key(1, RO | ACCESS)], geodist)
        .doc("3.2.0", "O(1)", "key member1 member2 [M | KM | FT | MI]", "Returns the distance between two members of a geospatial index."),
    cmd("GEOHASH", -2, READONLY, &[key(1, RO | ACCESS)], geohash)
        .doc("3.2.0", "O(1) for each member requested.", "key [member [member ...]]", "Returns members from a geospatial index as geohash strings."),
    cmd("GEOPOS", -2, READONLY, &[key(1, RO | ACCESS)], geopos)
        .doc("3.2.0", "O(1) for each member requested.", "key [member [member ...]]", "Returns the longitude and latitude of members from a geospatial index."),
];

/// Runs as the ZADD that it comes to, and is recorded as that.
fn geoadd(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let mut argv = vec![Bytes::from("zadd"), Bytes::from(key)];
    let (mut only_new, mut only_existing) = (false, false);
    while let Some(option) = args.peek() {
        if args.keyword("NX") {
            only_new = true;
        } else if args.keyword("XX") {
            only_existing = true;
        } else if !args.keyword("CH") {
            break;
        }
        argv.push(Bytes::from(option));
    }
    if !args.len().is_multiple_of(3) || (only_new && only_existing) {
        return Err(ReplyError::SYNTAX);
    }
    while !args.is_empty() {
        argv.push(format_i64(place(&mut args)?.score() as i64));
        argv.push(Bytes::from(args.next()?));
    }
    let argv: Vec<&[u8]> = argv.iter().map(|word| &**word).collect();
    cx.unit.rewrite(&argv);
    zadd(cx, Args::new(&argv, 1))
}

/// Reads a longitude and a latitude.
fn place(args: &mut Args<'_>) -> Result<Point> {
    let (longitude, latitude) = (args.f64()?, args.f64()?);
    let error = || format!("ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}");
    Point::new(longitude, latitude).ok_or_else(|| ReplyError::new(error()))
}

/// Reads a unit; the metres in it.
fn unit(args: &mut Args<'_>) -> Result<f64> {
    const UNITS: [(&str, f64); 4] = [("M", 1.0), ("KM", 1000.0), ("FT", 0.3048), ("MI", 1609.34)];
    let known = UNITS.into_iter().find(|(name, _)| args.keyword(name));
    known.map(|(_, metres)| metres).ok_or(fixed(
        "ERR unsupported unit provided. please use M, KM, FT, MI",
    ))
}

/// A distance, as always with four decimals.
fn distance_reply(distance: f64) -> Reply {
    let scaled = (distance * 10_000.0).round_ties_even() as i64;
    Reply::bulk(format!("{}.{:04}", scaled / 10_000, scaled % 10_000).into_bytes())
}

fn place_reply(place: Point) -> Reply {
    Reply::Array(vec![
        Reply::Double(place.longitude),
        Reply::Double(place.latitude),
    ])
}

/// Where a member is.
fn place_of(zset: &ZSet, member: &[u8]) -> Option<Point> {
    zset.score(member).map(Point::from_score)
}

fn geodist(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, a, b) = (args.next()?, args.next()?, args.next()?);
    let unit = match args.len() {
        0 => 1.0,
        1 => unit(&mut args)?,
        _ => return Err(ReplyError::SYNTAX),
    };
    let places = cx
        .zset(key)?
        .and_then(|zset| Some((place_of(zset, a)?, place_of(zset, b)?)));
    Ok(places.map_or(Reply::Null, |(a, b)| distance_reply(distance(a, b) / unit)))
}

fn geohash(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    each(cx, args, Reply::Null, |place| {
        Reply::bulk(place.geohash().as_slice())
    })
}

fn geopos(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    each(cx, args, Reply::NullArray, place_reply)
}

/// Answers for each member where it is, or that there is no such member.
fn each(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    missing: Reply,
    shown: impl Fn(Point) -> Reply,
) -> Result {
    let zset = cx.zset(args.next()?)?;
    let place = |member: &&[u8]| place_of(zset?, member);
    let places = args.rest().iter().map(place);
    let replies = places.map(|place| place.map_or_else(|| missing.clone(), &shown));
    Ok(Reply::Array(replies.collect()))
}
