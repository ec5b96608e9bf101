//! HyperLogLogs as a whole; their bytes are compared with Redis's by transcripts and random sessions.

use super::*;
use proptest::prelude::*;

const LIMIT: usize = 3000;

fn with(elements: impl IntoIterator<Item = u32>, limit: usize) -> Vec<u8> {
    let mut bytes = empty();
    for element in elements {
        add(&mut bytes, &element.to_le_bytes(), limit).unwrap();
    }
    bytes
}

fn registers(bytes: &[u8]) -> Vec<u8> {
    let mut registers = Registers::new();
    registers.merge(bytes).unwrap();
    registers.iter().collect()
}

#[test]
fn the_count_is_about_right() {
    assert_eq!(count(&empty()), Ok(0));
    for elements in [1, 10, 100, 1000, 10_000] {
        let bytes = with(0..elements, LIMIT);
        let off = count(&bytes).unwrap().abs_diff(elements.into());
        assert!(off * 50 <= elements.into(), "{elements} are off by {off}");
    }
}

#[test]
fn a_header_keeps_the_count() {
    let mut bytes = with([1], LIMIT);
    assert_eq!(kept_count(&bytes), None);
    keep_count(&mut bytes, 300);
    assert_eq!(kept_count(&bytes), Some(300));
    add(&mut bytes, &1u32.to_le_bytes(), LIMIT).unwrap();
    assert_eq!(kept_count(&bytes), Some(300), "nothing changed");
    add(&mut bytes, &2u32.to_le_bytes(), LIMIT).unwrap();
    assert_eq!(kept_count(&bytes), None);
}

#[test]
fn what_is_no_hyperloglog() {
    assert_eq!(encoding(&empty()), Some(Encoding::Sparse));
    assert_eq!(encoding(b"HYLL"), None);
    assert_eq!(encoding(&[0; 100]), None);
    let mut bytes = empty();
    bytes[ENCODING] = 2;
    assert_eq!(encoding(&bytes), None);
    bytes[ENCODING] = 0;
    assert_eq!(encoding(&bytes), None, "too short for a dense one");
}

#[test]
fn runs_that_are_no_registers_are_corrupt() {
    for runs in [&[0x7f, 0xfe][..], &[0x7f, 0xff, 0x00], &[0x7f], &[]] {
        let mut bytes = header(Encoding::Sparse);
        bytes.extend(runs);
        assert_eq!(count(&bytes), Err(Corrupt), "{runs:?}");
        assert_eq!(make_dense(&mut bytes), Err(Corrupt), "{runs:?}");
        assert_eq!(Registers::new().merge(&bytes), Err(Corrupt), "{runs:?}");
    }
    let mut bytes = header(Encoding::Sparse);
    assert_eq!(add(&mut bytes, b"a", LIMIT), Err(Corrupt));
}

#[test]
fn runs_can_be_read() {
    let mut bytes = empty();
    assert_eq!(runs_text(&bytes), "Z:16384");
    raise(&mut bytes, 0, 1, LIMIT).unwrap();
    raise(&mut bytes, 2, 1, LIMIT).unwrap();
    assert_eq!(runs_text(&bytes), "v:1,1 z:1 v:1,1 Z:16381");
    raise(&mut bytes, 1, 1, LIMIT).unwrap();
    assert_eq!(runs_text(&bytes), "v:1,3 Z:16381");
    raise(&mut bytes, 1, 2, LIMIT).unwrap();
    assert_eq!(runs_text(&bytes), "v:1,1 v:2,1 v:1,1 Z:16381");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn both_encodings_have_the_same_registers(
        raised in prop::collection::vec((prop_oneof![0..REGISTERS, 0..20usize], 1u8..40), 0..200),
    ) {
        let (mut sparse, mut dense) = (empty(), empty());
        make_dense(&mut dense).unwrap();
        let mut model = vec![0; REGISTERS];
        for (index, value) in raised {
            let is_greater = value > model[index];
            prop_assert_eq!(raise(&mut sparse, index, value, LIMIT), Ok(is_greater));
            prop_assert_eq!(raise(&mut dense, index, value, LIMIT), Ok(is_greater));
            model[index] = value.max(model[index]);
        }
        prop_assert_eq!(&registers(&sparse), &model);
        prop_assert_eq!(&registers(&dense), &model);
        prop_assert_eq!(count(&sparse), count(&dense));
    }

    #[test]
    fn merging_is_adding_all(a in prop::collection::vec(0u32..5000, 0..3000), b in prop::collection::vec(0u32..5000, 0..300)) {
        let both = with(a.iter().chain(&b).copied(), LIMIT);
        let mut merged = Registers::new();
        merged.merge(&with(a, LIMIT)).unwrap();
        merged.merge(&with(b, LIMIT)).unwrap();
        prop_assert_eq!(merged.count(), count(&both).unwrap());
        let mut bytes = empty();
        merged.write(&mut bytes, LIMIT).unwrap();
        prop_assert_eq!(registers(&bytes), registers(&both));
    }
}
