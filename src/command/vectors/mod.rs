//! Vector set commands: byte strings, found by the direction of their vectors.
//!
//! In Redis they are a module's, which counts arguments itself and calls itself by its registered names. This file:
//! what reads one element or the whole; the others: elements on their way in, and the search.

pub(super) mod change;
pub(super) mod search;
mod vector;

use super::Command;
use super::args::Args;
use super::cmd;
use super::context::Context;
use super::random;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::fixed;
use super::spec::*;
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::value::VectorSet;
use crate::value::vectors::Element;
use crate::value::vectors::Found;
use crate::value::vectors::Projection;
use search::nearest;
use search::score;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("VCARD", -1, READONLY | MODULE | FAST, &[key(1, RW | ACCESS | UPDATE)], vcard)
        .doc("8.0.0", "O(1)", "key", "Returns the number of elements in a vector set."),
    cmd("VDIM", -1, READONLY | MODULE | FAST, &[key(1, RW | ACCESS | UPDATE)], vdim)
        .doc("8.0.0", "O(1)", "key", "Returns the number of dimensions that the vectors of a vector set have."),
    cmd("VEMB", -1, READONLY | MODULE | FAST, &[key(1, RW | ACCESS | UPDATE)], vemb)
        .doc("8.0.0", "O(D) where D is the number of dimensions.", "key element [RAW]", "Returns the vector of an element, approximately as it was added."),
    cmd("VGETATTR", -1, READONLY | MODULE | FAST, &[key(1, RW | ACCESS | UPDATE)], vgetattr)
        .doc("8.0.0", "O(1)", "key element", "Returns the attributes of an element."),
    cmd("VINFO", -1, READONLY | MODULE | FAST, &[key(1, RW | ACCESS | UPDATE)], vinfo)
        .doc("8.0.0", "O(1)", "key", "Returns facts about a vector set and its graph."),
    cmd("VISMEMBER", -1, READONLY | MODULE, &[key(1, RW | ACCESS | UPDATE)], vismember)
        .doc("8.0.0", "O(1)", "key element", "Tells whether an element is in a vector set."),
    cmd("VLINKS", -1, READONLY | MODULE | FAST, &[key(1, RW | ACCESS | UPDATE)], vlinks)
        .doc("8.0.0", "O(1)", "key element [WITHSCORES]", "Returns the neighbours of an element in each layer of the graph."),
    cmd("VRANDMEMBER", -1, READONLY | MODULE, &[key(1, RW | ACCESS | UPDATE)], vrandmember)
        .doc("8.0.0", "O(N) where N is the absolute value of count.", "key [count]", "Returns one or more random elements of a vector set."),
];

const INVALID_VECTOR: ReplyError = fixed("ERR invalid vector specification");
const INVALID_EF: ReplyError = fixed("ERR invalid EF");

/// What a command of the module answers when the number of its words is wrong.
fn arity(name: &str) -> ReplyError {
    ReplyError::new(format!(
        "ERR wrong number of arguments for '{name}' command"
    ))
}

/// Reads exactly `N` arguments.
fn exactly<'a, const N: usize>(args: &mut Args<'a>, name: &str) -> Result<[&'a [u8]; N]> {
    let words = <[&[u8]; N]>::try_from(args.rest());
    words.map_err(|_| arity(name))
}

fn mismatch(got: usize, has: usize) -> ReplyError {
    ReplyError::new(format!(
        "ERR Vector dimension mismatch - got {got} but set has {has}"
    ))
}

fn projection_mismatch(got: usize, expected: usize) -> ReplyError {
    ReplyError::new(format!(
        "ERR Input dimension mismatch for projection - got {got} but projection expects {expected}"
    ))
}

fn element<'a>(cx: &'a mut Context<'_>, key: &[u8], name: &[u8]) -> Result<Option<&'a Element>> {
    let set = cx.vectors(key)?;
    Ok(set.and_then(|set| set.get(name)))
}

fn vcard(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let [key] = exactly(&mut args, "VCARD")?;
    Ok(Reply::len(cx.vectors(key)?.map_or(0, VectorSet::len)))
}

fn vdim(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let [key] = exactly(&mut args, "VDIM")?;
    let set = cx.vectors(key)?.ok_or(fixed("ERR key does not exist"))?;
    Ok(Reply::len(set.shape().dim))
}

