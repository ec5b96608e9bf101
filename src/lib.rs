//! A fake Redis that remembers.
pub mod bytes;
#[cfg(feature = "client")]
mod client;
pub mod clock;
pub mod command;
pub mod commit;
pub mod engine;
mod error;
mod fakeredis;
pub mod fixtures;
pub mod journal;
pub mod keyspace;
pub mod number;
pub mod resp;
pub mod rng;
#[cfg(feature = "server")]
mod server;
pub mod session;
pub mod timeline;
pub mod value;

#[cfg(feature = "client")]
pub use client::AsyncConnection;
#[cfg(feature = "client")]
pub use client::Committed;
#[cfg(feature = "client")]
pub use client::Connection;
#[cfg(feature = "client")]
pub use client::Options;
#[cfg(feature = "client")]
pub use client::Pipeline;
#[cfg(feature = "client")]
pub use client::Transactions;
pub use clock::Clock;
pub use command::Config;
pub use command::Taken;
pub use engine::Recording;
pub use error::Error;
pub use fakeredis::Builder;
pub use fakeredis::FakeRedis;
pub use fakeredis::dump_journal;
pub use fixtures::BUILT_IN;
pub use fixtures::Dataset;
pub use fixtures::Size;
pub use fixtures::digest as fixture_digest;
pub use journal::Fsync;
pub use journal::RecoveryReport;
pub use resp::quote;
#[cfg(feature = "server")]
pub use server::Listen;
#[cfg(feature = "server")]
pub use server::Server;
#[cfg(feature = "server")]
pub use server::Stopper;
pub use timeline::Rev;
pub use timeline::Timeline;
pub use timeline::View;
