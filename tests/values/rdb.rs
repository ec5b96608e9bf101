//! Random values through DUMP and RESTORE, both ways.

use fakeredis::number::format_double;
use fakeredis::resp::Reply;
use fakeredis::rng::Rng;
use fakeredis::value::Hash;
use fakeredis::value::Limits;
use fakeredis::value::List;
use fakeredis::value::Set;
use fakeredis::value::Stream;
use fakeredis::value::StreamId;
use fakeredis::value::StringValue;
use fakeredis::value::Value;
use fakeredis::value::ZSet;
use fakeredis::value::rdb::dump;
use fakeredis::value::rdb::restore;
use fakeredis::value::stream::Group;
use fakeredis::value::stream::NodeLimits;
use fakeredis::value::stream::Pending;
use fakeredis::value::stream::References;

use super::Argv;
use super::Real;
use super::argv;
use super::pick;

/// How many values each test makes.
const CASES: usize = 400;

/// Long after any test.
const LATER: i64 = 4_000_000_000_000;

#[test]
fn strings_are_dumped_byte_for_byte() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(7);
    for _ in 0..CASES {
        let text = random_text(&mut rng, 3000);
        let value = Value::String(StringValue::new(&text));
        same_dump(&mut real, &value, &[argv([b"SET", b"k", &text])]);
    }
}

#[test]
fn packed_hashes_are_dumped_byte_for_byte() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(8);
    for round in 0..CASES {
        let mut hash = Hash::new();
        let mut commands = Vec::new();
        for at in 0..rng.below(60) as i64 + 1 {
            let (field, value) = (random_text(&mut rng, 60), random_text(&mut rng, 60));
            // Redis would still write the time of a field that had the first one.
            if hash.get(&field).is_some() {
                continue;
            }
            hash.insert(&field, value.as_slice());
            commands.push(argv([b"HSET", b"k", &field, &value]));
            if round % 2 == 0 && rng.below(3) == 0 {
                // Redis keeps fields in the order of these times; equal ones are left to it, and it does
                // not note that the first time becomes a few seconds earlier.
                let at_ms = LATER + (rng.below(1000) as i64 * 64 + at) * 10_000;
                hash.expire_at(&field, at_ms);
                let time = at_ms.to_string();
                commands.push(argv([
                    b"HPEXPIREAT",
                    b"k",
                    time.as_bytes(),
                    b"FIELDS",
                    b"1",
                    &field,
                ]));
            }
        }
        same_dump(&mut real, &Value::from(hash), &commands);
    }
}

#[test]
fn lists_are_dumped_byte_for_byte() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(10);
    for _ in 0..CASES / 4 {
        let most = pick(&mut rng, &[20, 200, 12_000]);
        let (mut list, mut commands) = (List::new(), Vec::new());
        for _ in 0..rng.below(200) + 1 {
            let item = random_text(&mut rng, most);
            list.expect(1, item.len());
            list.push_back(item.as_slice());
            commands.push(argv([b"RPUSH", b"k", &item]));
        }
        same_dump(&mut real, &Value::from(list), &commands);
    }
}

#[test]
fn packed_sets_are_dumped_byte_for_byte() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(11);
    for round in 0..CASES {
        let (mut set, mut commands) = (Set::new(), Vec::new());
        for _ in 0..rng.below(128) {
            let member = match round % 2 {
                0 => (rng.next_u64() as i64 >> rng.below(64))
                    .to_string()
                    .into_bytes(),
                _ => random_text(&mut rng, 64),
            };
            set.insert(member.as_slice());
            commands.push(argv([b"SADD", b"k", &member]));
            if set.len() > 1 && rng.below(4) == 0 {
                let gone = set.remove_index(rng.below(set.len()));
                commands.push(argv([b"SREM", b"k", &gone]));
            }
        }
        set.insert(b"1");
        commands.push(argv([b"SADD", b"k", b"1"]));
        same_dump(&mut real, &Value::from(set), &commands);
    }
}

#[test]
fn sorted_sets_are_dumped_byte_for_byte() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(12);
    for round in 0..CASES {
        let (mut zset, mut commands) = (ZSet::new(), Vec::new());
        for _ in 0..rng.below(if round % 4 == 0 { 300 } else { 100 }) + 1 {
            let member = random_text(&mut rng, 40);
            let score = match rng.below(3) {
                0 => rng.below(5) as f64 - 2.0,
                1 => rng.unit_f64() * 1e6,
                _ => f64::from_bits(rng.next_u64() & !(1 << 62)),
            };
            zset.insert(&member, score);
            commands.push(argv([
                b"ZADD",
                b"k",
                format_double(score).as_bytes(),
                &member,
            ]));
        }
        same_dump(&mut real, &Value::from(zset), &commands);
    }
}

#[test]
fn streams_are_dumped_byte_for_byte() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(13);
    for _ in 0..CASES / 4 {
        let (mut stream, mut commands) = (Stream::new(), Vec::new());
        for _ in 0..rng.below(300) + 1 {
            add_or_remove(&mut rng, &mut stream, &mut commands);
        }
        same_dump(&mut real, &Value::from(stream.clone()), &commands);
        add_group(&mut rng, &mut stream);
        let value = Value::from(stream);
        assert_eq!(through(&mut real, &value), value);
    }
}

