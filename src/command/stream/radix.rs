//! The radix tree in which Redis keeps the nodes of a stream: XINFO tells how many nodes that tree has.

use crate::value::StreamId;

/// How many nodes a compressed radix tree has over the bytes of ids, which ascend.
pub(super) fn nodes(ids: impl Iterator<Item = StreamId>) -> usize {
    let keys: Vec<_> = ids.map(StreamId::to_bytes).collect();
    match keys.as_slice() {
        [] => 1,
        keys => below(keys, 0),
    }
}

/// How many nodes there are for keys that agree in the first `depth` bytes.
fn below(keys: &[[u8; 16]], depth: usize) -> usize {
    let (first, last) = (&keys[0][depth..], &keys[keys.len() - 1][depth..]);
    let shared = first.iter().zip(last).take_while(|(a, b)| a == b).count();
    let at = depth + shared;
    // One node for the bytes that all share, and a leaf or one that branches.
    let here = usize::from(shared > 0) + 1;
    if at == keys[0].len() {
        return here;
    }
    let branches = keys.chunk_by(|a, b| a[at] == b[at]);
    here + branches.map(|keys| below(keys, at + 1)).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As XINFO STREAM of Redis 8.2.3 told for nodes with these ids.
    #[test]
    fn the_tree_has_as_many_nodes_as_that_of_redis() {
        let count = |ids: &[u64]| nodes(ids.iter().map(|ms| StreamId::new(*ms, 1)));
        assert_eq!(count(&[]), 1);
        assert_eq!(count(&[1]), 2);
        assert_eq!(count(&[1, 4]), 6);
        assert_eq!(count(&[1, 4, 7]), 8);
    }
}
