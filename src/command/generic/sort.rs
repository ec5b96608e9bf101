//! SORT: the elements of a list, a set or a sorted set in an order of their own, or of keys that they name.

use std::cmp::Ordering;

use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::set;
use crate::command::spec::*;
use crate::commit::Origin;
use crate::number::parse_f64_lax;
use crate::resp::Reply;
use crate::value::List;
use crate::value::StringValue;
use crate::value::Value;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("SORT", -2, WRITE | DENYOOM | CAT_DANGEROUS | CAT_LIST | CAT_SET | CAT_SORTEDSET, &[key(1, RO | ACCESS), unknown(RO | ACCESS).note("For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort"), unknown(OW | UPDATE).note("For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array")], sort)
        .doc("1.0.0", "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).", "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA] [STORE destination]", "Sorts the elements in a list, a set, or a sorted set, optionally storing the result."),
    cmd("SORT_RO", -2, READONLY | CAT_DANGEROUS | CAT_LIST | CAT_SET | CAT_SORTEDSET, &[key(1, RO | ACCESS), unknown(RO | ACCESS).note("For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort")], sort_ro)
        .doc("7.0.0", "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).", "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]", "Returns the sorted elements of a list, a set, or a sorted set."),
];

fn sort(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let options = Options::parse(&mut args, true)?;
    let values = run(cx, key, &options)?;
    match options.store {
        Some(target) => Ok(Reply::len(store(cx, target, values))),
        None => Ok(reply(values)),
    }
}

fn sort_ro(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let options = Options::parse(&mut args, false)?;
    run(cx, key, &options).map(reply)
}

fn reply(values: Vec<Option<Bytes>>) -> Reply {
    Reply::Array(values.into_iter().map(Reply::from).collect())
}

/// What a SORT command asks for.
struct Options<'a> {
    /// What elements are compared by, instead of themselves.
    by: Option<Pattern<'a>>,
    /// BY something that is the same for all: the elements stay in their order.
    keep_order: bool,
    desc: bool,
    alpha: bool,
    offset: i64,
    count: i64,
    get: Vec<Pattern<'a>>,
    store: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    fn parse(args: &mut Args<'a>, may_store: bool) -> Result<Options<'a>> {
        let mut options = Options {
            by: None,
            keep_order: false,
            desc: false,
            alpha: false,
            offset: 0,
            count: -1,
            get: Vec::new(),
            store: None,
        };
        while !args.is_empty() {
            options.parse_one(args, may_store)?;
        }
        Ok(options)
    }

    fn parse_one(&mut self, args: &mut Args<'a>, may_store: bool) -> Result<()> {
        if args.keyword("ASC") {
            self.desc = false;
        } else if args.keyword("DESC") {
            self.desc = true;
        } else if args.keyword("ALPHA") {
            self.alpha = true;
        } else if args.keyword_with("LIMIT", 2) {
            (self.offset, self.count) = (args.i64()?, args.i64()?);
        } else if may_store && args.keyword_with("STORE", 1) {
            self.store = Some(args.next()?);
        } else if args.keyword_with("BY", 1) {
            let by = Pattern::new(args.next()?);
            self.keep_order |= !matches!(by, Pattern::Key { .. });
            self.by = Some(by);
        } else if args.keyword_with("GET", 1) {
            self.get.push(Pattern::new(args.next()?));
        } else {
            return Err(ReplyError::SYNTAX);
        }
        Ok(())
    }

    /// An ascending order, in the direction that is asked for.
    fn directed(&self, ascending: Ordering) -> Ordering {
        match self.desc {
            false => ascending,
            true => ascending.reverse(),
        }
    }

    /// The part of the elements that LIMIT leaves.
    fn limit(&self, mut elements: Vec<Bytes>) -> Vec<Bytes> {
        let offset = usize::try_from(self.offset)
            .unwrap_or(0)
            .min(elements.len());
        elements.drain(..offset);
        elements.truncate(usize::try_from(self.count).unwrap_or(usize::MAX));
        elements
    }
}

/// What BY and GET take: a value for each element.
enum Pattern<'a> {
    /// `#`: the element itself.
    Element,
    /// Without a star: no value.
    Nothing,
    /// `prefix*suffix` or `prefix*suffix->field`: a string, or a hash's field, at a key with the element's name.
    Key {
        prefix: &'a [u8],
        suffix: &'a [u8],
        field: Option<&'a [u8]>,
    },
}

