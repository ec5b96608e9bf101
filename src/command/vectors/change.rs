//! Elements on their way in and out, and their attributes.

use super::INVALID_EF;
use super::INVALID_VECTOR;
use super::arity;
use super::exactly;
use super::mismatch;
use super::projection_mismatch;
use super::vector::vector;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value::VectorSet;
use crate::value::vectors::DEFAULT_LINKS;
use crate::value::vectors::Projection;
use crate::value::vectors::Quantization;
use crate::value::vectors::Shape;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("VADD", -1, WRITE | DENYOOM | MODULE, &[key(1, RW | ACCESS | UPDATE)], vadd)
        .doc("8.0.0", "O(log(N)) where N is the number of elements in the vector set.", "key [REDUCE dim] <FP32 | VALUES num> vector element [CAS] [NOQUANT | Q8 | BIN] [EF build-exploration-factor] [SETATTR attributes] [M numlinks]", "Adds an element with its vector to a vector set, or moves an existing element to a new vector."),
    cmd("VREM", -1, WRITE | MODULE, &[key(1, RW | ACCESS | UPDATE)], vrem)
        .doc("8.0.0", "O(log(N)) where N is the number of elements in the vector set.", "key element", "Removes an element from a vector set."),
    cmd("VSETATTR", -1, WRITE | MODULE | FAST, &[key(1, RW | ACCESS | UPDATE)], vsetattr)
        .doc("8.0.0", "O(1)", "key element json", "Sets or, with an empty string, removes the attributes of an element."),
];

/// The most entries of a projection's matrix: a quarter of a gigabyte. Redis takes what memory there is.
const MOST_ENTRIES: usize = 1 << 26;

fn vadd(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.len() < 4 {
        return Err(arity("VADD"));
    }
    let key = args.next()?;
    let addition = Addition::parse(&mut args)?;
    match cx.peek_vectors(key)? {
        Some(set) => addition.check(set)?,
        None => {
            let set = addition.new_set()?;
            *cx.vectors_mut(key)? = set;
        }
    }
    let set = cx.vectors_mut(key)?;
    let is_new = set.insert(addition.element, &addition.vector);
    if let Some(attributes) = addition.attributes {
        set.set_attributes(addition.element, attributes);
    }
    cx.changed(key);
    Ok(Reply::Bool(is_new))
}

/// What VADD is asked to add, and to what kind of set.
struct Addition<'a> {
    reduce: Option<usize>,
    vector: Vec<f32>,
    element: &'a [u8],
    quantization: Quantization,
    links: u32,
    attributes: Option<&'a [u8]>,
}

impl<'a> Addition<'a> {
    fn parse(args: &mut Args<'a>) -> Result<Addition<'a>> {
        let mut addition = Addition {
            reduce: reduce(args)?,
            vector: vector(args)?,
            element: args.next().map_err(|_| arity("VADD"))?,
            quantization: Quantization::default(),
            links: DEFAULT_LINKS,
            attributes: None,
        };
        while !args.is_empty() {
            addition.option(args)?;
        }
        Ok(addition)
    }

    fn option(&mut self, args: &mut Args<'a>) -> Result<()> {
        if args.keyword("CAS") {
            // Redis then searches its graph in another thread.
        } else if args.keyword("NOQUANT") {
            self.quantization = Quantization::F32;
        } else if args.keyword("Q8") {
            self.quantization = Quantization::Q8;
        } else if args.keyword("BIN") {
            self.quantization = Quantization::Bin;
        } else if args.keyword_with("EF", 1) {
            let effort = args.i64_or(INVALID_EF)?;
            let in_range = (1..=1_000_000).contains(&effort);
            in_range.then_some(()).ok_or(INVALID_EF)?;
        } else if args.keyword_with("M", 1) {
            let links = args.i64().ok().filter(|links| (4..=4096).contains(links));
            self.links = links.ok_or(fixed("ERR invalid M"))? as u32;
        } else if args.keyword_with("SETATTR", 1) {
            self.attributes = Some(args.next()?);
        } else {
            return Err(fixed("ERR invalid option after element"));
        }
        Ok(())
    }

    /// Whether the element can be added to `set`.
    fn check(&self, set: &VectorSet) -> Result<()> {
        let shape = set.shape();
        if self.quantization != shape.quantization {
            return Err(fixed(
                "ERR asked quantization mismatch with existing vector set",
            ));
        }
        if self.links != shape.links {
            return Err(fixed("ERR asked M value mismatch with existing vector set"));
        }
        self.check_dimension(set)
    }

    fn check_dimension(&self, set: &VectorSet) -> Result<()> {
        let (dim, got) = (set.shape().dim, self.vector.len());
        match (set.projection(), self.reduce) {
            (None, _) if got != dim => Err(mismatch(got, dim)),
            (None, None) => Ok(()),
            (None, Some(_)) => Err(fixed(
                "ERR cannot add projection to existing set without projection",
            )),
            (Some(_), reduce) if reduce != Some(dim) => Err(mismatch(got, dim)),
            (Some(projection), _) if projection.input_dim() != got => {
                Err(projection_mismatch(got, projection.input_dim()))
            }
            (Some(_), _) => Ok(()),
        }
    }

    /// The set that the element is the first one of.
    fn new_set(&self) -> Result<VectorSet> {
        let input_dim = self.vector.len();
        let shape = Shape {
            dim: self.reduce.unwrap_or(input_dim),
            quantization: self.quantization,
            links: self.links,
        };
        if self.reduce.is_some() && shape.dim > MOST_ENTRIES / input_dim {
            return Err(INVALID_VECTOR);
        }
        let projection = self.reduce.map(|dim| Projection::new(input_dim, dim));
        Ok(VectorSet::new(shape, projection))
    }
}

fn reduce(args: &mut Args<'_>) -> Result<Option<usize>> {
    if !args.keyword_with("REDUCE", 1) {
        return Ok(None);
    }
    args.positive_or(INVALID_VECTOR).map(Some)
}

fn vrem(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let [key, element] = exactly(&mut args, "VREM")?;
    change(cx, key, element, |set| {
        set.remove(element);
    })
}

fn vsetattr(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let [key, element, attributes] = exactly(&mut args, "VSETATTR")?;
    change(cx, key, element, |set| {
        set.set_attributes(element, attributes);
    })
}

/// Makes a change of a set that has the element; whether there is one.
fn change(
    cx: &mut Context<'_>,
    key: &[u8],
    element: &[u8],
    change: impl FnOnce(&mut VectorSet),
) -> Result {
    let set = cx.peek_vectors(key)?;
    let found = set.is_some_and(|set| set.get(element).is_some());
    if found {
        change(cx.vectors_mut(key)?);
        cx.changed(key);
    }
    Ok(Reply::Bool(found))
}
