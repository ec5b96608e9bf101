//! Streams against a model, and where their nodes end.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const LIMITS: NodeLimits = NodeLimits {
    bytes: 4096,
    entries: 100,
};

fn id(ms: u64) -> StreamId {
    StreamId::new(ms, 1)
}

fn stream(ids: impl IntoIterator<Item = u64>, limits: NodeLimits) -> Stream {
    let mut stream = Stream::new();
    for ms in ids {
        stream.append(id(ms), &[b"f", ms.to_string().as_bytes()], limits);
    }
    stream
}

fn ids(stream: &Stream) -> Vec<u64> {
    stream.iter().map(|entry| entry.id.ms).collect()
}

fn trim(bound: Bound, approximate: bool) -> Trim {
    Trim {
        bound,
        approximate,
        limit: None,
        references: References::Keep,
    }
}

/// How many entries a node took in Redis 8.2.3, by the sizes of fields and values.
#[test]
fn nodes_end_where_those_of_redis_do() {
    let three = NodeLimits {
        bytes: 0,
        entries: 3,
    };
    assert_eq!(stream(1..=300, LIMITS).node_ids().len(), 3);
    assert_eq!(stream(1..=301, LIMITS).node_ids().len(), 4);
    assert_eq!(stream(1..=7, three).node_ids().len(), 3);
    let unlimited = NodeLimits {
        bytes: 0,
        entries: 0,
    };
    assert_eq!(stream(1..=10_000, unlimited).node_ids().len(), 1);
}

#[test]
fn an_approximate_trim_leaves_whole_nodes() {
    let mut stream = stream(1..=250, LIMITS);
    assert_eq!(stream.trim(&trim(Bound::MaxLen(160), true)), 0);
    assert_eq!(stream.trim(&trim(Bound::MaxLen(149), true)), 100);
    assert_eq!(stream.trim(&trim(Bound::MinId(id(150)), true)), 0);
    assert_eq!(stream.trim(&trim(Bound::MinId(id(150)), false)), 49);
    assert_eq!(
        (stream.first_id(), stream.len(), stream.node_ids().len()),
        (id(150), 101, 2)
    );
    let limited = Trim {
        limit: Some(50),
        ..trim(Bound::MaxLen(0), true)
    };
    assert_eq!(stream.trim(&limited), 0);
    assert_eq!(
        stream.max_deleted_id(),
        StreamId::MIN,
        "a trim is no deletion"
    );
}

#[test]
fn a_clone_shares_until_either_side_writes() {
    let mut changed = stream(1..=1000, LIMITS);
    let before = changed.clone();
    changed.append(id(1001), &[b"f", b"v"], LIMITS);
    changed.remove(id(5), References::Keep);
    assert_eq!((before.len(), before.get(id(5)).is_some()), (1000, true));
    assert_eq!((changed.len(), changed.get(id(5)).is_some()), (1000, false));
    let pairs = before.nodes().iter().zip(changed.nodes().iter());
    let shared = pairs
        .filter(|(a, b)| std::ptr::eq(a.block(), b.block()))
        .count();
    assert_eq!(shared, before.node_ids().len() - 1);
}

#[test]
fn an_entry_that_groups_wait_for_stays() {
    let mut stream = stream(1..=4, LIMITS);
    stream.add_group(b"g", Group::new(id(3), None));
    let group = stream.group_mut(b"g").unwrap();
    group.add_consumer(b"c", 0);
    let pending = |ms| Pending {
        id: id(ms),
        consumer: b"c".into(),
        delivered_ms: 5,
        deliveries: 1,
    };
    group.assign(pending(2));
    group.assign(pending(3));
    let acked = References::Acked;
    assert_eq!(stream.remove(id(1), acked), Removal::Removed);
    assert_eq!(stream.remove(id(2), acked), Removal::Referenced, "pending");
    assert_eq!(
        stream.remove(id(4), acked),
        Removal::Referenced,
        "not delivered"
    );
    assert_eq!(stream.remove(id(2), References::Delete), Removal::Removed);
    assert_eq!(stream.remove(id(2), References::Delete), Removal::Missing);
    let group = stream.group_mut(b"g").unwrap();
    assert_eq!(group.duties(b"c", id(0)).collect::<Vec<_>>(), [id(3)]);
    assert!(group.acknowledge(id(3)) && !group.acknowledge(id(3)));
    assert_eq!(group.consumer(b"c").unwrap().pending().len(), 0);
    assert_eq!(ids(&stream), [3, 4]);
}

