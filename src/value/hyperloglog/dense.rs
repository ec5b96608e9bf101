//! Registers of 6 bits, one behind the other: four of them are three bytes, the lowest bits first.

use super::REGISTERS;

/// The bytes of all registers.
pub(super) const LEN: usize = REGISTERS * BITS / 8;

const BITS: usize = 6;
const MASK: u32 = (1 << BITS) - 1;

/// All registers one by one.
pub(super) fn registers(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let (groups, _) = bytes.as_chunks();
    groups.iter().flat_map(|group| unpacked(*group))
}

/// Takes each register that is greater.
pub(super) fn merge(bytes: &[u8], into: &mut [u8]) {
    let (groups, _) = bytes.as_chunks();
    let (values, _) = into.as_chunks_mut::<4>();
    for (values, group) in values.iter_mut().zip(groups) {
        let others = unpacked(*group);
        *values = std::array::from_fn(|at| values[at].max(others[at]));
    }
}

/// Sets all registers.
pub(super) fn write(bytes: &mut [u8], registers: &[u8]) {
    let (groups, _) = bytes.as_chunks_mut();
    let (values, _) = registers.as_chunks();
    for (group, values) in groups.iter_mut().zip(values) {
        *group = packed(*values);
    }
}

fn unpacked([a, b, c]: [u8; 3]) -> [u8; 4] {
    let group = u32::from_le_bytes([a, b, c, 0]);
    std::array::from_fn(|at| (group >> (at * BITS) & MASK) as u8)
}

fn packed([a, b, c, d]: [u8; 4]) -> [u8; 3] {
    let [a, b, c, d] = [a, b, c, d].map(u32::from);
    let [low, middle, high, _] = (a | b << BITS | c << (2 * BITS) | d << (3 * BITS)).to_le_bytes();
    [low, middle, high]
}

/// Sets a register that is smaller; whether it was.
pub(super) fn raise(bytes: &mut [u8], index: usize, value: u8) -> bool {
    let is_greater = value > get(bytes, index);
    if is_greater {
        set(bytes, index, value);
    }
    is_greater
}

fn get(bytes: &[u8], index: usize) -> u8 {
    (group(bytes, index) >> shift(index) & MASK) as u8
}

/// Sets a register.
pub(super) fn set(bytes: &mut [u8], index: usize, value: u8) {
    let others = group(bytes, index) & !(MASK << shift(index));
    let group = others | u32::from(value) << shift(index);
    bytes[start(index)..][..3].copy_from_slice(&group.to_le_bytes()[..3]);
}

/// The three bytes that a register is in.
fn group(bytes: &[u8], index: usize) -> u32 {
    let start = start(index);
    u32::from_le_bytes([bytes[start], bytes[start + 1], bytes[start + 2], 0])
}

fn start(index: usize) -> usize {
    index / 4 * 3
}

fn shift(index: usize) -> usize {
    index % 4 * BITS
}
