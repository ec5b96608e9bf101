//! The commands that random sessions are made of: one file a family, one row a form.

mod bits;
mod blocking;
mod cluster;
mod connection;
mod geo;
mod hashes;
mod hyperloglog;
mod keys;
mod lists;
mod pubsub;
mod scripts;
mod server;
mod sets;
mod streams;
mod strings;
mod tracking;
mod transactions;
mod vectors;
mod zsets;

pub use bits::BITS;
pub use blocking::BLOCKING;
pub use cluster::CLUSTER;
pub use connection::AUTHENTICATION;
pub use connection::CONNECTION;
pub use geo::GEO;
pub use hashes::HASHES;
pub use hyperloglog::HYPERLOGLOG;
pub use keys::KEYS;
pub use lists::LISTS;
pub use pubsub::PUBSUB;
pub use scripts::SCRIPTS;
pub use server::SERVER;
pub use sets::LARGE_SETS;
pub use sets::SETS;
pub use streams::STREAMS;
pub use strings::STRINGS;
pub use tracking::TRACKING;
pub use transactions::TRANSACTIONS;
pub use vectors::VECTORS;
pub use zsets::ZSETS;

use super::arguments::Kinds;

/// What a random session may hold.
pub struct Family {
    /// Templates of commands in the notation of [`grammar`](super::grammar). Behind `=>` stands what Redis leaves
    /// open of the reply, as [`likeness`](super::likeness) names it. A row twice is a row more often.
    pub forms: &'static [&'static str],
    /// Kinds of arguments that only these commands have.
    pub kinds: Kinds,
}

/// All of them.
#[rustfmt::skip] // One family per line.
pub const ALL: &[&Family] = &[
    &AUTHENTICATION,
    &BITS,
    &BLOCKING,
    &CLUSTER,
    &CONNECTION,
    &GEO,
    &HASHES,
    &HYPERLOGLOG,
    &KEYS,
    &LARGE_SETS,
    &LISTS,
    &PUBSUB,
    &SCRIPTS,
    &SERVER,
    &SETS,
    &STREAMS,
    &STRINGS,
    &TRACKING,
    &TRANSACTIONS,
    &VECTORS,
    &ZSETS,
];
