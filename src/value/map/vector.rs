//! [`CowVec`]: a vector whose clone is cheap however long it is, and whose elements are found by index. It knows
//! nothing of keys.

use std::sync::Arc;

use arrayvec::ArrayVec;

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
    /// All leaves but the last are full, and so are all branches.
    Many(Vec<Arc<Branch<T>>>),
}

type Leaf<T> = Arc<ArrayVec<T, LEAF>>;
type Branch<T> = ArrayVec<Leaf<T>, BRANCH>;

impl<T> CowVec<T> {
    pub(super) const fn new() -> CowVec<T> {
        CowVec::Empty
    }

    /// The element at `index`.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        match self {
            CowVec::Empty => None,
            CowVec::Few(leaf) => leaf.get(index),
            CowVec::Many(branches) => {
                let branch = branches.get(index / LEAF / BRANCH)?;
                branch.get(index / LEAF % BRANCH)?.get(index % LEAF)
            }
        }
    }

    /// The elements in order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        let few = match self {
            CowVec::Few(leaf) => leaf.as_slice(),
            _ => &[],
        };
        let branches = match self {
            CowVec::Many(branches) => branches.as_slice(),
            _ => &[],
        };
        let many = branches.iter().flat_map(|branch| branch.iter());
        few.iter().chain(many.flat_map(|leaf| leaf.iter()))
    }

    /// How many elements there is room for without another allocation.
    pub(super) fn capacity(&self) -> usize {
        match self {
            CowVec::Empty => 0,
            CowVec::Few(leaf) => leaf.capacity(),
            CowVec::Many(branches) => {
                let leaves: usize = branches.iter().map(|branch| branch.len()).sum();
                leaves * LEAF
            }
        }
    }
}

impl<T: Clone> CowVec<T> {
    /// The element at `index`, to change.
    #[inline]
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        match self {
            CowVec::Empty => None,
            CowVec::Few(leaf) => Arc::make_mut(leaf).get_mut(index),
            CowVec::Many(branches) => {
                let branch = Arc::make_mut(branches.get_mut(index / LEAF / BRANCH)?);
                let leaf = Arc::make_mut(branch.get_mut(index / LEAF % BRANCH)?);
                leaf.get_mut(index % LEAF)
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
                let full = std::mem::take(Arc::make_mut(leaf)).into_iter().collect();
                *self = CowVec::Many(vec![Arc::new(Branch::from_iter([Arc::new(full)]))]);
                self.push(element);
            }
            CowVec::Many(branches) => push_behind(branches, element),
        }
    }

    /// Removes the last element.
    pub(super) fn pop(&mut self) -> Option<T> {
        match self {
            CowVec::Empty => None,
            CowVec::Few(leaf) => Arc::make_mut(leaf).pop(),
            CowVec::Many(branches) => {
                let branch = Arc::make_mut(branches.last_mut()?);
                let leaf = Arc::make_mut(branch.last_mut()?);
                let element = leaf.pop();
                if leaf.is_empty() {
                    branch.pop();
                    branches.pop_if(|branch| branch.is_empty());
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
        if let CowVec::Few(leaf) = self {
            return Arc::make_mut(leaf).swap(a, b);
        }
        let taken = |element: Option<&mut T>, other: T| {
            std::mem::replace(element.expect("an index below the length"), other)
        };
        let other = self.get(b).expect("an index below the length").clone();
        let one = taken(self.get_mut(a), other);
        taken(self.get_mut(b), one);
    }
}

fn push_behind<T: Clone>(branches: &mut Vec<Arc<Branch<T>>>, element: T) {
    if branches.last().is_none_or(|branch| is_full(branch)) {
        branches.push(Arc::new(Branch::new()));
    }
    let branch = Arc::make_mut(branches.last_mut().expect("just pushed"));
    if branch.last().is_none_or(|leaf| leaf.is_full()) {
        branch.push(Arc::new(ArrayVec::new()));
    }
    Arc::make_mut(branch.last_mut().expect("just pushed")).push(element);
}

fn is_full<T>(branch: &Branch<T>) -> bool {
    branch.is_full() && branch.last().is_some_and(|leaf| leaf.is_full())
}

impl<T: Clone> FromIterator<T> for CowVec<T> {
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
        let (CowVec::Many(new), CowVec::Many(old)) = (&vector, &before) else {
            panic!("five thousand are many");
        };
        let shared = |index: usize| Arc::ptr_eq(&new[index], &old[index]);
        assert_eq!(
            (0..5).map(shared).collect::<Vec<_>>(),
            [true, false, true, true, true]
        );
        let leaves = std::iter::zip(&new[1][..], &old[1][..]);
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
            }
            prop_assert!(vector.iter().eq(&model));
            prop_assert!(vector.iter().rev().eq(model.iter().rev()));
        }
    }
}
