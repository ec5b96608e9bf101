//! [`Search`]: the nearest elements, found by looking at all of them.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Element;
use super::Filter;
use super::Vector;
use super::VectorSet;
use crate::bytes::Bytes;

/// What is searched for.
#[derive(Debug)]
pub struct Search<'a> {
    /// The direction.
    pub query: &'a Vector,
    /// How many elements at most.
    pub count: usize,
    /// What their attributes must satisfy.
    pub filter: Option<&'a Filter>,
    /// Which come first of those that are equally far away.
    pub ties: Ties,
}

/// Which elements come first of those that are equally far away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// Those that were inserted last, as a walk through Redis's graph finds them, as a rule.
    NewestFirst,
    /// Those that were inserted first, as Redis's TRUTH finds them.
    OldestFirst,
}

/// An element that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// How far away it is.
    pub distance: f32,
    /// Its name.
    pub name: &'a Bytes,
    /// What belongs to it.
    pub element: &'a Element,
    /// Decides between equal distances: the lower comes first.
    turn: u64,
}

impl Ord for Found<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_distance = self.distance.total_cmp(&other.distance);
        by_distance.then(self.turn.cmp(&other.turn))
    }
}

impl PartialOrd for Found<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Found<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Found<'_> {}

impl VectorSet {
    /// The elements that `search` asks for, nearest first.
    pub fn search(&self, search: &Search<'_>) -> Vec<Found<'_>> {
        let mut nearest = BinaryHeap::new();
        for (name, element) in self.elements.iter() {
            let found = Found {
                distance: search.query.distance(&element.vector),
                name,
                element,
                turn: search.ties.turn(element.id),
            };
            let full = nearest.len() == search.count;
            let too_far = full && nearest.peek().is_none_or(|farthest| found >= *farthest);
            if too_far || !search.admits(element) {
                continue;
            }
            if full {
                nearest.pop();
            }
            nearest.push(found);
        }
        nearest.into_sorted_vec()
    }
}

impl Search<'_> {
    fn admits(&self, element: &Element) -> bool {
        let attributes = || element.attributes.as_deref();
        self.filter
            .is_none_or(|filter| attributes().is_some_and(|json| filter.matches(json)))
    }
}

impl Ties {
    fn turn(self, id: u64) -> u64 {
        match self {
            Ties::NewestFirst => !id,
            Ties::OldestFirst => id,
        }
    }
}
