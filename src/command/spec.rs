//! stub
pub const WRITE: u64 = 1;
pub const READONLY: u64 = 2;
pub const DENYOOM: u64 = 4;
pub const FAST: u64 = 8;
pub const NOSCRIPT: u64 = 16;
pub const LOADING: u64 = 32;
pub const STALE: u64 = 64;
pub const SKIP_SLOWLOG: u64 = 128;
pub const ALLOW_BUSY: u64 = 256;
pub const NO_AUTH: u64 = 512;
pub const NO_MULTI: u64 = 1024;
pub const CONTAINER: u64 = 1 << 60;
pub const RO: u64 = 1;
pub const RW: u64 = 1;
pub const RM: u64 = 1;
pub const DELETE: u64 = 1;
pub const UPDATE: u64 = 1;
pub const ACCESS: u64 = 1;
#[derive(Debug)]
pub struct KeySpec;
pub const fn key(_: i32, _: u64) -> KeySpec {
    KeySpec
}
pub const fn keys(_: i32, _: i32, _: i32, _: u64) -> KeySpec {
    KeySpec
}
