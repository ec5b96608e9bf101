//! The test kit: what several test modules share.

pub mod oracle;
pub mod ours;
pub mod player;
pub mod transcript;
pub mod wire;