/// Adds a random entry, or removes one.
fn add_or_remove(rng: &mut Rng, stream: &mut Stream, commands: &mut Vec<Argv>) {
    let last = stream.last_id();
    if last.ms > 0 && rng.below(5) == 0 {
        let id = StreamId::new(rng.below(last.ms as usize + 1) as u64, 0);
        stream.remove(id, References::Keep);
        commands.push(argv([b"XDEL", b"k", id.to_string().as_bytes()]));
        return;
    }
    let id = StreamId::new(last.ms + 1 + rng.below(3) as u64, rng.below(2) as u64);
    let most = pick(rng, &[3, 30, 900]);
    let mut content = vec![vec![pick(rng, b"fg")], random_text(rng, most)];
    if rng.below(4) == 0 {
        content.extend([random_text(rng, 5), random_text(rng, most)]);
    }
    let texts: Vec<&[u8]> = content.iter().map(Vec::as_slice).collect();
    let limits = NodeLimits {
        bytes: 4096,
        entries: 100,
    };
    stream.append(id, &texts, limits);
    let mut command = argv([b"XADD", b"k", id.to_string().as_bytes()]);
    command.extend(content);
    commands.push(command);
}

/// Adds a group for which some entries are pending, be they there or not.
fn add_group(rng: &mut Rng, stream: &mut Stream) {
    let mut group = Group::new(stream.last_id(), None);
    for consumer in [b"alice".as_slice(), b"bob"] {
        group.add_consumer(consumer, LATER);
        for _ in 0..rng.below(20) {
            group.assign(Pending {
                id: StreamId::new(rng.below(100) as u64, 0),
                consumer: consumer.into(),
                delivered_ms: LATER,
                deliveries: rng.next_u64() >> rng.below(64),
            });
        }
    }
    stream.add_group(b"group", group);
}

/// In tables Redis's own order is a matter of chance, so that the payloads are compared by what they restore.
#[test]
fn tables_are_understood_both_ways() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(9);
    for round in 0..20 {
        let mut hash = Hash::new();
        for at in 0..600 {
            let field = [&random_text(&mut rng, 80), at.to_string().as_bytes()].concat();
            hash.insert(&field, random_text(&mut rng, 200).as_slice());
            if round % 2 == 0 && rng.below(3) == 0 {
                hash.expire_at(&field, LATER + rng.below(1_000_000_000) as i64);
            }
        }
        hash.expect(600, 200, &Limits::default().hash);
        let value = Value::from(hash);
        let theirs = through(&mut real, &value);
        assert_eq!(sorted(&theirs), sorted(&value));
        assert_eq!(theirs.encoding(), value.encoding());
    }
}

/// Redis's payload of the value that `commands` make at `k` is ours, and ours restores as theirs.
fn same_dump(real: &mut Real, value: &Value, commands: &[Argv]) {
    real.ask(&[argv([b"DEL", b"k"])]);
    real.ask(commands);
    let payload = dump(value, true, &Limits::default());
    let theirs = bulk_of(real.ask(&[argv([b"DUMP", b"k"])]).remove(0));
    let shown = (
        payload.escape_ascii().to_string(),
        theirs.escape_ascii().to_string(),
    );
    assert_eq!(shown.0, shown.1, "{value:?}");
    assert_eq!(dump(&restored(&payload), true, &Limits::default()), payload);
    assert_eq!(
        dump(&through(real, value), true, &Limits::default()),
        payload
    );
}

/// The value, restored and dumped again by Redis.
fn through(real: &mut Real, value: &Value) -> Value {
    let replies = real.ask(&[
        argv([
            b"RESTORE",
            b"k",
            b"0",
            &dump(value, true, &Limits::default()),
            b"REPLACE",
        ]),
        argv([b"DUMP", b"k"]),
    ]);
    let [answer, dumped] = replies.try_into().unwrap();
    assert_eq!(answer, Reply::OK, "{value:?}");
    restored(&bulk_of(dumped))
}

/// What a payload restores, by Redis's own limits.
fn restored(payload: &[u8]) -> Value {
    restore(payload, &Limits::default()).unwrap()
}

fn bulk_of(reply: Reply) -> Vec<u8> {
    match reply {
        Reply::Bulk(bytes) => bytes.to_vec(),
        other => panic!("not a payload: {other:?}"),
    }
}

type Field = (Vec<u8>, Vec<u8>, Option<i64>);

fn sorted(value: &Value) -> Vec<Field> {
    let Value::Hash(hash) = value else {
        panic!("not a hash: {value:?}");
    };
    let fields = hash.iter();
    let mut fields: Vec<_> = fields
        .map(|(field, value)| (field.to_vec(), value.to_vec(), hash.expires_at(&field)))
        .collect();
    fields.sort();
    fields
}

/// A text of at most `most` bytes: a number, noise, or something that can be compressed.
pub(super) fn random_text(rng: &mut Rng, most: usize) -> Vec<u8> {
    let len = rng.below(most + 1) >> rng.below(8);
    let alphabet = match rng.below(4) {
        0 => {
            return (rng.next_u64() as i64 >> rng.below(64))
                .to_string()
                .into_bytes();
        }
        1 => return (0..len).map(|_| rng.next_u64() as u8).collect(),
        2 => b"ab".as_slice(),
        _ => b"the quick brown fox",
    };
    let mut text = Vec::new();
    while text.len() < len {
        let (from, count) = (rng.below(text.len() + 1), rng.below(40));
        match rng.below(2) {
            0 => text.extend((0..count).map(|_| pick(rng, alphabet))),
            _ => text.extend_from_within(from..(from + count).min(text.len())),
        }
    }
    text.truncate(len);
    text
}
