//! [`CowVec`]: a vector whose clone is cheap however long it is, and whose elements are found by index. It knows
//! nothing of keys.

use std::hint::black_box;
use std::ops::BitXor;

use triomphe::Arc;

use super::Touch;

/// Elements of one leaf: what a write after a clone copies at most, beside one branch.
const LEAF: usize = 32;
/// Vectors up to this length have no room that they don't use.
const SMALL: usize = 8;
/// Leaves of one branch.
const BRANCH: usize = 32;

/// A copy-on-write vector. A clone costs one reference count per 1024 elements; a write after it copies the leaf and
/// the branch that it touches.
#[derive(Clone, Debug)]
pub(super) enum CowVec<T> {
    Empty,
    /// At most one leaf's elements, in an allocation of their size.
    Few(Arc<Vec<T>>),
    /// So many elements. Up to one leaf behind them is kept, so that a vector that goes to and fro over a border
    /// does not make it anew each time.
    Many(Vec<Arc<Branch<T>>>, usize),
}

/// An element is reached without a look at a length, which would lie in another cache line.
type Leaf<T> = [Option<T>; LEAF];
type Branch<T> = [Option<Arc<Leaf<T>>>; BRANCH];

impl<T> CowVec<T> {
    pub(super) const fn new() -> CowVec<T> {
        CowVec::Empty
    }

    /// The number of elements.
    pub(super) fn len(&self) -> usize {
        match self {
            CowVec::Empty => 0,
            CowVec::Few(leaf) => leaf.len(),
            CowVec::Many(_, len) => *len,
        }
    }

    /// The element at `index`.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        match self {
            CowVec::Empty => None,
            CowVec::Few(leaf) => leaf.get(index),
            CowVec::Many(branches, _) => {
                let branch = branches.get(index / LEAF / BRANCH)?;
                let leaf = branch[index / LEAF % BRANCH].as_ref()?;
                leaf[index % LEAF].as_ref()
            }
        }
    }

    /// The elements in order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        let leaves = self
            .branches()
            .iter()
            .flat_map(|branch| branch.iter().flatten());
        let many = leaves.flat_map(|leaf| leaf.iter().flatten());
        self.few().iter().chain(many)
    }

    /// All elements, if there never were more than one leaf's.
    #[inline]
    pub(super) fn few(&self) -> &[T] {
        match self {
            CowVec::Few(leaf) => leaf,
            _ => &[],
        }
    }

    /// The elements in pieces that are not the very ones that `other` has at the same place, in order.
    pub(super) fn unshared<'a>(&'a self, other: &'a CowVec<T>) -> impl Iterator<Item = &'a T> {
        let few = match (self, other) {
            (CowVec::Few(ours), CowVec::Few(theirs)) if Arc::ptr_eq(ours, theirs) => &[],
            _ => self.few(),
        };
        let others = other.branches();
        let branches = self.branches().iter().enumerate();
        let branches = branches.map(|(at, branch)| (branch, others.get(at)));
        let leaves = branches
            .filter(|(branch, other)| !other.is_some_and(|other| Arc::ptr_eq(branch, other)))
            .flat_map(|(branch, other)| unshared_leaves(branch, other));
        let many = leaves.flat_map(|leaf| leaf.iter().flatten());
        few.iter().chain(many)
    }

    fn branches(&self) -> &[Arc<Branch<T>>] {
        match self {
            CowVec::Many(branches, _) => branches,
            _ => &[],
        }
    }

    /// How many elements there is room for without another allocation.
    pub(super) fn capacity(&self) -> usize {
        match self {
            CowVec::Empty => 0,
            CowVec::Few(leaf) => leaf.capacity(),
            CowVec::Many(_, len) => len.next_multiple_of(LEAF),
        }
    }
}

impl<T: Touch> CowVec<T> {
    /// The element at `index`, to change.
    #[inline]
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        match self {
            CowVec::Empty => None,
            CowVec::Few(leaf) => Arc::make_mut(leaf).get_mut(index),
            CowVec::Many(branches, _) => {
                let branch = Arc::make_mut(branches.get_mut(index / LEAF / BRANCH)?);
                let leaf = branch[index / LEAF % BRANCH].as_mut()?;
                own(leaf)[index % LEAF].as_mut()
            }
        }
    }

    /// Appends an element.
    pub(super) fn push(&mut self, element: T) {
        match self {
            CowVec::Empty => *self = CowVec::Few(Arc::new(vec![element])),
            CowVec::Few(leaf) if leaf.len() < LEAF => {
                let leaf = Arc::make_mut(leaf);
                if leaf.len() < SMALL {
                    // Small vectors are many.
                    leaf.reserve_exact(1);
                }
                leaf.push(element);
            }
            CowVec::Few(leaf) => {
                let mut full = std::mem::take(Arc::make_mut(leaf)).into_iter();
                let full: Leaf<T> = std::array::from_fn(|_| full.next());
                *self = CowVec::Many(vec![branch_of(full)], LEAF);
                self.push(element);
            }
            CowVec::Many(branches, len) => {
                if len.is_multiple_of(LEAF) {
                    ensure_leaf(branches, *len / LEAF);
                }
                *len += 1;
                let index = *len - 1;
                *slot_mut(branches, index) = Some(element);
            }
        }
    }

    /// Removes the last element.
    pub(super) fn pop(&mut self) -> Option<T> {
        match self {
            CowVec::Empty => None,
            CowVec::Few(leaf) => Arc::make_mut(leaf).pop(),
            CowVec::Many(branches, len) => {
                *len = len.checked_sub(1)?;
                let element = slot_mut(branches, *len).take();
                if len.is_multiple_of(LEAF) {
                    drop_leaf(branches, *len / LEAF + 1);
                }
                element
            }
        }
    }

    /// Exchanges two elements.
    ///
    /// # Panics
    ///
    /// When one of them is not there.
    pub(super) fn swap(&mut self, a: usize, b: usize) {
        match self {
            CowVec::Empty => panic!("no element is there"),
            CowVec::Few(leaf) => Arc::make_mut(leaf).swap(a, b),
            CowVec::Many(branches, _) => {
                let one = slot_mut(branches, a).take();
                let other = match a == b {
                    true => one,
                    false => std::mem::replace(slot_mut(branches, b), one),
                };
                *slot_mut(branches, a) = other;
            }
        }
    }
}

