//! Hashes: times to live, encodings, orders.

use super::*;
use proptest::prelude::*;

#[test]
fn a_field_without_a_time_to_live_costs_no_index() {
    let mut hash = Hash::new();
    assert!(hash.insert(b"a", b"1"));
    hash.expire_at(b"a", 50);
    hash.expire_at(b"a", 40);
    hash.insert(b"b", b"2");
    hash.expire_at(b"b", 30);
    assert_eq!(hash.next_expiry(), Some((30, &Bytes::from(b"b"))));
    hash.remove(b"b");
    assert_eq!(
        (hash.next_expiry(), hash.volatile_len()),
        (Some((40, &Bytes::from(b"a"))), 1)
    );
    assert!(
        !hash.insert(b"a", b"3"),
        "setting a field ends its time to live"
    );
    assert!(hash.table().unwrap().times().is_none());
}

#[test]
fn a_table_never_becomes_a_listpack_again() {
    let mut hash = Hash::new();
    let limits = PackLimits::new(1, 3);
    hash.expect(1, 3, &limits);
    hash.insert(b"a", b"123");
    hash.fit(&limits);
    assert_eq!(hash.encoding(), "listpack");
    hash.expire_at(b"a", 50);
    assert_eq!(hash.encoding(), "listpackex");
    hash.insert(b"b", b"1");
    hash.fit(&limits);
    hash.remove(b"b");
    hash.fit(&limits);
    assert_eq!(hash.encoding(), "hashtable");
}

#[test]
fn the_fields_of_a_small_hash_stand_in_the_order_of_their_times() {
    let mut hash = Hash::new();
    for field in [b"a", b"b", b"c", b"d"] {
        hash.insert(field, b"");
    }
    let shown = |hash: &Hash| -> Vec<u8> {
        let fields = hash.iter().map(|(field, _)| field);
        fields.flat_map(|field| field.to_vec()).collect()
    };
    for (field, at_ms) in [(b"c", 40), (b"b", 41), (b"a", 39)] {
        hash.expire_at(field, at_ms);
    }
    assert_eq!(shown(&hash), b"acbd");
    hash.insert(b"b", b"");
    assert_eq!(shown(&hash), b"acdb", "without a time it is the last");
    for field in [b"a", b"d", b"c"] {
        hash.expire_at(field, 42);
    }
    assert_eq!(shown(&hash), b"cdab", "the newest of equals is the first");
}

#[test]
fn a_removal_from_a_small_hash_keeps_the_order() {
    let mut hash = Hash::new();
    for field in [b"a", b"b", b"c"] {
        hash.insert(field, b"");
    }
    hash.remove(b"a");
    assert!(
        hash.iter()
            .map(|(field, _)| field.to_vec())
            .eq([b"b", b"c"])
    );
}

/// A field or a value: at times longer than what is packed.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        100 => (0u16..600).prop_map(|number| number.to_string()),
        100 => "[a-c0]{0,2}",
        1 => "[a-z]{60,70}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn behaves_like_a_vector_of_pairs(ops in prop::collection::vec((0u8..8, any_text(), any_text()), 0..900)) {
        let (mut hash, mut model) = (Hash::new(), Vec::<(Bytes, Bytes)>::new());
        for (op, field, value) in ops {
            let (field, value) = (Bytes::from(field), Bytes::from(value));
            let at = model.iter().position(|(other, _)| *other == field);
            prop_assert_eq!(hash.get(&field).map(Bytes::from), at.map(|at| model[at].1.clone()));
            match (op, at) {
                (0, at) => prop_assert_eq!(hash.remove(&field), at.map(|at| match model.len() {
                    ..=512 => model.remove(at).1,
                    _ => model.swap_remove(at).1,
                })),
                (1, _) => hash.pack(),
                (_, Some(at)) => {
                    prop_assert!(!hash.insert(&field, value.clone()));
                    model[at].1 = value;
                }
                (_, None) => {
                    prop_assert!(hash.insert(&field, value.clone()));
                    model.push((field, value));
                }
            }
        }
        let owned = |(field, value): (Element<'_>, Element<'_>)| (Bytes::from(field), Bytes::from(value));
        prop_assert!(hash.iter().map(owned).eq(model.iter().cloned()));
        prop_assert!(hash.iter().rev().map(owned).eq(model.iter().rev().cloned()));
        let middle = model.len() / 3..model.len() / 2;
        prop_assert!(hash.range(middle.clone()).map(owned).eq(model[middle].iter().cloned()));
        let mut packed = hash.clone();
        packed.pack();
        prop_assert_eq!(packed.to_listpack(), hash.to_listpack());
        let indices = (0..=model.len()).map(|at| hash.get_index(at).map(owned));
        prop_assert!(indices.eq(model.iter().cloned().map(Some).chain([None])));
    }
}
