//! Streams: the nodes as they are kept, then the history, then the consumer groups.

use std::collections::BTreeMap;

use super::input::Input;
use super::input::Malformed;
use super::kind;
use super::length;
use super::listpack::Listpack;
use super::string;
use crate::bytes::Bytes;
use crate::value::Stream;
use crate::value::StreamId;
use crate::value::stream::Consumer;
use crate::value::stream::Group;
use crate::value::stream::Node;
use crate::value::stream::Pending;

/// What stands for a number of entries that is not known, and for a time that never was.
const UNKNOWN: u64 = u64::MAX;
const NEVER: i64 = -1;

pub(super) fn write(stream: &Stream, out: &mut Vec<u8>, compress: bool) {
    out.push(kind::STREAM);
    length::write(out, stream.nodes().len() as u64);
    for node in stream.nodes().iter() {
        string::write(&node.id().to_bytes(), out, false);
        string::write(&node.block().finish(), out, compress);
    }
    length::write(out, stream.len() as u64);
    write_id(stream.last_id(), out);
    write_id(stream.first_id(), out);
    write_id(stream.max_deleted_id(), out);
    length::write(out, stream.entries_added());
    length::write(out, stream.groups().len() as u64);
    for (name, group) in stream.groups() {
        string::write(name, out, compress);
        write_group(group, out, compress);
    }
}

fn write_id(id: StreamId, out: &mut Vec<u8>) {
    length::write(out, id.ms);
    length::write(out, id.seq);
}

fn write_group(group: &Group, out: &mut Vec<u8>, compress: bool) {
    write_id(group.last_id, out);
    length::write(out, group.entries_read.unwrap_or(UNKNOWN));
    length::write(out, group.pending().len() as u64);
    for entry in group.pending().iter() {
        out.extend(entry.id.to_bytes());
        out.extend(entry.delivered_ms.to_le_bytes());
        length::write(out, entry.deliveries);
    }
    length::write(out, group.consumers().len() as u64);
    for (name, consumer) in group.consumers() {
        string::write(name, out, compress);
        write_consumer(consumer, out);
    }
}

fn write_consumer(consumer: &Consumer, out: &mut Vec<u8>) {
    out.extend(consumer.seen_ms.to_le_bytes());
    out.extend(consumer.active_ms.unwrap_or(NEVER).to_le_bytes());
    length::write(out, consumer.pending().len() as u64);
    for id in consumer.pending().iter() {
        out.extend(id.to_bytes());
    }
}

pub(super) fn read(kind: u8, input: &mut Input<'_>) -> Result<Stream, Malformed> {
    let mut nodes = Vec::new();
    for _ in 0..length::read(input)? {
        nodes.push(read_node(input)?);
    }
    let mut stream = Stream::from_nodes(nodes).ok_or(Malformed)?;
    read_history(&mut stream, kind, input)?;
    for _ in 0..length::read(input)? {
        let name = string::read(input)?;
        let group = read_group(&stream, kind, input)?;
        stream
            .add_group(&name, group)
            .then_some(())
            .ok_or(Malformed)?;
    }
    Ok(stream)
}

fn read_node(input: &mut Input<'_>) -> Result<Node, Malformed> {
    let id = string::read(input)?;
    let id = StreamId::from_bytes((*id).try_into().map_err(|_| Malformed)?);
    let block = Listpack::parse(&string::read(input)?)?;
    Node::from_block(id, block).ok_or(Malformed)
}

/// The first version had nothing but the last id.
fn read_history(stream: &mut Stream, kind: u8, input: &mut Input<'_>) -> Result<(), Malformed> {
    let len = length::read(input)?;
    let last = read_id(input)?;
    let (mut max_deleted, mut added) = (StreamId::MIN, len);
    if kind != kind::STREAM_V1 {
        // The first id follows from the entries.
        read_id(input)?;
        max_deleted = read_id(input)?;
        added = length::read(input)?;
    }
    stream.set_history(last, added, max_deleted);
    let is_last = stream.greatest_id() <= last;
    (is_last && stream.len() as u64 == len)
        .then_some(())
        .ok_or(Malformed)
}

fn read_id(input: &mut Input<'_>) -> Result<StreamId, Malformed> {
    let ms = length::read(input)?;
    Ok(StreamId::new(ms, length::read(input)?))
}

fn read_raw_id(input: &mut Input<'_>) -> Result<StreamId, Malformed> {
    input.array().map(StreamId::from_bytes)
}