/// The leaves of a branch that are not the very ones that another has at the same place.
fn unshared_leaves<'a, T>(
    branch: &'a Branch<T>,
    other: Option<&'a Arc<Branch<T>>>,
) -> impl Iterator<Item = &'a Arc<Leaf<T>>> {
    let leaves = branch.iter().enumerate();
    leaves.filter_map(move |(at, leaf)| {
        let leaf = leaf.as_ref()?;
        let other = other.and_then(|other| other[at].as_ref());
        (!other.is_some_and(|other| Arc::ptr_eq(leaf, other))).then_some(leaf)
    })
}

/// The place of an element whose leaf is there.
fn slot_mut<T: Touch>(branches: &mut [Arc<Branch<T>>], index: usize) -> &mut Option<T> {
    let branch = Arc::make_mut(&mut branches[index / LEAF / BRANCH]);
    let leaf = branch[index / LEAF % BRANCH].as_mut();
    &mut own(leaf.expect("an index below the length"))[index % LEAF]
}

/// The leaf, copied if it is shared. A copy counts references all over the memory, and a processor counts one after the
/// other: it waits for all of their places at the same time only if they are read before.
fn own<T: Touch>(leaf: &mut Arc<Leaf<T>>) -> &mut Leaf<T> {
    if !leaf.is_unique() {
        let elements = leaf.iter().flatten();
        black_box(elements.map(T::touch).fold(0, BitXor::bitxor));
    }
    Arc::make_mut(leaf)
}

/// A branch with one leaf.
fn branch_of<T>(leaf: Leaf<T>) -> Arc<Branch<T>> {
    let mut leaf = Some(Arc::new(leaf));
    Arc::new(std::array::from_fn(|_| leaf.take()))
}

/// Sees to it that there is a leaf behind `leaves` others.
fn ensure_leaf<T: Clone>(branches: &mut Vec<Arc<Branch<T>>>, leaves: usize) {
    let empty = || std::array::from_fn(|_| None);
    match branches.get_mut(leaves / BRANCH) {
        None => branches.push(branch_of(empty())),
        Some(branch) if branch[leaves % BRANCH].is_some() => {}
        Some(branch) => Arc::make_mut(branch)[leaves % BRANCH] = Some(Arc::new(empty())),
    }
}

/// Removes the leaf, the last one, that has `leaves` others before it, if it is there.
fn drop_leaf<T: Clone>(branches: &mut Vec<Arc<Branch<T>>>, leaves: usize) {
    if leaves.is_multiple_of(BRANCH) {
        branches.truncate(leaves / BRANCH);
    } else if let Some(branch) = branches.get_mut(leaves / BRANCH)
        && branch[leaves % BRANCH].is_some()
    {
        Arc::make_mut(branch)[leaves % BRANCH] = None;
    }
}

impl<T: Touch> FromIterator<T> for CowVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut vector = CowVec::new();
        elements
            .into_iter()
            .for_each(|element| vector.push(element));
        vector
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_write_after_a_clone_copies_one_leaf_and_one_branch() {
        let mut vector: CowVec<usize> = (0..5000).collect();
        let before = vector.clone();
        *vector.get_mut(2000).unwrap() = 7;
        assert_eq!(
            (before.get(2000), vector.get(2000)),
            (Some(&2000), Some(&7))
        );
        let (CowVec::Many(new, _), CowVec::Many(old, _)) = (&vector, &before) else {
            panic!("five thousand are many");
        };
        let shared = |index: usize| Arc::ptr_eq(&new[index], &old[index]);
        assert_eq!(
            (0..5).map(shared).collect::<Vec<_>>(),
            [true, false, true, true, true]
        );
        let leaves = std::iter::zip(new[1].iter().flatten(), old[1].iter().flatten());
        assert_eq!(leaves.filter(|(a, b)| !Arc::ptr_eq(a, b)).count(), 1);
    }

    proptest! {
        /// Sizes cross every border.
        #[test]
        fn behaves_like_a_vector(ops in prop::collection::vec((0u8..8, any::<prop::sample::Index>()), 0..4000)) {
            let mut vector = CowVec::new();
            let mut model = Vec::new();
            for (step, (kind, at)) in ops.into_iter().enumerate() {
                match kind {
                    0..5 => {
                        vector.push(step);
                        model.push(step);
                    }
                    5 => prop_assert_eq!(vector.pop(), model.pop()),
                    _ if model.is_empty() => prop_assert_eq!(vector.get(0), None),
                    6 => {
                        let at = at.index(model.len());
                        vector.swap(at, 0);
                        model.swap(at, 0);
                    }
                    _ => {
                        let at = at.index(model.len());
                        *vector.get_mut(at).unwrap() = step;
                        model[at] = step;
                    }
                }
                prop_assert_eq!(vector.get(model.len()), None);
                prop_assert_eq!(vector.len(), model.len());
            }
            prop_assert!(vector.iter().eq(&model));
            prop_assert!(vector.iter().rev().eq(model.iter().rev()));
        }
    }
}
