//! Sets: sorted integers, packed, or member by member.

use super::Style;
use super::input::Input;
use super::input::Malformed;
use super::kind;
use super::length;
use super::listpack;
use super::listpack::Listpack;
use super::string;
use crate::bytes::Bytes;
use crate::number::format_i64;
use crate::number::parse_i64;
use crate::value::PackLimits;
use crate::value::Set;
use crate::value::SetLimits;
use crate::value::set::IntWidth;

/// For what comes in an encoding of its own, which only afterwards has to fit.
const UNLIMITED: SetLimits = SetLimits {
    ints: usize::MAX,
    packed: PackLimits::new(usize::MAX, usize::MAX),
};

pub(super) fn write(set: &Set, out: &mut Vec<u8>, style: Style) {
    if let Some(width) = int_width(set, style) {
        write_ints(set, width, out, style);
    } else if set.is_table() || (set.is_intset() && !style.redis_order) {
        out.push(kind::SET);
        length::write(out, set.len() as u64);
        for member in set.iter() {
            string::write(&member, out, style.compress);
        }
    } else {
        let mut listpack = Listpack::new();
        set.iter().for_each(|member| listpack.push(&member));
        out.push(kind::SET_LISTPACK);
        string::write(&listpack.finish(), out, style.compress);
    }
}

/// The bytes of each integer where they are written as such. What keeps the order of the state shows what the order
/// depends on, and not the encoding.
fn int_width(set: &Set, style: Style) -> Option<IntWidth> {
    if style.redis_order || (set.is_ascending() && set.is_intset()) {
        set.int_width()
    } else if set.is_ascending() {
        set.widest()
    } else {
        None
    }
}

/// An intset: the bytes of each integer, their number, then the integers, all little-endian.
fn write_ints(set: &Set, width: IntWidth, out: &mut Vec<u8>, style: Style) {
    let mut block = (width as u32).to_le_bytes().to_vec();
    block.extend((set.len() as u32).to_le_bytes());
    let mut ints: Vec<i64> = set.iter().filter_map(|member| parse_i64(&member)).collect();
    if style.redis_order {
        ints.sort_unstable();
    }
    for int in ints {
        block.extend(&int.to_le_bytes()[..width as usize]);
    }
    out.push(kind::SET_INTSET);
    string::write(&block, out, style.compress);
}

pub(super) fn read(kind: u8, input: &mut Input<'_>, limits: &SetLimits) -> Result<Set, Malformed> {
    let mut set = Set::new();
    match kind {
        kind::SET => {
            let count = length::read(input)?;
            set.expect(usize::try_from(count).unwrap_or(usize::MAX), limits);
            read_members(&mut set, count, input, limits)?;
        }
        kind::SET_INTSET => read_ints(&mut set, &string::read(input)?)?,
        _ => {
            set = Set::packed();
            for member in listpack::read(&string::read(input)?)? {
                insert(&mut set, member, &UNLIMITED)?;
            }
        }
    }
    set.fit(limits);
    (!set.is_empty()).then_some(set).ok_or(Malformed)
}

/// A set that was a table when it was written: it is one again, with its members in the same order.
pub(super) fn read_table(input: &mut Input<'_>) -> Result<Set, Malformed> {
    let mut set = Set::new();
    set.make_table();
    let count = length::read(input)?;
    read_members(&mut set, count, input, &UNLIMITED)?;
    (!set.is_empty()).then_some(set).ok_or(Malformed)
}

fn read_members(
    set: &mut Set,
    count: u64,
    input: &mut Input<'_>,
    limits: &SetLimits,
) -> Result<(), Malformed> {
    for _ in 0..count {
        insert(set, Bytes::from(&*string::read(input)?), limits)?;
    }
    Ok(())
}

fn read_ints(set: &mut Set, block: &[u8]) -> Result<(), Malformed> {
    let mut input = Input::new(block);
    let width = u32::from_le_bytes(input.array()?);
    let count = u32::from_le_bytes(input.array()?);
    let width = [IntWidth::Two, IntWidth::Four, IntWidth::Eight]
        .into_iter()
        .find(|known| *known as u32 == width)
        .ok_or(Malformed)?;
    set.widen(width);
    for _ in 0..count {
        let int = match width {
            IntWidth::Two => i16::from_le_bytes(input.array()?).into(),
            IntWidth::Four => i32::from_le_bytes(input.array()?).into(),
            IntWidth::Eight => i64::from_le_bytes(input.array()?),
        };
        insert(set, format_i64(int), &UNLIMITED)?;
    }
    input.expect_end()
}

/// Redis has no set with a member twice.
fn insert(set: &mut Set, member: Bytes, limits: &SetLimits) -> Result<(), Malformed> {
    set.add(member, limits).then_some(()).ok_or(Malformed)
}