fn read_group(stream: &Stream, kind: u8, input: &mut Input<'_>) -> Result<Group, Malformed> {
    let last_id = read_id(input)?;
    let read = match kind {
        kind::STREAM_V1 => stream.count_up_to(last_id),
        _ => Some(length::read(input)?).filter(|read| *read != UNKNOWN),
    };
    let mut group = Group::new(last_id, read);
    let mut pending = BTreeMap::new();
    for _ in 0..length::read(input)? {
        let (id, delivered_ms) = (read_raw_id(input)?, i64::from_le_bytes(input.array()?));
        let before = pending.insert(id, (delivered_ms, length::read(input)?));
        before.is_none().then_some(()).ok_or(Malformed)?;
    }
    for _ in 0..length::read(input)? {
        read_consumer(&mut group, &mut pending, kind, input)?;
    }
    pending.is_empty().then_some(group).ok_or(Malformed)
}

/// Reads a consumer, and gives it those of the group's `pending` entries that it has.
fn read_consumer(
    group: &mut Group,
    pending: &mut BTreeMap<StreamId, (i64, u64)>,
    kind: u8,
    input: &mut Input<'_>,
) -> Result<(), Malformed> {
    let name = Bytes::from(&*string::read(input)?);
    let seen_ms = i64::from_le_bytes(input.array()?);
    let active_ms = match kind {
        kind::STREAM => i64::from_le_bytes(input.array()?),
        _ => seen_ms,
    };
    group
        .add_consumer(&name, seen_ms)
        .then_some(())
        .ok_or(Malformed)?;
    let consumer = group.consumer_mut(&name).ok_or(Malformed)?;
    consumer.active_ms = (active_ms != NEVER).then_some(active_ms);
    for _ in 0..length::read(input)? {
        let id = read_raw_id(input)?;
        let (delivered_ms, deliveries) = pending.remove(&id).ok_or(Malformed)?;
        group.assign(Pending {
            id,
            consumer: name.clone(),
            delivered_ms,
            deliveries,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::stream::NodeLimits;
    use crate::value::stream::References;

    /// What DUMP answered for entries with equal, other and deleted fields, a group with two consumers and one of
    /// which it is not known how much it has read.
    const PAYLOAD: &[u8] = b"\x15\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01@DD\x00\x00\x00\x19\x00\x02\x01\x01\x01\x02\x01\x81f\x02\x81g\x02\x00\x01\x02\x01\x00\x01\x00\x01\x81v\x02\x0c\x01\x05\x01\x03\x01\x00\x01\x01\x01\x81w\x02\xdf\xfb\x02\x05\x01\x00\x01\x06\x01\xdf\xff\x02\x01\x01\x85other\x06\x80\x01\x06\x01\xff\x02\x07\x00\x01\x01\x01\x02\x03\x02\x01g\x01\x02\x81\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xe8\x03\x00\x00\x00\x00\x00\x00@F\x02\x02me\xf2\xa3\x10\x04\xa2\x01\x00\x00\xf2\xa3\x10\x04\xa2\x01\x00\x00\x00\x03you\xf2\xa3\x10\x04\xa2\x01\x00\x00\xf2\xa3\x10\x04\xa2\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x04idle\x07\x00\x03\x00\x00\x0c\x00\xa7\x84\xae\x1a\xd3&Q\xeb";

    fn restored(body: &[u8]) -> Result<Stream, Malformed> {
        let mut input = Input::new(body);
        let kind = input.byte()?;
        read(kind, &mut input)
    }

    fn written(stream: &Stream, compress: bool) -> Vec<u8> {
        let mut out = Vec::new();
        write(stream, &mut out, compress);
        out
    }

    #[test]
    fn a_payload_of_redis_comes_back_byte_for_byte() {
        let body = &PAYLOAD[..PAYLOAD.len() - 10];
        let stream = restored(body).unwrap();
        assert_eq!(written(&stream, true), body);
        let ids: Vec<_> = stream.iter().map(|entry| entry.id.to_string()).collect();
        assert_eq!(ids, ["1-1", "7-0"]);
        let group = stream.group(b"g").unwrap();
        assert_eq!(
            (group.last_id, group.entries_read),
            (StreamId::new(1, 2), None)
        );
        let pending = group.get(StreamId::new(1, 1)).unwrap();
        assert_eq!(
            (&*pending.consumer, pending.deliveries),
            (b"you".as_slice(), 70)
        );
        assert_eq!(group.consumer(b"you").unwrap().pending().len(), 1);
        assert_eq!(stream.group(b"idle").unwrap().entries_read, Some(3));
    }

    /// What a payload of an earlier version is once Redis 8.2.3 has restored and dumped it.
    #[test]
    fn earlier_versions_are_read_as_redis_reads_them() {
        let recorded: [(&[u8], &[u8]); 2] = [
            (
                b"\x0f\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01>>\x00\x00\x00\x19\x00\x04\x01\x00\x01\x01\x01\x81f\x02\x00\x01\x02\x01\x00\x01\x00\x01\x81v\x02\x04\x01\x02\x01\x01\x01\x00\x01\x81v\x02\x04\x01\x02\x01\x02\x01\x00\x01\x81v\x02\x04\x01\x02\x01\x04\x01\x04\x01\x81v\x02\x04\x01\xff\x04\x05\x05\x01\x01g\x03\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xe8\x03\x00\x00\x00\x00\x00\x00\x01\x01\x01a\x88\x13\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01",
                b"\x15\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xc30>\x11>\x00\x00\x00\x19\x00\x04\x01\x00\x01\x01\x01\x81f\x02\x00\x01\x02 \x0a\x05\x00\x01\x81v\x02\x04 \x0a\x00\x01\xe0\x01\x0a@\x17\xa0\x15\x00\x04 \x01@\x0a\x01\x01\xff\x04\x05\x05\x01\x01\x00\x00\x04\x01\x01g\x03\x01\x81\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xe8\x03\x00\x00\x00\x00\x00\x00\x01\x01\x01a\x88\x13\x00\x00\x00\x00\x00\x00\x88\x13\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01",
            ),
            (
                b"\x13\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01>>\x00\x00\x00\x19\x00\x04\x01\x00\x01\x01\x01\x81f\x02\x00\x01\x02\x01\x00\x01\x00\x01\x81v\x02\x04\x01\x02\x01\x01\x01\x00\x01\x81v\x02\x04\x01\x02\x01\x02\x01\x00\x01\x81v\x02\x04\x01\x02\x01\x04\x01\x04\x01\x81v\x02\x04\x01\xff\x04\x05\x05\x01\x01\x00\x00\x04\x01\x01g\x03\x01\x03\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xe8\x03\x00\x00\x00\x00\x00\x00\x01\x01\x01a\x88\x13\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01",
                b"\x15\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xc30>\x11>\x00\x00\x00\x19\x00\x04\x01\x00\x01\x01\x01\x81f\x02\x00\x01\x02 \x0a\x05\x00\x01\x81v\x02\x04 \x0a\x00\x01\xe0\x01\x0a@\x17\xa0\x15\x00\x04 \x01@\x0a\x01\x01\xff\x04\x05\x05\x01\x01\x00\x00\x04\x01\x01g\x03\x01\x03\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xe8\x03\x00\x00\x00\x00\x00\x00\x01\x01\x01a\x88\x13\x00\x00\x00\x00\x00\x00\x88\x13\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01",
            ),
        ];
        for (old, new) in recorded {
            assert_eq!(written(&restored(old).unwrap(), true), new);
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let whole = written(&any_stream(3), false);
        assert!(restored(&whole).is_ok());
        for at in 0..whole.len() {
            assert_eq!(restored(&whole[..at]), Err(Malformed), "cut at {at}");
        }
    }

    /// Entries of several shapes, some deleted, and groups that have read some of them.
    fn any_stream(seed: u64) -> Stream {
        let mut rng = crate::rng::Rng::new(seed);
        let mut stream = Stream::new();
        for ms in 1..=rng.below(40) as u64 + 3 {
            let text = (rng.next_u64() as i64 >> rng.below(64)).to_string();
            let content: [&[u8]; 4] = [b"f", text.as_bytes(), &text.as_bytes()[..1], b"v"];
            let limits = NodeLimits {
                bytes: 300,
                entries: 7,
            };
            stream.append(
                StreamId::new(ms, rng.next_u64()),
                &content[..2 + 2 * rng.below(2)],
                limits,
            );
        }
        let ids: Vec<_> = stream.iter().map(|entry| entry.id).collect();
        for name in ["g", "", "a longer name than fits inline"] {
            let mut group = Group::new(ids[rng.below(ids.len())], None);
            for consumer in [b"alice".as_slice(), b"bob"] {
                group.add_consumer(consumer, 5);
                let id = ids[rng.below(ids.len())];
                let delivered_ms = rng.next_u64() as i64;
                group.assign(Pending {
                    id,
                    consumer: consumer.into(),
                    delivered_ms,
                    deliveries: 3,
                });
            }
            stream.add_group(name.as_bytes(), group);
        }
        for id in ids.iter().filter(|id| id.seq.is_multiple_of(3)) {
            stream.remove(*id, References::Keep);
        }
        stream
    }

    proptest! {
        #[test]
        fn reading_is_the_inverse_of_writing(seed: u64, compress: bool) {
            let stream = any_stream(seed);
            let body = written(&stream, compress);
            let back = restored(&body).unwrap();
            prop_assert_eq!(&back, &stream);
            prop_assert_eq!(written(&back, compress), body);
        }

        #[test]
        fn damage_does_not_panic(seed in 0u64..50, at: prop::sample::Index, byte: u8) {
            let mut body = written(&any_stream(seed), false);
            let at = at.index(body.len());
            body[at] = byte;
            if let Ok(stream) = restored(&body) {
                prop_assert!(restored(&written(&stream, true)).is_ok());
                prop_assert_eq!(stream.range_rev(StreamId::MIN..=StreamId::MAX).count(), stream.len());
            }
        }
    }
}