#[derive(Clone, Debug)]
enum Op {
    Append(Vec<(u8, String)>, u8),
    Remove(u64),
    MaxLen(usize, bool),
    MinId(u64, bool),
}

fn any_op() -> impl Strategy<Value = Op> {
    let content = prop::collection::vec((0u8..3, "[0-9]{0,4}|[a-z]{0,70}"), 1..4);
    prop_oneof![
        12 => (content, 1u8..4).prop_map(|(content, step)| Op::Append(content, step)),
        4 => (0u64..400).prop_map(Op::Remove),
        1 => (0usize..200, any::<bool>()).prop_map(|(max, approximate)| Op::MaxLen(max, approximate)),
        1 => (0u64..400, any::<bool>()).prop_map(|(min, approximate)| Op::MinId(min, approximate)),
    ]
}

type Model = BTreeMap<StreamId, Vec<Vec<u8>>>;

/// Does the same to the stream and to a map; an approximate trim may leave more in the stream.
fn apply(op: Op, stream: &mut Stream, model: &mut Model, limits: NodeLimits) {
    match op {
        Op::Append(content, step) => {
            let next = id(stream.last_id().ms + u64::from(step));
            let texts = content
                .into_iter()
                .flat_map(|(field, value)| [vec![b'f' + field], value.into_bytes()]);
            let texts: Vec<Vec<u8>> = texts.collect();
            let content: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
            stream.append(next, &content, limits);
            model.insert(next, texts);
        }
        Op::Remove(ms) => {
            let removal = stream.remove(id(ms), References::Keep);
            assert_eq!(removal == Removal::Removed, model.remove(&id(ms)).is_some());
        }
        Op::MaxLen(max, approximate) => {
            let gone = stream.trim(&trim(Bound::MaxLen(max), approximate));
            let left = model.len().saturating_sub(max);
            assert!(if approximate {
                gone <= left
            } else {
                gone == left
            });
            (0..gone).for_each(|_| drop(model.pop_first()));
        }
        Op::MinId(ms, approximate) => {
            let gone = stream.trim(&trim(Bound::MinId(id(ms)), approximate));
            let left = model.range(..id(ms)).count();
            assert!(if approximate {
                gone <= left
            } else {
                gone == left
            });
            (0..gone).for_each(|_| drop(model.pop_first()));
        }
    }
}

fn texts(entry: &Entry<'_>) -> Vec<Vec<u8>> {
    entry.content().map(|text| text.to_vec()).collect()
}

proptest! {
    #[test]
    fn behaves_like_a_sorted_map(
        entries in 0usize..7,
        ops in prop::collection::vec(any_op(), 1..300),
        ranges in prop::collection::vec((0u64..400, 0u64..400), 1..20),
    ) {
        let limits = NodeLimits { bytes: 400, entries };
        let (mut stream, mut model) = (Stream::new(), Model::new());
        for op in ops {
            apply(op, &mut stream, &mut model, limits);
            prop_assert_eq!(stream.len(), model.len());
        }
        prop_assert_eq!(stream.first_id(), model.keys().next().copied().unwrap_or_default());
        let all: Vec<_> = stream.iter().map(|entry| (entry.id, texts(&entry))).collect();
        prop_assert_eq!(all, model.clone().into_iter().collect::<Vec<_>>());
        for (from, to) in ranges {
            let found: Vec<_> = stream.range(id(from)..=id(to)).map(|entry| entry.id).collect();
            let mut back: Vec<_> = stream.range_rev(id(from)..=id(to)).map(|entry| entry.id).collect();
            back.reverse();
            let expected = match from <= to {
                true => model.range(id(from)..=id(to)).map(|(id, _)| *id).collect(),
                false => Vec::new(),
            };
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(back, expected);
            prop_assert_eq!(stream.get(id(from)).is_some(), model.contains_key(&id(from)));
        }
    }
}
