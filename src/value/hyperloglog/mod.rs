//! HyperLogLogs: strings that tell how many distinct elements were added to them, about. Byte for byte Redis's.
//!
//! A header, then 16384 registers of 6 bits: each element belongs to one register, which keeps the longest run of zeros that
//! the hashes of its elements began with. `dense` and `sparse` are the two ways to write the registers, `estimate`
//! makes a number of them, `murmur` is the hash.
//!
//! The header: `HYLL`, the encoding, three bytes for nothing, and the count in 8 bytes, lowest first. The highest bit
//! of the count says that it is out of date.

mod dense;
mod estimate;
mod murmur;
mod sparse;

use std::fmt::Write;

const MAGIC: &[u8; 4] = b"HYLL";
/// Where the encoding, the count and the registers start.
const ENCODING: usize = 4;
const COUNT: usize = 8;
const HEADER: usize = 16;
/// In the last byte of the count.
const STALE: u8 = 0x80;

/// The number of registers, and of the bits of a hash that choose one.
const REGISTERS: usize = 1 << REGISTER_BITS;
const REGISTER_BITS: u32 = 14;
/// The bits of a hash whose zeros are counted.
const COUNTED_BITS: u32 = 64 - REGISTER_BITS;

/// How the registers of a HyperLogLog are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// 6 bits each.
    Dense,
    /// As runs of equal registers.
    Sparse,
}

/// The runs of a sparse HyperLogLog don't make up its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

/// What may fail because of that.
pub type Result<T> = std::result::Result<T, Corrupt>;

/// A HyperLogLog without elements.
pub fn empty() -> Vec<u8> {
    let mut bytes = header(Encoding::Sparse);
    bytes.extend(sparse::EMPTY);
    bytes
}

fn header(encoding: Encoding) -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    bytes[..ENCODING].copy_from_slice(MAGIC);
    bytes[ENCODING] = encoding as u8;
    bytes
}

/// How the registers are written, if the bytes look like a HyperLogLog at all.
pub fn encoding(bytes: &[u8]) -> Option<Encoding> {
    let looks_right = bytes.len() >= HEADER && bytes.starts_with(MAGIC);
    match bytes.get(ENCODING).filter(|_| looks_right)? {
        0 if bytes.len() == HEADER + dense::LEN => Some(Encoding::Dense),
        1 => Some(Encoding::Sparse),
        _ => None,
    }
}

fn is_sparse(bytes: &[u8]) -> bool {
    bytes[ENCODING] == Encoding::Sparse as u8
}

/// Adds an element; whether that changed a register. A sparse HyperLogLog that needs more than `limit` bytes becomes a
/// dense one.
///
/// # Errors
///
/// When the runs are corrupt, as far as they had to be looked at.
pub fn add(bytes: &mut Vec<u8>, element: &[u8], limit: usize) -> Result<bool> {
    let hash = murmur::hash(element);
    let index = hash as usize % REGISTERS;
    let zeros = (hash >> REGISTER_BITS | 1 << COUNTED_BITS).trailing_zeros();
    raise(bytes, index, zeros as u8 + 1, limit)
}

/// Sets a register that is smaller; whether it was.
fn raise(bytes: &mut Vec<u8>, index: usize, value: u8, limit: usize) -> Result<bool> {
    if is_sparse(bytes) {
        match sparse::raise(bytes, index, value, limit)? {
            sparse::Raised::Already => return Ok(false),
            sparse::Raised::Now => return Ok(true),
            sparse::Raised::NoRoom => make_dense(bytes).map(drop)?,
        }
    }
    Ok(dense::raise(&mut bytes[HEADER..], index, value))
}

/// Makes a sparse HyperLogLog dense; whether it was sparse.
///
/// # Errors
///
/// When it is corrupt.
pub fn make_dense(bytes: &mut Vec<u8>) -> Result<bool> {
    if !is_sparse(bytes) {
        return Ok(false);
    }
    let mut registers = vec![0; dense::LEN];
    sparse::each(bytes, |range, value| {
        range.for_each(|index| dense::set(&mut registers, index, value));
    })?;
    bytes.truncate(HEADER);
    bytes[ENCODING] = Encoding::Dense as u8;
    bytes.extend(registers);
    Ok(true)
}

/// The count that the header keeps, unless it is out of date.
pub fn kept_count(bytes: &[u8]) -> Option<u64> {
    let count: [u8; 8] = bytes[COUNT..HEADER].try_into().expect("of this length");
    (count[7] & STALE == 0).then_some(u64::from_le_bytes(count))
}

/// Keeps a count in the header.
pub fn keep_count(bytes: &mut [u8], count: u64) {
    bytes[COUNT..HEADER].copy_from_slice(&count.to_le_bytes());
}

/// Says in the header that the count is out of date.
pub fn forget_count(bytes: &mut [u8]) {
    bytes[HEADER - 1] |= STALE;
}

/// About how many elements were added.
///
/// # Errors
///
/// When the bytes are corrupt.
pub fn count(bytes: &[u8]) -> Result<u64> {
    let mut histogram = estimate::Histogram::default();
    match is_sparse(bytes) {
        true => sparse::each(bytes, |range, value| histogram.add(value, range.len()))?,
        false => dense::registers(&bytes[HEADER..]).for_each(|value| histogram.add(value, 1)),
    }
    Ok(histogram.estimate())
}

/// The runs of a sparse HyperLogLog as text: `Z:16384`, or `Z:12 v:3,1 z:50` and so on.
pub fn runs_text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for run in sparse::runs(bytes) {
        let gap = if text.is_empty() { "" } else { " " };
        let (len, value) = (run.len, run.value);
        let written = match (value, run.size) {
            (0, 1) => write!(text, "{gap}z:{len}"),
            (0, _) => write!(text, "{gap}Z:{len}"),
            _ => write!(text, "{gap}v:{value},{len}"),
        };
        written.expect("a string takes all text");
    }
    text
}

/// The registers of several HyperLogLogs together.
#[derive(Clone, Debug)]
pub struct Registers(Box<[u8]>);

impl Registers {
    /// All zero.
    pub fn new() -> Registers {
        Registers(vec![0; REGISTERS].into())
    }

    /// Takes each register of a HyperLogLog that is greater.
    ///
    /// # Errors
    ///
    /// When the bytes are corrupt.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<()> {
        if is_sparse(bytes) {
            return sparse::each(bytes, |range, value| {
                let registers = self.0[range].iter_mut();
                registers.for_each(|register| *register = value.max(*register));
            });
        }
        dense::merge(&bytes[HEADER..], &mut self.0);
        Ok(())
    }

    /// About how many elements were added to them.
    pub fn count(&self) -> u64 {
        let mut histogram = estimate::Histogram::default();
        self.0.iter().for_each(|value| histogram.add(*value, 1));
        histogram.estimate()
    }

    /// Sets the registers of a HyperLogLog that was merged into these, and so has no greater ones.
    ///
    /// # Errors
    ///
    /// When the bytes are corrupt.
    pub fn write(&self, bytes: &mut Vec<u8>, limit: usize) -> Result<()> {
        for (index, value) in self.0.iter().enumerate().filter(|(_, value)| **value > 0) {
            if !is_sparse(bytes) {
                dense::write(&mut bytes[HEADER..], &self.0);
                break;
            }
            raise(bytes, index, *value, limit)?;
        }
        Ok(())
    }

    /// One by one.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u8> {
        self.0.iter().copied()
    }
}

impl Default for Registers {
    fn default() -> Registers {
        Registers::new()
    }
}

#[cfg(test)]
mod tests;
