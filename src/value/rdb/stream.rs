//! Streams: the nodes as they are kept, then the history, then the consumer groups.

use std::collections::BTreeMap;

use super::Style;
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

pub(super) fn write(stream: &Stream, out: &mut Vec<u8>, style: Style) {
    out.push(kind::STREAM);
    length::write(out, stream.nodes().len() as u64);
    for node in stream.nodes().iter() {
        string::write(&node.id().to_bytes(), out, false);
        string::write(&node.block().clone().finish(), out, style.compress);
    }
    length::write(out, stream.len() as u64);
    write_id(stream.last_id(), out);
    write_id(stream.first_id(), out);
    write_id(stream.max_deleted_id(), out);
    length::write(out, stream.entries_added());
    length::write(out, stream.groups().len() as u64);
    for (name, group) in stream.groups() {
        string::write(name, out, style.compress);
        write_group(group, out, style);
    }
}

fn write_id(id: StreamId, out: &mut Vec<u8>) {
    length::write(out, id.ms);
    length::write(out, id.seq);
}

fn write_group(group: &Group, out: &mut Vec<u8>, style: Style) {
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
        string::write(name, out, style.compress);
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
