//! Vector sets: a module's value, that is numbers and strings behind bytes that tell them apart.
//!
//! Redis keeps its graph with the elements. What is read here leaves the graph out; what is written for Redis has
//! one (`graph`), because Redis finds nothing without it.

use std::collections::BTreeSet;

use super::Style;
use super::graph;
use super::graph::Links;
use super::input::Input;
use super::input::Malformed;
use super::kind;
use super::length;
use super::string;
use crate::bytes::Bytes;
use crate::value::vectors::Element;
use crate::value::vectors::Projection;
use crate::value::vectors::Quantization;
use crate::value::vectors::Shape;
use crate::value::vectors::Vector;
use crate::value::vectors::VectorSet;

/// The module's name and the version of its encoding, packed.
const MODULE: u64 = 0xBDE7_2DA2_BB1E_B400;

/// What comes next.
const END: u64 = 0;
const NUMBER: u64 = 2;
const STRING: u64 = 5;

/// What the set has.
const PROJECTION: u64 = 1;
const ATTRIBUTES: u64 = 2;

/// The version of the encoding of nodes, above the number of their highest level.
const NODE: u64 = 1 << 24;

pub(super) fn write(set: &VectorSet, out: &mut Vec<u8>, style: Style) {
    let graph = style.redis_order.then(|| graph::links(set));
    out.push(kind::MODULE);
    length::write(out, MODULE);
    let mut fields = Fields { out, style };
    fields.header(set);
    // Redis begins with the newest node.
    for (index, (name, element)) in (0..set.len()).rev().zip(set.elements().iter().rev()) {
        let links = graph.as_ref().map(|graph| &graph[index]);
        fields.string(name);
        if set.with_attributes() > 0 {
            fields.string(element.attributes.as_deref().unwrap_or_default());
        }
        fields.string(&element.vector.to_bytes());
        fields.node(element, links, set.shape().links);
    }
    if !style.redis_order {
        fields.number(set.last_id());
    }
    length::write(out, END);
}

struct Fields<'a> {
    out: &'a mut Vec<u8>,
    style: Style,
}

impl Fields<'_> {
    fn number(&mut self, number: u64) {
        length::write(self.out, NUMBER);
        length::write(self.out, number);
    }

    fn string(&mut self, bytes: &[u8]) {
        length::write(self.out, STRING);
        string::write(bytes, self.out, self.style.compress);
    }

    fn header(&mut self, set: &VectorSet) {
        let shape = set.shape();
        self.number(shape.dim as u64);
        self.number(set.len() as u64);
        self.number(u64::from(shape.links) << 8 | quantization_byte(shape.quantization));
        let projection = set.projection();
        let attributes = if set.with_attributes() > 0 {
            ATTRIBUTES
        } else {
            0
        };
        self.number(attributes | projection.map_or(0, |_| PROJECTION));
        if let Some(projection) = projection {
            self.number(projection.input_dim() as u64);
            let matrix = projection.matrix().iter();
            self.string(&matrix.flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>());
        }
    }

    /// The id, the level, and for level 0 the links, how many there may be, and the worst of them; then the range and
    /// the length of the vector.
    fn node(&mut self, element: &Element, links: Option<&Links>, most: u32) {
        let nothing = Links::default();
        let links = links.unwrap_or(&nothing);
        let (worst, distance) = links.worst();
        let mut numbers = vec![element.id, NODE, links.len() as u64, u64::from(most) * 2];
        numbers.extend(links.ids());
        numbers.push(pair(distance, worst));
        let range = element.vector.range().unwrap_or(0.0);
        numbers.push(pair(range, element.norm.to_bits()));
        self.number(numbers.len() as u64);
        numbers.into_iter().for_each(|number| self.number(number));
    }
}

fn pair(high: f32, low: u32) -> u64 {
    u64::from(high.to_bits()) << 32 | u64::from(low)
}

fn quantization_byte(quantization: Quantization) -> u64 {
    match quantization {
        Quantization::F32 => 0,
        Quantization::Q8 => 1,
        Quantization::Bin => 2,
    }
}

