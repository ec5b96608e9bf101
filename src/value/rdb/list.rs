//! Lists: nodes of a quicklist, or item by item.

use super::Style;
use super::input::Input;
use super::input::Malformed;
use super::kind;
use super::length;
use super::listpack;
use super::listpack::Listpack;
use super::string;
use super::ziplist;
use crate::bytes::Bytes;
use crate::value::List;
use crate::value::ListLimits;

/// What a node is: one long item, or a listpack.
const PLAIN: u64 = 1;
const PACKED: u64 = 2;
/// A node that is smaller than this, or not made smaller by more than that, is not compressed in memory.
const COMPRESSED: usize = 48;
const COMPRESSED_GAIN: usize = 8;
/// What Redis adds to an item's length for its guess whether a node can take it.
const ENTRY_OVERHEAD: usize = 8;

pub(super) fn write(list: &List, out: &mut Vec<u8>, style: Style) {
    if list.is_quicklist() && !style.redis_order {
        write_items(list, out, style);
    } else {
        write_nodes(list, out, style);
    }
}

fn write_items(list: &List, out: &mut Vec<u8>, style: Style) {
    out.push(kind::LIST);
    length::write(out, list.len() as u64);
    for item in list.iter().map(Bytes::from) {
        string::write(&item, out, style.compress);
    }
}

/// The nodes are filled as if every item had been pushed to the back.
fn write_nodes(list: &List, out: &mut Vec<u8>, style: Style) {
    let nodes = nodes(list, style.nodes);
    out.push(kind::LIST_QUICKLIST);
    length::write(out, nodes.len() as u64);
    let depth = style.nodes.depth;
    let inner = depth..nodes.len().saturating_sub(depth);
    for (index, (container, node)) in nodes.iter().enumerate() {
        length::write(out, *container);
        let is_compressed = depth > 0 && inner.contains(&index) && node.len() >= COMPRESSED;
        if !(is_compressed && string::write_compressed(node, COMPRESSED_GAIN, out).is_some()) {
            string::write(node, out, style.compress);
        }
    }
}

/// Each node's kind and bytes.
pub(super) fn nodes(list: &List, limits: ListLimits) -> Vec<(u64, Vec<u8>)> {
    let (mut nodes, mut open) = (Vec::new(), Listpack::new());
    for item in list.iter().map(Bytes::from) {
        let is_plain = item.len() > limits.bytes();
        // The first node was a listpack once, of which Redis knows the size.
        let overhead = if nodes.is_empty() { 0 } else { ENTRY_OVERHEAD };
        let guess = open.size() + item.len() + overhead;
        let full = guess > limits.bytes() || open.len() >= limits.items();
        let full = list.is_quicklist() && full;
        if !open.is_empty() && (is_plain || full) {
            nodes.push((PACKED, std::mem::take(&mut open).finish()));
        }
        if is_plain {
            nodes.push((PLAIN, item.to_vec()));
        } else {
            open.push(&item);
        }
    }
    if !open.is_empty() {
        nodes.push((PACKED, open.finish()));
    }
    nodes
}

pub(super) fn read(
    kind: u8,
    input: &mut Input<'_>,
    limits: &ListLimits,
) -> Result<List, Malformed> {
    let mut items = Items::default();
    items.list.fit(*limits);
    match kind {
        kind::LIST => {
            for _ in 0..length::read(input)? {
                let item = string::read(input)?;
                items.list.expect(1, item.len());
                items.list.push_back(&*item);
            }
        }
        kind::LIST_ZIPLIST => items.extend(ziplist::read(&string::read(input)?)?),
        kind::LIST_ZIPLISTS => {
            for _ in 0..length::read(input)? {
                items.extend(ziplist::read(&string::read(input)?)?);
            }
        }
        _ => {
            for _ in 0..length::read(input)? {
                read_node(input, &mut items)?;
            }
        }
    }
    items.collect()
}

fn read_node(input: &mut Input<'_>, items: &mut Items) -> Result<(), Malformed> {
    match length::read(input)? {
        PLAIN => {
            items.extend([Bytes::from(&*string::read(input)?)]);
            items.has_plain = true;
        }
        PACKED => items.extend(listpack::read(&string::read(input)?)?),
        _ => return Err(Malformed),
    }
    Ok(())
}

/// What has been read of a list.
#[derive(Default)]
struct Items {
    list: List,
    /// The number of nodes that were not empty.
    nodes: usize,
    has_plain: bool,
}

impl Items {
    /// Adds the items of a node.
    fn extend(&mut self, items: impl IntoIterator<Item = Bytes>) {
        let before = self.list.len();
        items.into_iter().for_each(|item| self.list.push_back(item));
        self.nodes += usize::from(self.list.len() > before);
    }

    /// The list; Redis has none without items, and leaves several nodes as they are.
    fn collect(mut self) -> Result<List, Malformed> {
        self.list.expect(0, 0);
        if self.nodes > 1 || self.has_plain {
            self.list.make_quicklist();
        }
        (!self.list.is_empty())
            .then_some(self.list)
            .ok_or(Malformed)
    }
}
