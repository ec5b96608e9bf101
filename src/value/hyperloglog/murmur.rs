//! MurmurHash64A by Austin Appleby, who gave it to the public domain, with the seed that Redis uses.

const SEED: u64 = 0xadc8_3b19;
const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
const SHIFT: u32 = 47;

/// The hash of an element, the same on every machine.
pub(super) fn hash(element: &[u8]) -> u64 {
    let (words, tail) = element.as_chunks::<8>();
    let mut hash = SEED ^ (element.len() as u64).wrapping_mul(FACTOR);
    for word in words {
        let word = stirred(u64::from_le_bytes(*word).wrapping_mul(FACTOR));
        hash = (hash ^ word.wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
    }
    if !tail.is_empty() {
        let mut word = [0; 8];
        word[..tail.len()].copy_from_slice(tail);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(FACTOR);
    }
    stirred(stirred(hash).wrapping_mul(FACTOR))
}

fn stirred(hash: u64) -> u64 {
    hash ^ (hash >> SHIFT)
}
