//! All data of both servers: the same keys, values, times to live and encodings, and dumps that both understand.

use fakeredis::resp::Reply;
use fakeredis::resp::quote;

use super::likeness::Likeness;
use super::likeness::text;
use super::pair::INSPECTOR;
use super::pair::Pair;
use super::session::Step;
use crate::support::transcript::Order;

/// The databases that sessions reach, the one in which they begin last.
const DATABASES: [&str; 2] = ["1", "0"];

/// Forms that show all that is in a value, by type.
const CONTENTS: &[(&str, &str)] = &[
    ("string", "GET key"),
    ("list", "LRANGE key 0 -1"),
    ("set", "SMEMBERS key => items"),
    ("zset", "ZRANGE key 0 -1 WITHSCORES"),
    ("hash", "HGETALL key => pairs"),
    ("stream", "XINFO STREAM key FULL COUNT 0 => clock"),
    ("vectorset", "VRANDMEMBER key 100000 => items"),
];

/// Forms that every key answers.
const OF_ANY_TYPE: &[&str] = &["PEXPIRETIME key => times", "OBJECT ENCODING key"];

/// Where a dump is restored.
const COPY: &[u8] = b"copy";

pub fn compare(pair: &mut Pair) -> Result<(), String> {
    for db in DATABASES {
        pair.step(&Step::of(INSPECTOR, &["SELECT", db]))?;
        pair.step(&Step::of(INSPECTOR, &["DBSIZE"]))?;
        for key in keys(pair)? {
            compare_key(pair, &key)?;
        }
    }
    Ok(())
}

fn keys(pair: &mut Pair) -> Result<Vec<Vec<u8>>, String> {
    let [keys, _] = pair.step(&form("KEYS key => items", b"*"))?;
    Ok(bulks(&keys))
}

fn compare_key(pair: &mut Pair, key: &[u8]) -> Result<(), String> {
    for any in OF_ANY_TYPE {
        pair.step(&form(any, key))?;
    }
    compare_value(pair, key)?;
    exchange_dumps(pair, key)
}

fn compare_value(pair: &mut Pair, key: &[u8]) -> Result<(), String> {
    let [kind, _] = pair.step(&form("TYPE key", key))?;
    let kind = text(&kind, Order::Fixed);
    let contents = CONTENTS.iter().find(|(name, _)| *name == kind);
    let (_, contents) = contents.unwrap_or_else(|| panic!("no form shows a {kind}"));
    pair.step(&form(contents, key))?;
    match &*kind {
        "hash" => compare_times_of_fields(pair, key),
        "vectorset" => compare_vectors(pair, key),
        _ => Ok(()),
    }
}

fn compare_times_of_fields(pair: &mut Pair, key: &[u8]) -> Result<(), String> {
    let [fields, _] = pair.step(&form("HKEYS key => items", key))?;
    let mut times = form("HPEXPIRETIME key FIELDS => times", key);
    let fields = bulks(&fields);
    times.argv.push(fields.len().to_string().into());
    times.argv.extend(fields);
    pair.step(&times).map(drop)
}

fn compare_vectors(pair: &mut Pair, key: &[u8]) -> Result<(), String> {
    let [elements, _] = pair.step(&form("VRANDMEMBER key 100000 => items", key))?;
    for element in bulks(&elements) {
        let words: [&[u8]; 2] = [b"VEMB", b"VGETATTR"];
        for word in words {
            pair.step(&Step::of(INSPECTOR, &[word, key, &element]))?;
        }
    }
    Ok(())
}

/// What one dumps, the other restores.
fn exchange_dumps(pair: &mut Pair, key: &[u8]) -> Result<(), String> {
    let [Reply::Bulk(ours), Reply::Bulk(real)] = pair.ask(&form("DUMP key", key)) else {
        return Err(format!("--- no dump of {}\n", quote(key)));
    };
    let restore = |dump: &[u8]| Step::of(INSPECTOR, &[b"RESTORE", COPY, b"0", dump, b"REPLACE"]);
    let [on_ours, on_real] = [restore(&real), restore(&ours)];
    for reply in [pair.ask_ours(&on_ours), pair.ask_real(&on_real)] {
        if reply != Reply::OK {
            let reply = text(&reply, Order::Fixed);
            return Err(format!(
                "--- ours\n{on_ours}\n--- real\n{on_real}\n{reply}\n"
            ));
        }
    }
    compare_value(pair, COPY)
}

/// A form with its key, the inspector's.
fn form(form: &'static str, key: &[u8]) -> Step {
    let (template, likeness) = Likeness::of(form);
    let words = template.split(' ').map(|word| match word {
        "key" => key,
        word => word.as_bytes(),
    });
    let words: Vec<&[u8]> = words.collect();
    Step::of(INSPECTOR, &words).like(likeness)
}

fn bulks(reply: &Reply) -> Vec<Vec<u8>> {
    let (Reply::Array(items) | Reply::Set(items)) = reply else {
        return Vec::new();
    };
    let bulk = |item: &Reply| match item {
        Reply::Bulk(bytes) => Some(bytes.to_vec()),
        _ => None,
    };
    items.iter().filter_map(bulk).collect()
}
