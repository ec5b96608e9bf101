//! [`VectorSet`]: byte strings with vectors, to be found by the direction of these.
//!
//! Redis keeps a graph that finds most of the nearest elements. Here every search looks at all elements, so that it
//! finds the nearest ones and the same ones on every run; a clone shares the elements until one side changes.

mod dot;
mod filter;
mod projection;
mod search;
mod vector;

pub use filter::Filter;
pub use filter::FilterError;
pub use projection::Projection;
pub use search::Found;
pub use search::Search;
pub use search::Ties;
pub use vector::Quantization;
pub use vector::Vector;
pub use vector::similarity;

use std::sync::Arc;

use super::Map;
use super::Touch;
use crate::bytes::Bytes;

/// How many links a node of Redis's graph has, unless asked otherwise.
pub const DEFAULT_LINKS: u32 = 16;

/// A Redis vector set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VectorSet {
    shape: Shape,
    projection: Option<Arc<Projection>>,
    elements: Map<Element>,
    /// How many elements have attributes.
    with_attributes: usize,
    /// The number of insertions so far; each one's number is the id of its element.
    last_id: u64,
}

/// What all vectors of a set have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The number of components.
    pub dim: usize,
    /// How components are kept.
    pub quantization: Quantization,
    /// How many links a node of Redis's graph has; kept for VINFO and DUMP.
    pub links: u32,
}

/// What belongs to an element.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// When its vector was inserted, among all insertions into the set.
    pub id: u64,
    /// The direction.
    pub vector: Vector,
    /// The length that the vector had.
    pub norm: f32,
    /// A JSON text, as a rule; never an empty one.
    pub attributes: Option<Bytes>,
}

impl Touch for Element {}

impl Element {
    /// The vector as it was given, as far as the quantisation kept it.
    pub fn components(&self) -> Vec<f32> {
        self.vector.components(self.norm)
    }
}

impl VectorSet {
    /// An empty set.
    pub fn new(shape: Shape, projection: Option<Projection>) -> VectorSet {
        VectorSet {
            shape,
            projection: projection.map(Arc::new),
            ..VectorSet::default()
        }
    }

    /// What all vectors have in common.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// What vectors are multiplied with before they are kept.
    pub fn projection(&self) -> Option<&Projection> {
        self.projection.as_deref()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// How many elements have attributes.
    pub fn with_attributes(&self) -> usize {
        self.with_attributes
    }

    /// The id of the newest insertion.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// The elements in the order of the state.
    pub fn elements(&self) -> &Map<Element> {
        &self.elements
    }

    /// What belongs to `element`.
    pub fn get(&self, element: &[u8]) -> Option<&Element> {
        self.elements.get(element)
    }

    /// The vector to search for, normalised and quantised. It is projected unless it has the dimension already.
    pub fn query(&self, vector: &[f32]) -> Vector {
        let quantization = self.shape.quantization;
        match self.projection() {
            Some(projection) if vector.len() != self.shape.dim => {
                Vector::new(&projection.apply(vector), quantization).0
            }
            _ => Vector::new(vector, quantization).0,
        }
    }

    /// Sets the vector of `element`, projected where there is a projection; whether the element is new. Attributes
    /// stay.
    pub fn insert(&mut self, element: &[u8], vector: &[f32]) -> bool {
        let projected = self.projection().map(|projection| projection.apply(vector));
        let vector = projected.as_deref().unwrap_or(vector);
        let (vector, norm) = Vector::new(vector, self.shape.quantization);
        self.last_id += 1;
        let attributes = self.get(element).and_then(|old| old.attributes.clone());
        let new = Element {
            id: self.last_id,
            vector,
            norm,
            attributes,
        };
        self.elements.insert(element, new).is_none()
    }

    /// Adds an element as it was kept elsewhere; whether there was none of that name.
    pub(super) fn restore(&mut self, name: &[u8], element: Element) -> bool {
        self.inserted(element.id);
        self.with_attributes += usize::from(element.attributes.is_some());
        self.elements.insert(name, element).is_none()
    }

    /// Ids up to this one were given.
    pub(super) fn inserted(&mut self, id: u64) {
        self.last_id = self.last_id.max(id);
    }

    /// Sets the attributes of `element`, or removes them where `text` is empty; whether there is such an element.
    pub fn set_attributes(&mut self, element: &[u8], text: &[u8]) -> bool {
        let Some(element) = self.elements.get_mut(element) else {
            return false;
        };
        let attributes = (!text.is_empty()).then(|| Bytes::from(text));
        self.with_attributes += usize::from(attributes.is_some());
        self.with_attributes -= usize::from(element.attributes.is_some());
        element.attributes = attributes;
        true
    }

    /// Removes `element`; whether it was there.
    pub fn remove(&mut self, element: &[u8]) -> bool {
        let removed = self.elements.remove(element);
        let had_attributes = |(_, old): &(Bytes, Element)| old.attributes.is_some();
        self.with_attributes -= usize::from(removed.as_ref().is_some_and(had_attributes));
        removed.is_some()
    }
}

#[cfg(test)]
mod tests;
