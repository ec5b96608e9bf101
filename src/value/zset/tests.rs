//! Sorted sets against what Redis answered and against a sorted map.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const LIMITS: PackLimits = PackLimits::new(128, 64);

#[test]
fn the_encoding_changes_where_that_of_redis_does() {
    let many = |count: usize| (0..count).map(|number| (number.to_string(), 1.0));
    let encoding = |zset: ZSet| zset.encoding();
    assert_eq!(encoding(many(128).collect()), "listpack");
    assert_eq!(encoding(many(129).collect()), "skiplist");
    assert_eq!(
        encoding([("y".repeat(64), 1.0)].into_iter().collect()),
        "listpack"
    );
    assert_eq!(
        encoding([("y".repeat(65), 1.0)].into_iter().collect()),
        "skiplist"
    );
    assert_eq!(encoding(ZSet::for_members(129, 0, &LIMITS)), "skiplist");
    let mut few: ZSet = many(2).collect();
    few.expect(128, &LIMITS);
    assert_eq!(few.encoding(), "listpack");
    few.expect(129, &LIMITS);
    assert_eq!(few.encoding(), "skiplist");
    let mut zset: ZSet = many(128).collect();
    zset.insert(b"7", 2.0);
    assert_eq!(zset.encoding(), "listpack", "an update needs no room");
    zset.insert(b"zz", 1.0);
    zset.remove(b"zz");
    assert_eq!(
        zset.encoding(),
        "skiplist",
        "it outlives what made it necessary"
    );
}

#[test]
fn a_listpack_has_no_negative_zero() {
    let mut zset = ZSet::new();
    zset.insert(b"a", -0.0);
    assert!(zset.score(b"a").unwrap().is_sign_positive());
    zset.make_skiplist();
    zset.insert(b"b", -0.0);
    assert!(zset.score(b"b").unwrap().is_sign_negative());
    assert_eq!((zset.rank(b"a"), zset.rank(b"b")), (Some(0), Some(1)));
}

#[test]
fn a_set_that_becomes_large_keeps_its_order() {
    let mut zset: ZSet = (0..128)
        .rev()
        .map(|number| (number.to_string(), f64::from(number)))
        .collect();
    assert!(zset.is_packed() && zset.members().eq(zset.iter()));
    let before: ZSet = zset.clone();
    zset.insert(b"first", -1.5);
    assert!(!zset.is_packed() && zset.members().take(128).eq(before.members()));
    assert_eq!(zset.get_index(128), zset.at_rank(0));
}

fn any_score() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-3i8..4).prop_map(f64::from),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        -1e9..1e9
    ]
}

/// A key by which integers sort as the doubles do.
fn sortable(score: f64) -> i64 {
    let bits = (score + 0.0).to_bits() as i64;
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

proptest! {
    #[test]
    fn behaves_like_a_sorted_map(ops in prop::collection::vec((0u8..8, 0u16..300, any_score()), 0..1200)) {
        let (mut zset, mut model) = (ZSet::new(), BTreeMap::new());
        for (kind, member, score) in ops {
            let text = member.to_string().into_bytes();
            if kind < 6 {
                prop_assert_eq!(zset.insert(&text, score), model.insert(text, score));
            } else if kind == 6 || zset.is_empty() {
                prop_assert_eq!(zset.remove(&text), model.remove(&text));
            } else {
                let (member, score) = zset.remove_rank(usize::from(member) % zset.len());
                prop_assert_eq!(model.remove(&*member), Some(score));
            }
        }
        let mut sorted: Vec<_> = model.into_iter().map(|(member, score)| (sortable(score), member, score)).collect();
        sorted.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        prop_assert_eq!(zset.len(), sorted.len());
        for (rank, (_, member, score)) in sorted.iter().enumerate() {
            prop_assert_eq!(zset.at_rank(rank).map(|(member, score)| (member.to_vec(), score)), Some((member.clone(), *score)));
            prop_assert_eq!((zset.rank(member), zset.score(member)), (Some(rank), Some(*score)));
        }
        let below = sorted.iter().take_while(|(.., score)| *score < 1.0).count();
        prop_assert_eq!(zset.first_rank(|score, _| score < 1.0), below);
        prop_assert!(zset.iter().rev().map(|(member, _)| member.to_vec()).eq(sorted.iter().rev().map(|(_, member, _)| member.clone())));
    }
}