impl<'a> Pattern<'a> {
    fn new(text: &'a [u8]) -> Pattern<'a> {
        if text == b"#" {
            return Pattern::Element;
        }
        let Some(star) = c_string(text).iter().position(|&byte| byte == b'*') else {
            return Pattern::Nothing;
        };
        let (prefix, rest) = (&text[..star], &text[star + 1..]);
        let arrow = c_string(rest).windows(2).position(|bytes| bytes == b"->");
        let (suffix, field) = match arrow {
            Some(arrow) if !c_string(&rest[arrow + 2..]).is_empty() => {
                (&rest[..arrow], Some(&rest[arrow + 2..]))
            }
            _ => (rest, None),
        };
        Pattern::Key {
            prefix,
            suffix,
            field,
        }
    }

    /// The value for an element. Keys that hold another type than the pattern wants count as missing.
    fn value(&self, cx: &mut Context<'_>, element: &Bytes) -> Option<Bytes> {
        match self {
            Pattern::Element => Some(element.clone()),
            Pattern::Nothing => None,
            Pattern::Key {
                prefix,
                suffix,
                field,
            } => {
                let key = [prefix, &**element, suffix].concat();
                match field {
                    Some(field) => cx.hash(&key).ok()??.get(field).map(Bytes::from),
                    None => cx.string(&key).ok()?.map(StringValue::to_bytes),
                }
            }
        }
    }
}

/// The values that a SORT command answers or stores.
fn run(cx: &mut Context<'_>, key: &[u8], options: &Options<'_>) -> Result<Vec<Option<Bytes>>> {
    let (mut elements, ordered) = elements(cx, key)?;
    // What stays must have an order of its own.
    let stays = ordered || (options.store.is_none() && cx.unit.origin != Origin::Script);
    if !options.keep_order {
        elements = sorted(cx, elements, options)?;
    } else if !stays {
        elements.sort_by(|a, b| options.directed(compare_text(a, b, options.store.is_some())));
    } else if ordered && options.desc {
        elements.reverse();
    }
    let elements = options.limit(elements);
    if options.get.is_empty() {
        return Ok(elements.into_iter().map(Some).collect());
    }
    let mut values = Vec::with_capacity(elements.len() * options.get.len());
    for element in &elements {
        values.extend(options.get.iter().map(|pattern| pattern.value(cx, element)));
    }
    Ok(values)
}

/// The elements at a key, and whether the type gives them an order.
fn elements(cx: &mut Context<'_>, key: &[u8]) -> Result<(Vec<Bytes>, bool)> {
    match cx.read(key).map(|slot| slot.value()) {
        None => Ok((Vec::new(), true)),
        Some(Value::List(list)) => Ok((list.iter().map(Bytes::from).collect(), true)),
        Some(Value::Set(set)) => Ok((set::members(set), false)),
        Some(Value::ZSet(zset)) => {
            let members = zset.iter().map(|(member, _)| member.into());
            Ok((members.collect(), true))
        }
        Some(Value::String(_) | Value::Hash(_) | Value::Stream(_) | Value::Vectors(_)) => {
            Err(ReplyError::WRONG_TYPE)
        }
    }
}

/// What an element is compared by.
enum Weight {
    Score(f64),
    Text(Option<Bytes>),
}

fn sorted(cx: &mut Context<'_>, elements: Vec<Bytes>, options: &Options<'_>) -> Result<Vec<Bytes>> {
    let mut weighed = elements
        .into_iter()
        .map(|element| Ok((weigh(cx, &element, options)?, element)))
        .collect::<Result<Vec<_>>>()?;
    let binary = options.store.is_some();
    weighed.sort_by(|a, b| options.directed(compare(a, b, binary)));
    Ok(weighed.into_iter().map(|(_, element)| element).collect())
}

fn weigh(cx: &mut Context<'_>, element: &Bytes, options: &Options<'_>) -> Result<Weight> {
    let value = match &options.by {
        Some(pattern) => pattern.value(cx, element),
        None => Some(element.clone()),
    };
    if options.alpha {
        return Ok(Weight::Text(value));
    }
    let score = value.map_or(Some(0.0), |value| parse_f64_lax(&value));
    let error = fixed("ERR One or more scores can't be converted into double");
    score.map(Weight::Score).ok_or(error)
}

fn compare(a: &(Weight, Bytes), b: &(Weight, Bytes), binary: bool) -> Ordering {
    match (&a.0, &b.0) {
        (Weight::Score(x), Weight::Score(y)) => x
            .partial_cmp(y)
            .unwrap_or(Ordering::Equal)
            .then_with(|| a.1.cmp(&b.1)),
        (Weight::Text(Some(x)), Weight::Text(Some(y))) => compare_text(x, y, binary),
        (Weight::Text(x), Weight::Text(y)) => x.cmp(y),
        _ => unreachable!("all weights of one command are alike"),
    }
}

/// What is stored must not depend on how C compares strings; what is only answered may.
fn compare_text(a: &[u8], b: &[u8], binary: bool) -> Ordering {
    match binary {
        true => a.cmp(b),
        false => c_string(a).cmp(c_string(b)),
    }
}

/// What C sees of a string: nothing from the first NUL on.
fn c_string(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&byte| byte == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}

/// Puts the values in a list at `target`, empty strings where there is no value; how many they are.
fn store(cx: &mut Context<'_>, target: &[u8], values: Vec<Option<Bytes>>) -> usize {
    let mut list = List::new();
    list.fit(cx.world.config.list_limits());
    let values = values.into_iter().map(Option::unwrap_or_default);
    for value in values {
        list.expect(1, value.len());
        list.push_back(value);
    }
    let len = list.len();
    if len > 0 {
        cx.set(target, Value::from(list));
    } else {
        cx.remove(target);
    }
    len
}
