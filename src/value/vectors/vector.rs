//! [`Vector`]: a unit vector as it is kept, and how far two of them are apart.
//!
//! Sums are taken in the order in which Redis takes them, so that scores agree with Redis's to the last digit.

use std::sync::Arc;

use super::dot;

/// The largest component of a quantised vector.
const Q8_MAX: f32 = 127.0;

/// How the components of vectors are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quantization {
    /// As they are.
    F32,
    /// In eight bits each, the largest of the vector being 127.
    #[default]
    Q8,
    /// Their signs only.
    Bin,
}

impl Quantization {
    /// The name that VINFO and VEMB answer.
    pub const fn name(self) -> &'static str {
        match self {
            Quantization::F32 => "f32",
            Quantization::Q8 => "int8",
            Quantization::Bin => "bin",
        }
    }
}

/// A unit vector (or one of zeros), quantised. A clone shares the components.
#[derive(Clone, Debug, PartialEq)]
pub enum Vector {
    /// The components.
    F32(Arc<[f32]>),
    /// The components in units of the range's 127th part.
    Q8 {
        /// Numbers from -127 to 127.
        steps: Arc<[i8]>,
        /// The largest magnitude of a component.
        range: f32,
    },
    /// A bit for each component, set where it is positive; the lowest bit of the first word comes first.
    Bin(Arc<[u64]>, usize),
}

impl Vector {
    /// Normalises and quantises `components`; also gives their length, 1 for zeros.
    pub fn new(components: &[f32], quantization: Quantization) -> (Vector, f32) {
        let (unit, norm) = normalized(components);
        let vector = match quantization {
            Quantization::F32 => Vector::F32(unit.into()),
            Quantization::Q8 => quantized(&unit),
            Quantization::Bin => Vector::Bin(signs(&unit).into(), unit.len()),
        };
        (vector, norm)
    }

    /// How the components are kept.
    pub fn quantization(&self) -> Quantization {
        match self {
            Vector::F32(_) => Quantization::F32,
            Vector::Q8 { .. } => Quantization::Q8,
            Vector::Bin(..) => Quantization::Bin,
        }
    }

    /// The components of the vector that had this length; of signs, only 1 and -1.
    pub fn components(&self, norm: f32) -> Vec<f32> {
        match self {
            Vector::F32(unit) => unit.iter().map(|x| x * norm).collect(),
            Vector::Q8 { steps, range } => {
                let component = |&step: &i8| f32::from(step) * range / Q8_MAX * norm;
                steps.iter().map(component).collect()
            }
            Vector::Bin(words, dim) => (0..*dim).map(|at| sign(words, at)).collect(),
        }
    }

    /// The components as they are kept, in little-endian order.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Vector::F32(unit) => unit.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Vector::Q8 { steps, .. } => steps.iter().map(|&step| step as u8).collect(),
            Vector::Bin(words, _) => words.iter().flat_map(|word| word.to_le_bytes()).collect(),
        }
    }

    /// The vector of `dim` components that [`to_bytes`](Vector::to_bytes) and [`range`](Vector::range) tell of;
    /// `None` where the number of bytes is another.
    pub fn from_bytes(
        bytes: &[u8],
        range: f32,
        dim: usize,
        quantization: Quantization,
    ) -> Option<Vector> {
        let (vector, size) = match quantization {
            Quantization::F32 => {
                let (chunks, _) = bytes.as_chunks();
                let unit = chunks.iter().map(|chunk| f32::from_le_bytes(*chunk));
                (Vector::F32(unit.collect()), dim.checked_mul(4)?)
            }
            Quantization::Q8 => {
                let steps = bytes.iter().map(|&byte| byte as i8).collect();
                (Vector::Q8 { steps, range }, dim)
            }
            Quantization::Bin => {
                let (chunks, _) = bytes.as_chunks();
                let words = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk));
                (Vector::Bin(words.collect(), dim), dim.div_ceil(64) * 8)
            }
        };
        (bytes.len() == size).then_some(vector)
    }

    /// The largest magnitude of a component, where the quantisation keeps it.
    pub fn range(&self) -> Option<f32> {
        match self {
            Vector::Q8 { range, .. } => Some(*range),
            Vector::F32(_) | Vector::Bin(..) => None,
        }
    }

    /// 0 for the same direction, 1 for a right angle, 2 for opposite directions.
    ///
    /// # Panics
    ///
    /// When the vectors are not of one quantisation.
    pub fn distance(&self, other: &Vector) -> f32 {
        match (self, other) {
            (Vector::F32(a), Vector::F32(b)) => 1.0 - dot::f32s(a, b),
            (Vector::Q8 { steps, range }, Vector::Q8 { steps: b, range: r }) => {
                let scale = (range / Q8_MAX) * (r / Q8_MAX);
                (1.0 - dot::i8s(steps, b) as f32 * scale).clamp(0.0, 2.0)
            }
            (Vector::Bin(a, dim), Vector::Bin(b, _)) => {
                dot::differing_bits(a, b) as f32 * 2.0 / *dim as f32
            }
            _ => panic!("the vectors of a set have one quantisation"),
        }
    }
}

/// What VSIM and VLINKS answer for a distance: 1 for the same direction, 0 for opposite ones.
pub fn similarity(distance: f32) -> f64 {
    1.0 - f64::from(distance) / 2.0
}

/// The vector of length 1, and the length; zeros stay as they are.
fn normalized(components: &[f32]) -> (Vec<f32>, f32) {
    let norm = dot::square(components).sqrt();
    match norm {
        0.0 => (components.to_vec(), 1.0),
        norm => (components.iter().map(|x| x / norm).collect(), norm),
    }
}

fn quantized(unit: &[f32]) -> Vector {
    let range = unit.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
    let scale = Q8_MAX / range;
    let step = |x: &f32| match range {
        0.0 => 0,
        _ => (x * scale).round() as i8,
    };
    Vector::Q8 {
        steps: unit.iter().map(step).collect(),
        range,
    }
}

fn signs(unit: &[f32]) -> Vec<u64> {
    let bits = |chunk: &[f32]| {
        let bits = chunk.iter().enumerate();
        bits.fold(0, |word, (at, x)| word | u64::from(*x > 0.0) << at)
    };
    unit.chunks(64).map(bits).collect()
}

fn sign(words: &[u64], at: usize) -> f32 {
    match words[at / 64] >> (at % 64) & 1 {
        0 => -1.0,
        _ => 1.0,
    }
}
