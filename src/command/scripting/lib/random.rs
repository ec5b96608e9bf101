//! `math.random` and `math.randomseed`: Redis's own generator, so that a seed gives the same numbers everywhere.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use mlua::Lua;
use mlua::MultiValue;
use mlua::Table;

use super::super::api::Request;
use super::super::api::ask;
use super::super::raised::Raised;
use super::argument;

/// A state that 48 bits never are.
const UNSEEDED: u64 = u64::MAX;

/// The 48-bit linear congruential generator of `drand48`.
pub(in super::super) struct Generator(AtomicU64);

impl Default for Generator {
    fn default() -> Self {
        Generator(AtomicU64::new(UNSEEDED))
    }
}

impl Generator {
    /// A new script begins: it is seeded when it first asks for a number.
    pub(in super::super) fn forget(&self) {
        self.0.store(UNSEEDED, Ordering::Relaxed);
    }

    fn seed(&self, seed: u32) {
        self.0
            .store((u64::from(seed) << 16) | 0x330E, Ordering::Relaxed);
    }

    fn is_seeded(&self) -> bool {
        self.0.load(Ordering::Relaxed) != UNSEEDED
    }

    /// A number from 0 up to, not including, 1.
    fn next(&self) -> f64 {
        let state = self.0.load(Ordering::Relaxed);
        let state = state.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) & 0xFFFF_FFFF_FFFF;
        self.0.store(state, Ordering::Relaxed);
        let bits = (state >> 17) as u32;
        f64::from(bits % i32::MAX as u32) / f64::from(i32::MAX)
    }
}

/// Puts `random` and `randomseed` into `table`.
pub(in super::super) fn install(
    lua: &Lua,
    table: &Table,
    redis: &Table,
    generator: &Arc<Generator>,
) -> mlua::Result<()> {
    let (shared, redis) = (Arc::clone(generator), redis.clone());
    let random = lua.create_function(move |lua, args| random(lua, &redis, &shared, &args))?;
    let shared = Arc::clone(generator);
    let seed = lua.create_function(move |lua, args: MultiValue| {
        shared.seed(argument::integer(lua, &args, 1)? as u32);
        Ok(())
    })?;
    table.set("random", random)?;
    table.set("randomseed", seed)
}

fn random(lua: &Lua, redis: &Table, generator: &Generator, args: &MultiValue) -> mlua::Result<f64> {
    if !generator.is_seeded() {
        generator.seed(ask::<f64>(redis, Request::Random, ())? as u32);
    }
    let fraction = generator.next();
    let bound = |n| argument::integer(lua, args, n).map(|bound| f64::from(bound as i32));
    let empty = |n| Err(argument::error(lua, n, "interval is empty"));
    match args.len() {
        0 => Ok(fraction),
        1 => match bound(1)? {
            high if high < 1.0 => empty(1),
            high => Ok((fraction * high).floor() + 1.0),
        },
        2 => match (bound(1)?, bound(2)?) {
            (low, high) if low > high => empty(2),
            (low, high) => Ok((fraction * (high - low + 1.0)).floor() + low),
        },
        _ => Err(Raised::here(lua, "wrong number of arguments").into()),
    }
}