pub(super) fn read(input: &mut Input<'_>) -> Result<VectorSet, Malformed> {
    if length::read(input)? != MODULE {
        return Err(Malformed);
    }
    let (dim, count) = (size(input)?, number(input)?);
    let shape = read_shape(dim, number(input)?)?;
    let flags = number(input)?;
    let projection = match flags & PROJECTION {
        0 => None,
        _ => Some(read_projection(dim, input)?),
    };
    let mut set = VectorSet::new(shape, projection);
    let mut newest_first = Vec::new();
    for _ in 0..count {
        newest_first.push(read_element(shape, flags & ATTRIBUTES != 0, input)?);
    }
    let mut ids = BTreeSet::new();
    for (name, element) in newest_first.into_iter().rev() {
        let is_new = ids.insert(element.id) && set.restore(&name, element);
        is_new.then_some(()).ok_or(Malformed)?;
    }
    read_end(&mut set, input)?;
    (!set.is_empty()).then_some(set).ok_or(Malformed)
}

/// The end, after the last id where the state was written.
fn read_end(set: &mut VectorSet, input: &mut Input<'_>) -> Result<(), Malformed> {
    match length::read(input)? {
        END => Ok(()),
        NUMBER => {
            set.inserted(length::read(input)?);
            expect(END, input)
        }
        _ => Err(Malformed),
    }
}

fn read_shape(dim: usize, packed: u64) -> Result<Shape, Malformed> {
    let quantization = match packed & 0xFF {
        0 => Quantization::F32,
        1 => Quantization::Q8,
        2 => Quantization::Bin,
        _ => return Err(Malformed),
    };
    let links = u32::try_from(packed >> 8).map_err(|_| Malformed)?;
    let shape = Shape {
        dim,
        quantization,
        links,
    };
    (dim > 0).then_some(shape).ok_or(Malformed)
}

fn read_projection(output_dim: usize, input: &mut Input<'_>) -> Result<Projection, Malformed> {
    let input_dim = size(input)?;
    let bytes = text(input)?;
    let (chunks, rest) = bytes.as_chunks();
    let matrix: Vec<f32> = chunks
        .iter()
        .map(|chunk| f32::from_le_bytes(*chunk))
        .collect();
    let entries = input_dim.checked_mul(output_dim);
    let fits = rest.is_empty() && input_dim > 0 && entries == Some(matrix.len());
    fits.then(|| Projection::from_matrix(input_dim, matrix))
        .ok_or(Malformed)
}

fn read_element(
    shape: Shape,
    attributes: bool,
    input: &mut Input<'_>,
) -> Result<(Bytes, Element), Malformed> {
    let name = text(input)?;
    let attributes = if attributes {
        text(input)?
    } else {
        Bytes::EMPTY
    };
    let bytes = text(input)?;
    let (id, range, norm) = read_node(input)?;
    let vector = Vector::from_bytes(&bytes, range, shape.dim, shape.quantization);
    let element = Element {
        id,
        vector: vector.ok_or(Malformed)?,
        norm,
        attributes: Some(attributes).filter(|text| !text.is_empty()),
    };
    Ok((name, element))
}

/// A node without its links: its id, and the range and the length of its vector.
fn read_node(input: &mut Input<'_>) -> Result<(u64, f32, f32), Malformed> {
    let between = number(input)?.checked_sub(2).ok_or(Malformed)?;
    let id = number(input)?;
    for _ in 0..between {
        number(input)?;
    }
    let last = number(input)?;
    let range = f32::from_bits((last >> 32) as u32);
    Ok((id, range, f32::from_bits(last as u32)))
}

fn number(input: &mut Input<'_>) -> Result<u64, Malformed> {
    expect(NUMBER, input)?;
    length::read(input)
}

fn size(input: &mut Input<'_>) -> Result<usize, Malformed> {
    usize::try_from(number(input)?).map_err(|_| Malformed)
}

fn text(input: &mut Input<'_>) -> Result<Bytes, Malformed> {
    expect(STRING, input)?;
    string::read(input).map(|bytes| Bytes::from(&*bytes))
}

fn expect(kind: u64, input: &mut Input<'_>) -> Result<(), Malformed> {
    let found = length::read(input)?;
    (found == kind).then_some(()).ok_or(Malformed)
}
