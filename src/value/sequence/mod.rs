//! [`Sequence`]: a copy-on-write sequence in which every position is reached in O(log n).
//!
//! Lists and the order of sorted sets are this tree: items stand in leaves, every child is counted. A clone
//! costs one reference count; a write after it copies the nodes on the way to one leaf. It must not know
//! what its items mean, nor how a [`Leaf`] keeps them.

mod leaf;

pub use leaf::Leaf;

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

/// The most items of a leaf that is a vector, and children of a branch.
const WIDTH: usize = 64;

/// A copy-on-write sequence.
#[derive(Clone, Debug)]
pub struct Sequence<L: Leaf> {
    root: Child<L>,
}

#[derive(Clone, Debug)]
struct Child<L: Leaf> {
    /// The number of items below.
    len: usize,
    /// What is known of the last of them, so that a search need not go there to see it.
    last: L::Last,
    node: Arc<Node<L>>,
}

/// All leaves are at the same depth; only the root may have no items, and no branch has no children.
#[derive(Clone, Debug)]
enum Node<L: Leaf> {
    Leaf(L),
    Branch(Vec<Child<L>>),
}

impl<L: Leaf> Default for Sequence<L> {
    fn default() -> Self {
        Sequence::new()
    }
}

impl<L: Leaf> Sequence<L> {
    /// An empty sequence.
    pub fn new() -> Sequence<L> {
        Sequence {
            root: Child::new(Node::Leaf(L::default())),
        }
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.root.len
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`.
    pub fn get(&self, index: usize) -> Option<L::Ref<'_>> {
        let (leaf, at) = self.leaf(index)?;
        leaf.range(at..leaf.len()).next()
    }

    /// All items in order.
    pub fn iter(&self) -> Iter<'_, L> {
        self.range(0..self.len())
    }

    /// The items of a range in order.
    ///
    /// # Panics
    ///
    /// When the range ends behind the sequence.
    pub fn range(&self, range: Range<usize>) -> Iter<'_, L> {
        assert!(range.end <= self.len(), "{range:?} of {}", self.len());
        Iter {
            sequence: self,
            range,
            front: None,
            back: None,
        }
    }

    /// How many items at the beginning, and how many at the end behind them, stand in the very same leaves in `other`.
    pub fn shared(&self, other: &Sequence<L>) -> (usize, usize) {
        let (ours, theirs) = (self.root.leaves(), other.root.leaves());
        let is_same = |pair: &(&&Child<L>, &&Child<L>)| Arc::ptr_eq(&pair.0.node, &pair.1.node);
        let front = std::iter::zip(&ours, &theirs).take_while(is_same);
        let front: Vec<usize> = front.map(|(child, _)| child.len).collect();
        let (ours, theirs) = (ours[front.len()..].iter(), theirs[front.len()..].iter());
        let back = std::iter::zip(ours.rev(), theirs.rev()).take_while(is_same);
        (front.iter().sum(), back.map(|(child, _)| child.len).sum())
    }

    /// The leaf in which `index` is, and where in it.
    fn leaf(&self, mut index: usize) -> Option<(&L, usize)> {
        if index >= self.len() {
            return None;
        }
        let mut node = &*self.root.node;
        loop {
            match node {
                Node::Leaf(leaf) => return Some((leaf, index)),
                Node::Branch(children) => {
                    let (at, within) = find_child(children, index);
                    (node, index) = (&children[at].node, within);
                }
            }
        }
    }

    /// Puts an item at `index`; those from there on move up.
    ///
    /// # Panics
    ///
    /// When `index` is greater than the length.
    pub fn insert(&mut self, index: usize, item: L::Item) {
        assert!(index <= self.len(), "{index} of {}", self.len());
        if let Some(right) = self.root.insert(index, item) {
            let left = self.root.clone();
            self.root = Child::new(Node::Branch(vec![left, right]));
        }
    }

    /// Puts an item before all others.
    pub fn push_front(&mut self, item: L::Item) {
        self.insert(0, item);
    }

    /// Puts an item behind all others.
    pub fn push_back(&mut self, item: L::Item) {
        self.insert(self.len(), item);
    }

    /// Takes the item at `index` out; those behind it move down.
    ///
    /// # Panics
    ///
    /// When `index` is not less than the length.
    pub fn remove(&mut self, index: usize) -> L::Item {
        assert!(index < self.len(), "{index} of {}", self.len());
        let item = self.root.remove(index);
        while let Node::Branch(children) = &*self.root.node
            && let [only] = children.as_slice()
        {
            self.root = only.clone();
        }
        item
    }

    /// Keeps the items of `range` only.
    ///
    /// # Panics
    ///
    /// When the range ends behind the sequence.
    pub fn keep(&mut self, range: Range<usize>) {
        if range.len() < self.len() / 2 {
            *self = self.range(range).map(L::own).collect();
            return;
        }
        while self.len() > range.end {
            self.remove(self.len() - 1);
        }
        for _ in 0..range.start {
            self.remove(0);
        }
    }
}

impl<T: Clone + Debug> Sequence<Vec<T>> {
    /// The number of items at the beginning for which `first` is true; it must be false for all others.
    pub fn partition_point(&self, mut first: impl FnMut(&T) -> bool) -> usize {
        let (mut node, mut before) = (&*self.root.node, 0);
        loop {
            match node {
                Node::Leaf(items) => return before + items.partition_point(first),
                Node::Branch(children) => {
                    let (last, others) = children.split_last().expect("no branch is empty");
                    let whole =
                        others.partition_point(|child| child.last.as_ref().is_some_and(&mut first));
                    before += others[..whole].iter().map(|child| child.len).sum::<usize>();
                    node = &others.get(whole).unwrap_or(last).node;
                }
            }
        }
    }

    /// Replaces the item at `index`; the item that was there.
    ///
    /// # Panics
    ///
    /// When `index` is not less than the length.
    pub fn set(&mut self, index: usize, item: T) -> T {
        self.update(index, |old| std::mem::replace(old, item))
    }

    /// Changes the item at `index`; what `change` returns. The item is nobody else's meanwhile unless a clone of
    /// the sequence has it too, so that one behind a reference count need not be copied.
    ///
    /// # Panics
    ///
    /// When `index` is not less than the length.
    pub fn update<R>(&mut self, index: usize, change: impl FnOnce(&mut T) -> R) -> R {
        assert!(index < self.len(), "{index} of {}", self.len());
        self.root.update(index, change)
    }
}

impl<L: Leaf> Child<L> {
    fn new(node: Node<L>) -> Child<L> {
        Child {
            len: node.len(),
            last: node.last(),
            node: Arc::new(node),
        }
    }

    /// What leads to the leaves below, in order.
    fn leaves(&self) -> Vec<&Child<L>> {
        match &*self.node {
            Node::Leaf(_) => vec![self],
            Node::Branch(children) => children.iter().flat_map(Child::leaves).collect(),
        }
    }

    /// Inserts an item; the new right neighbour where the node had to be split.
    fn insert(&mut self, index: usize, item: L::Item) -> Option<Child<L>> {
        let at_end = index == self.len;
        self.len += 1;
        let right = match Arc::make_mut(&mut self.node) {
            Node::Leaf(leaf) => insert_or_split(leaf, index, item).map(Node::Leaf),
            Node::Branch(children) => {
                let (at, within) = find_child(children, index);
                let new = children[at].insert(within, item);
                let right = new.and_then(|new| insert_or_split(children, at + 1, new));
                right.map(Node::Branch)
            }
        };
        let right = right.map(Child::new);
        self.len -= right.as_ref().map_or(0, |right| right.len);
        self.note_last(at_end || right.is_some());
        right
    }

    fn remove(&mut self, index: usize) -> L::Item {
        self.len -= 1;
        let item = match Arc::make_mut(&mut self.node) {
            Node::Leaf(leaf) => leaf.remove(index),
            Node::Branch(children) => {
                let (at, within) = find_child(children, index);
                let item = children[at].remove(within);
                tidy(children, at);
                item
            }
        };
        self.note_last(index == self.len);
        item
    }

    /// Notes the last item, if it has `changed`.
    fn note_last(&mut self, changed: bool) {
        if changed {
            self.last = self.node.last();
        }
    }

    /// Takes over what its right neighbour holds.
    fn join(&mut self, right: Child<L>) {
        self.len += right.len;
        self.last = right.last;
        match (
            Arc::make_mut(&mut self.node),
            Arc::unwrap_or_clone(right.node),
        ) {
            (Node::Leaf(left), Node::Leaf(right)) => left.append(right),
            (Node::Branch(left), Node::Branch(right)) => left.extend(right),
            _ => unreachable!("neighbours are at the same depth"),
        }
    }
}

impl<T: Clone + Debug> Child<Vec<T>> {
    fn update<R>(&mut self, index: usize, change: impl FnOnce(&mut T) -> R) -> R {
        let is_last = index + 1 == self.len;
        if is_last {
            self.last = None;
        }
        let result = match Arc::make_mut(&mut self.node) {
            Node::Leaf(items) => change(&mut items[index]),
            Node::Branch(children) => {
                let (at, within) = find_child(children, index);
                children[at].update(within, change)
            }
        };
        self.note_last(is_last);
        result
    }
}

impl<L: Leaf> Node<L> {
    /// How much of its room is taken.
    fn size(&self) -> usize {
        match self {
            Node::Leaf(leaf) => leaf.size(),
            Node::Branch(children) => children.len(),
        }
    }

    fn room(&self) -> usize {
        match self {
            Node::Leaf(_) => L::ROOM,
            Node::Branch(_) => WIDTH,
        }
    }

    fn len(&self) -> usize {
        match self {
            Node::Leaf(leaf) => leaf.len(),
            Node::Branch(children) => children.iter().map(|child| child.len).sum(),
        }
    }

    fn last(&self) -> L::Last {
        match self {
            Node::Leaf(leaf) => leaf.last(),
            Node::Branch(children) => {
                let last = children.last().map(|child| child.last.clone());
                last.unwrap_or_default()
            }
        }
    }
}

/// Inserts into a node. One that was full keeps its left part, and the right part is returned: a half, or
/// next to nothing at an end, so that a sequence that only grows there has full nodes.
fn insert_or_split<P: Leaf>(parts: &mut P, index: usize, part: P::Item) -> Option<P> {
    let len = parts.len();
    if len == 0 || parts.size() + P::cost(&part) <= P::ROOM {
        parts.insert(index, part);
        return None;
    }
    let cut = if index == 0 || index == len {
        index
    } else {
        len / 2
    };
    let mut right = parts.split_off(cut);
    if index < cut || cut == 0 {
        parts.insert(index, part);
    } else {
        right.insert(index - cut, part);
    }
    Some(right)
}

/// Drops the child at `at` when it has become empty, or joins it with a neighbour when that fits.
fn tidy<L: Leaf>(children: &mut Vec<Child<L>>, at: usize) {
    let node = &children[at].node;
    let room = node.room();
    if children[at].len == 0 {
        children.remove(at);
    } else if node.size() < room / 4 {
        let fit = |left: usize| {
            let pair = children.get(left..left + 2)?;
            (pair[0].node.size() + pair[1].node.size() <= room).then_some(left)
        };
        if let Some(left) = at.checked_sub(1).and_then(fit).or_else(|| fit(at)) {
            let right = children.remove(left + 1);
            children[left].join(right);
        }
    }
}

/// The child in which `index` is, the last one for the end, and the index within it.
fn find_child<L: Leaf>(children: &[Child<L>], mut index: usize) -> (usize, usize) {
    let last = children.len() - 1;
    for (at, child) in children[..last].iter().enumerate() {
        if index < child.len {
            return (at, index);
        }
        index -= child.len;
    }
    (last, index)
}

/// Items of a [`Sequence`] in order, from both ends.
#[derive(Clone, Debug)]
pub struct Iter<'a, L: Leaf> {
    sequence: &'a Sequence<L>,
    /// What is still to come.
    range: Range<usize>,
    /// The rest of the leaf at the start, and at the end, of the range.
    front: Option<L::Iter<'a>>,
    back: Option<L::Iter<'a>>,
}

impl<'a, L: Leaf> Iterator for Iter<'a, L> {
    type Item = L::Ref<'a>;

    fn next(&mut self) -> Option<L::Ref<'a>> {
        let index = self.range.next()?;
        self.front.as_mut().and_then(Iterator::next).or_else(|| {
            let (leaf, at) = self.sequence.leaf(index)?;
            self.front.insert(leaf.range(at..leaf.len())).next()
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl<'a, L: Leaf> DoubleEndedIterator for Iter<'a, L> {
    fn next_back(&mut self) -> Option<L::Ref<'a>> {
        let index = self.range.next_back()?;
        let back = self.back.as_mut();
        back.and_then(DoubleEndedIterator::next_back).or_else(|| {
            let (leaf, at) = self.sequence.leaf(index)?;
            self.back.insert(leaf.range(0..at + 1)).next_back()
        })
    }
}

impl<L: Leaf> ExactSizeIterator for Iter<'_, L> {}

impl<L: Leaf> From<L> for Sequence<L> {
    fn from(leaf: L) -> Sequence<L> {
        Sequence {
            root: Child::new(Node::Leaf(leaf)),
        }
    }
}

impl<L: Leaf> FromIterator<L::Item> for Sequence<L> {
    fn from_iter<I: IntoIterator<Item = L::Item>>(items: I) -> Sequence<L> {
        let mut sequence = Sequence::new();
        items.into_iter().for_each(|item| sequence.push_back(item));
        sequence
    }
}

impl<L: Leaf> PartialEq for Sequence<L>
where
    for<'a> L::Ref<'a>: PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Op {
        Insert(prop::sample::Index, u32),
        PushFront(u32),
        PushBack(u32),
        Remove(prop::sample::Index),
        /// Takes this many items from the front, or from the back.
        Pop(u8, bool),
        Set(prop::sample::Index, u32),
        Keep(prop::sample::Index, prop::sample::Index),
    }

    fn any_op() -> impl Strategy<Value = Op> {
        prop_oneof![
            40 => (any::<prop::sample::Index>(), any::<u32>()).prop_map(|(at, item)| Op::Insert(at, item)),
            40 => any::<u32>().prop_map(Op::PushFront),
            40 => any::<u32>().prop_map(Op::PushBack),
            40 => any::<prop::sample::Index>().prop_map(Op::Remove),
            4 => (any::<u8>(), any::<bool>()).prop_map(|(count, front)| Op::Pop(count, front)),
            20 => (any::<prop::sample::Index>(), any::<u32>()).prop_map(|(at, item)| Op::Set(at, item)),
            1 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(a, b)| Op::Keep(a, b)),
        ]
    }

    /// Does the same to the sequence and to a vector.
    fn apply(op: Op, sequence: &mut Sequence<Vec<u32>>, model: &mut Vec<u32>) {
        let len = model.len();
        match op {
            Op::Insert(at, item) => {
                let at = at.index(len + 1);
                sequence.insert(at, item);
                model.insert(at, item);
            }
            Op::PushFront(item) => {
                sequence.push_front(item);
                model.insert(0, item);
            }
            Op::PushBack(item) => {
                sequence.push_back(item);
                model.push(item);
            }
            Op::Remove(at) if len > 0 => {
                let at = at.index(len);
                assert_eq!(sequence.remove(at), model.remove(at));
            }
            Op::Pop(count, front) => {
                for _ in 0..usize::from(count).min(len) {
                    let at = if front { 0 } else { model.len() - 1 };
                    assert_eq!(sequence.remove(at), model.remove(at));
                }
            }
            Op::Set(at, item) if len > 0 => {
                let at = at.index(len);
                assert_eq!(
                    sequence.set(at, item),
                    std::mem::replace(&mut model[at], item)
                );
                sequence.update(at, |old| *old /= 2);
                model[at] /= 2;
            }
            Op::Keep(a, b) => {
                let (a, b) = (a.index(len + 1), b.index(len + 1));
                sequence.keep(a.min(b)..a.max(b));
                *model = model[a.min(b)..a.max(b)].to_vec();
            }
            Op::Remove(_) | Op::Set(..) => {}
        }
    }

    /// The depth, which is the same everywhere; every node is counted and none is empty or too wide.
    fn check(child: &Child<Vec<u32>>, is_root: bool) -> usize {
        let width = child.node.size();
        assert!(width <= WIDTH && (is_root || width > 0));
        assert_eq!(
            (child.len, child.last),
            (child.node.len(), child.node.last())
        );
        match &*child.node {
            Node::Leaf(_) => 0,
            Node::Branch(children) => {
                let depths: Vec<_> = children.iter().map(|child| check(child, false)).collect();
                assert!(depths.windows(2).all(|pair| pair[0] == pair[1]));
                depths[0] + 1
            }
        }
    }

    #[test]
    fn growing_at_an_end_fills_the_leaves() {
        let mut front = Sequence::new();
        let mut back = Sequence::new();
        for item in 0..100_000u32 {
            front.push_front(item);
            back.push_back(item);
        }
        assert!(front.iter().rev().eq(back.iter()));
        assert!(check(&front.root, true) <= 3 && check(&back.root, true) <= 2);
        assert_eq!(back.partition_point(|&item| item < 77_777), 77_777);
        assert_eq!(back.partition_point(|_| true), 100_000);
        assert_eq!((back.get(99_999), back.get(100_000)), (Some(&99_999), None));
    }

    #[test]
    fn a_write_after_a_clone_copies_one_path() {
        let original: Sequence<Vec<u32>> = (0..10_000).collect();
        let mut copy = original.clone();
        copy.set(5_000, 0);
        copy.remove(9_999);
        assert_eq!(
            (original.get(5_000), original.len()),
            (Some(&5_000), 10_000)
        );
        let (Node::Branch(a), Node::Branch(b)) = (&*original.root.node, &*copy.root.node) else {
            panic!("ten thousand items in one leaf");
        };
        let shared = a
            .iter()
            .zip(b)
            .filter(|(a, b)| Arc::ptr_eq(&a.node, &b.node))
            .count();
        assert_eq!(shared, a.len() - 2);
    }

    proptest! {
        #[test]
        fn behaves_like_a_vector(start in 0u32..6000, ops in prop::collection::vec(any_op(), 0..600)) {
            let mut sequence: Sequence<Vec<u32>> = (0..start).collect();
            let mut model: Vec<u32> = (0..start).collect();
            for op in ops {
                let (before, items) = (sequence.clone(), model.clone());
                apply(op, &mut sequence, &mut model);
                prop_assert_eq!(sequence.len(), model.len());
                if sequence.len().is_multiple_of(17) {
                    prop_assert!(before.iter().eq(&items), "a clone does not change");
                }
            }
            check(&sequence.root, true);
            prop_assert!(sequence.iter().eq(&model));
            prop_assert!(sequence.iter().rev().eq(model.iter().rev()));
            let middle = model.len() / 3..model.len() / 2;
            prop_assert!(sequence.range(middle.clone()).eq(&model[middle]));
        }
    }
}
