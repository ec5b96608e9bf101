//! The graph that Redis searches in a vector set: made for a DUMP, and nowhere kept.
//!
//! Every node is linked to the one before it, so that all can be reached, and to its nearest ones while both have
//! room. Links go both ways, and there is one level.

use std::cmp::Ordering;

use crate::value::vectors::Element;
use crate::value::vectors::VectorSet;

/// How many nodes before and after a node are considered for links. Below that number the nearest ones are exact; beyond,
/// the time grows with the number of nodes and not with its square.
const WINDOW: usize = 2048;

/// The links of a node.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<Link>);

#[derive(Clone, Copy, Debug)]
struct Link {
    id: u64,
    distance: f32,
}

impl Links {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(|link| link.id)
    }

    /// The position and the distance of the farthest node.
    pub(super) fn worst(&self) -> (u32, f32) {
        let distances = self.0.iter().map(|link| link.distance).enumerate();
        let worst = distances.max_by(|(_, a), (_, b)| a.total_cmp(b));
        worst.map_or((0, 0.0), |(at, distance)| (at as u32, distance))
    }

    fn has(&self, id: u64) -> bool {
        self.0.iter().any(|link| link.id == id)
    }
}

/// The links of each element, in the order of the elements.
pub(super) fn links(set: &VectorSet) -> Vec<Links> {
    let elements: Vec<&Element> = set.elements().values().collect();
    let mut graph = Graph {
        links: elements.iter().map(|_| Links::default()).collect(),
        most: set.shape().links as usize * 2,
        elements,
    };
    for at in 1..graph.elements.len() {
        graph.link(at - 1, at, graph.distance(at - 1, at));
    }
    for at in 0..graph.elements.len() {
        graph.link_nearest(at, set.shape().links as usize);
    }
    graph.links
}

struct Graph<'a> {
    elements: Vec<&'a Element>,
    links: Vec<Links>,
    most: usize,
}

impl Graph<'_> {
    fn distance(&self, a: usize, b: usize) -> f32 {
        self.elements[a].vector.distance(&self.elements[b].vector)
    }

    /// Links two nodes both ways, if both have room and are not linked yet.
    fn link(&mut self, a: usize, b: usize, distance: f32) {
        let (a_id, b_id) = (self.elements[a].id, self.elements[b].id);
        let room = |links: &Links| links.len() < self.most;
        if room(&self.links[a]) && room(&self.links[b]) && !self.links[a].has(b_id) {
            self.links[a].0.push(Link { id: b_id, distance });
            self.links[b].0.push(Link { id: a_id, distance });
        }
    }

    fn link_nearest(&mut self, at: usize, count: usize) {
        let window = at.saturating_sub(WINDOW)..(at + WINDOW).min(self.elements.len());
        let others = window.filter(|&other| other != at);
        let mut others: Vec<_> = others
            .map(|other| (self.distance(at, other), other))
            .collect();
        let nearest = |a: &(f32, usize), b: &(f32, usize)| -> Ordering { a.0.total_cmp(&b.0) };
        if others.len() > count {
            others.select_nth_unstable_by(count, nearest);
            others.truncate(count);
        }
        others.sort_by(nearest);
        for (distance, other) in others {
            self.link(at, other, distance);
        }
    }
}
