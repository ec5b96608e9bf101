//! The library `bit`: bit operations on 32 bits, as BitOp 1.0.2 does them.

use mlua::Lua;
use mlua::MultiValue;
use mlua::Table;

use super::argument;

type Binary = (&'static str, fn(u32, u32) -> u32);
type Unary = (&'static str, fn(u32) -> u32);

const UNARY: [Unary; 3] = [
    ("tobit", |bits| bits),
    ("bnot", |bits| !bits),
    ("bswap", u32::swap_bytes),
];

/// Of any number of arguments.
const FOLDS: [Binary; 3] = [
    ("band", |a, b| a & b),
    ("bor", |a, b| a | b),
    ("bxor", |a, b| a ^ b),
];

const SHIFTS: [Binary; 5] = [
    ("lshift", |bits, by| bits << (by & 31)),
    ("rshift", |bits, by| bits >> (by & 31)),
    ("arshift", |bits, by| ((bits as i32) >> (by & 31)) as u32),
    ("rol", |bits, by| bits.rotate_left(by & 31)),
    ("ror", |bits, by| bits.rotate_right(by & 31)),
];

/// The library.
pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, operation) in UNARY {
        let function = move |lua: &Lua, args: MultiValue| {
            bits(lua, &args, 1).map(|bits| signed(operation(bits)))
        };
        table.set(name, lua.create_function(function)?)?;
    }
    for (name, operation) in FOLDS {
        let function = move |lua: &Lua, args: MultiValue| {
            let first = bits(lua, &args, 1)?;
            let rest = (2..=args.len()).rev();
            rest.map(|n| bits(lua, &args, n))
                .try_fold(first, |all, next| Ok(operation(all, next?)))
                .map(signed)
        };
        table.set(name, lua.create_function(function)?)?;
    }
    for (name, operation) in SHIFTS {
        let function = move |lua: &Lua, args: MultiValue| {
            let (value, by) = (bits(lua, &args, 1)?, bits(lua, &args, 2)?);
            Ok(signed(operation(value, by)))
        };
        table.set(name, lua.create_function(function)?)?;
    }
    table.set("tohex", lua.create_function(tohex)?)?;
    Ok(table)
}

/// The 32 bits of argument `n`: its low bits, a fraction rounded to the even neighbour.
fn bits(lua: &Lua, args: &MultiValue, n: usize) -> mlua::Result<u32> {
    /// Added to a number, it moves the number's integer part into the low bits of the sum.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let number = argument::number(lua, args, n)?;
    Ok((number + SHIFT).to_bits() as u32)
}

fn signed(bits: u32) -> f64 {
    f64::from(bits as i32)
}

fn tohex(lua: &Lua, args: MultiValue) -> mlua::Result<String> {
    let value = bits(lua, &args, 1)?;
    let digits = match args.len() {
        0 | 1 => 8,
        _ => bits(lua, &args, 2)? as i32,
    };
    let hex = if digits < 0 {
        format!("{value:08X}")
    } else {
        format!("{value:08x}")
    };
    let count = digits.unsigned_abs().min(8) as usize;
    Ok(hex[8 - count..].to_owned())
}