fn vemb(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.len() < 2 {
        return Err(arity("VEMB"));
    }
    let (key, name) = (args.next()?, args.next()?);
    let options = args.rest();
    let is_raw = |word: &&[u8]| word.eq_ignore_ascii_case(b"RAW");
    if !options.iter().all(is_raw) {
        return Err(fixed("ERR invalid option"));
    }
    Ok(match element(cx, key, name)? {
        None => Reply::Null,
        Some(element) if !options.is_empty() => Reply::Array(raw_vector(element)),
        Some(element) => Reply::Array(element.components().into_iter().map(double).collect()),
    })
}

fn double(number: f32) -> Reply {
    Reply::Double(number.into())
}

/// The quantisation, the components as they are kept, the length, and what it takes to read them.
fn raw_vector(element: &Element) -> Vec<Reply> {
    let vector = &element.vector;
    let head = [
        Reply::simple(vector.quantization().name()),
        Reply::bulk(vector.to_bytes()),
        double(element.norm),
    ];
    head.into_iter().chain(vector.range().map(double)).collect()
}

fn vgetattr(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let [key, name] = exactly(&mut args, "VGETATTR")?;
    let element = element(cx, key, name)?;
    Ok(element
        .and_then(|element| element.attributes.clone())
        .into())
}

/// `VINFO key`: there is no graph, so that its highest level is 0, and sets have no numbers.
fn vinfo(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let [key] = exactly(&mut args, "VINFO")?;
    let Some(set) = cx.vectors(key)? else {
        return Ok(Reply::NullArray);
    };
    let shape = set.shape();
    let input_dim = set.projection().map_or(0, Projection::input_dim);
    let fields = [
        ("quant-type", Reply::simple(shape.quantization.name())),
        ("hnsw-m", Reply::Int(shape.links.into())),
        ("vector-dim", Reply::len(shape.dim)),
        ("projection-input-dim", Reply::len(input_dim)),
        ("size", Reply::len(set.len())),
        ("max-level", Reply::Int(0)),
        ("attributes-count", Reply::len(set.with_attributes())),
        ("vset-uid", Reply::Int(0)),
        ("hnsw-max-node-uid", Reply::Int(set.last_id() as i64)),
    ];
    let fields = fields.map(|(name, value)| (Reply::simple(name), value));
    Ok(Reply::Map(fields.into()))
}

fn vismember(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let [key, name] = exactly(&mut args, "VISMEMBER")?;
    Ok(Reply::Bool(element(cx, key, name)?.is_some()))
}

/// `VLINKS key element [WITHSCORES]`: as many of the nearest elements as Redis's lowest layer has room for.
fn vlinks(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let [key, name, option @ ..] = args.rest() else {
        return Err(arity("VLINKS"));
    };
    let with_scores = match option {
        [] => false,
        [word] if word.eq_ignore_ascii_case(b"WITHSCORES") => true,
        _ => return Err(arity("VLINKS")),
    };
    let links = cx.vectors(key)?.and_then(|set| links(set, name));
    let layer = |links: Vec<Found<'_>>| match with_scores {
        false => Reply::Array(links.iter().map(name_of).collect()),
        true => Reply::Map(links.iter().map(|f| (name_of(f), score(f))).collect()),
    };
    Ok(links.map_or(Reply::Null, |links| Reply::Array(vec![layer(links)])))
}

fn links<'a>(set: &'a VectorSet, name: &[u8]) -> Option<Vec<Found<'a>>> {
    let element = set.get(name)?;
    let room = set.shape().links as usize * 2;
    let mut links = nearest(set, &element.vector, room + 1);
    links.retain(|found| found.element.id != element.id);
    links.truncate(room);
    Some(links)
}

fn name_of(found: &Found<'_>) -> Reply {
    Reply::Bulk(found.name.clone())
}

fn vrandmember(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, count) = match args.rest() {
        [key] => (key, None),
        [key, count] => (key, Some(count)),
        _ => return Err(arity("VRANDMEMBER")),
    };
    let Some(count) = count else {
        return Ok(pick(cx, key, 1)?.pop().unwrap_or(Reply::Null));
    };
    match parse_i64(count).ok_or(fixed("ERR COUNT value is not an integer"))? {
        0 => Ok(Reply::Array(Vec::new())),
        count => pick(cx, key, count).map(Reply::Array),
    }
}

fn pick(cx: &mut Context<'_>, key: &[u8], count: i64) -> Result<Vec<Reply>> {
    let len = cx.vectors(key)?.map_or(0, VectorSet::len);
    let positions = random::positions(cx, count, len)?;
    let set = cx.peek_vectors(key)?;
    let entry = |at| set?.elements().get_index(at);
    let entries = positions.into_iter().filter_map(entry);
    Ok(entries.map(|(name, _)| Reply::Bulk(name.clone())).collect())
}
