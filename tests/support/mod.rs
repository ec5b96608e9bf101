//! The test kit: what several test modules share.

pub mod oracle;
pub mod ours;
pub mod player;
pub mod transcript;
pub mod verified;
pub mod wire;

/// The seeds of a test with random input: `FAKEREDIS_CASES` of them, from `FAKEREDIS_SEED` on.
pub fn cases(usual: u64) -> std::ops::Range<u64> {
    let number = |variable| std::env::var(variable).ok()?.parse::<u64>().ok();
    let first = number("FAKEREDIS_SEED").unwrap_or(1);
    first..first + number("FAKEREDIS_CASES").unwrap_or(usual)
}
