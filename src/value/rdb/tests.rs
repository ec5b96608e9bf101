//! Payloads recorded from Redis 8.2.3, and values there and back.

use proptest::prelude::*;

use super::*;
use crate::value::Hash;
use crate::value::List;
use crate::value::Set;
use crate::value::VectorSet;
use crate::value::ZSet;
use crate::value::vectors::DEFAULT_LINKS;
use crate::value::vectors::Projection;
use crate::value::vectors::Quantization;
use crate::value::vectors::Shape;

fn string(text: &[u8]) -> Value {
    Value::String(StringValue::new(text))
}

fn hash(fields: &[(&[u8], &[u8], i64)]) -> Value {
    let mut hash = Hash::new();
    for (field, value, at_ms) in fields {
        hash.insert(field, *value);
        if *at_ms != 0 {
            hash.expire_at(field, *at_ms);
        }
    }
    let limits = Limits::default().hash;
    let longest = fields.iter().map(|(f, v, _)| f.len().max(v.len())).max();
    hash.expect(fields.len(), longest.unwrap_or(0), &limits);
    hash.fit(&limits);
    Value::from(hash)
}

fn dump(value: &Value, compress: bool) -> Vec<u8> {
    super::dump(value, compress, &Limits::default())
}

fn restore(payload: &[u8]) -> Result<Value, RestoreError> {
    super::restore(payload, &Limits::default())
}

fn list(items: &[&[u8]]) -> Value {
    Value::from(List::from_iter(items.iter().copied()))
}

fn set(members: &[&[u8]]) -> Value {
    Value::from(Set::from_iter(members.iter().copied()))
}

fn zset(members: &[(&[u8], f64)]) -> Value {
    Value::from(ZSet::from_iter(members.iter().copied()))
}

/// What DUMP answers for a value.
#[test]
fn payloads_are_those_of_redis() {
    let ones = b"1".repeat(70);
    let recorded: [(Value, &[u8]); 28] = [
        (string(b""), b"\x00\x00\x0c\x00\x96\xedh\x80\xf5U<\x93"),
        (string(b"a"), b"\x00\x01a\x0c\x00t\x88\xdb[u\x1c\xe3\xfd"),
        (string(b"012"), b"\x00\x03012\x0c\x00D\"W)\xaeTuE"),
        (string(b"127"), b"\x00\xc0\x7f\x0c\x00\xc6\xc3\xdf\xf1\xa8~[]"),
        (string(b"-129"), b"\x00\xc1\x7f\xff\x0c\x00\xdc\x16\xb6\xe8\xae\xaa\x1a\xc9"),
        (string(b"2147483647"), b"\x00\xc2\xff\xff\xff\x7f\x0c\x00\xe7\x02\xd1^\x1a\x043\xe8"),
        (string(b"2147483648"), b"\x00\n2147483648\x0c\x00,\xc7\x1dc\xb67\xe8\xa7"),
        (string(b"-2147483648"), b"\x00\xc2\x00\x00\x00\x80\x0c\x00\x0c9\xb3\xfe\xc9\x7f\x1f\xce"),
        (string(&b"a".repeat(20)), b"\x00\x14aaaaaaaaaaaaaaaaaaaa\x0c\x00H\xc2_\x9e\xe1;2\xb8"),
        (string(&b"a".repeat(21)), b"\x00\xc3\x06\x15\x01aa\xe0\n\x00\x0c\x006z\x87\xa8\xfdk\xa1!"),
        (string(&b"a".repeat(64)), b"\x00\xc3\t@@\x01aa\xe03\x00\x01aa\x0c\x00\x08\x13\xa2\xd246Z%"),
        (
            hash(&[(b"f", b"v", 0)]),
            b"\x10\r\r\x00\x00\x00\x02\x00\x81f\x02\x81v\x02\xff\x0c\x00\xeb\x87\t\x84\xd9~\x96\xd4",
        ),
        (
            hash(&[(b"f", b"v", 0), (b"12", b"345", 0)]),
            b"\x10\x12\x12\x00\x00\x00\x04\x00\x81f\x02\x81v\x02\x0c\x01\xc1Y\x02\xff\x0c\x00z\x06\xafz\x96b\xc8\xa9",
        ),
        (
            hash(&[(b"f", &b"x".repeat(65), 0), (b"g", b"12", 0)]),
            b"\x04\x02\x01f\xc3\t@A\x01xx\xe04\x00\x01xx\x01g\xc0\x0c\x0c\x00 \xdeB\xa1s\xc7f]",
        ),
        (
            hash(&[(b"a", b"1", 0), (b"b", b"2", 9_999_999_999_999), (b"c", b"3", 9_999_999_999_990)]),
            b"\x19\xf6\x9frN\x18\t\x00\x00,,\x00\x00\x00\t\x00\x81c\x02\x03\x01\xf4\xf6\x9frN\x18\t\x00\x00\t\x81b\x02\x02\x01\xf4\xff\x9frN\x18\t\x00\x00\t\x81a\x02\x01\x01\x00\x01\xff\x0c\x00",
        ),
        (
            hash(&[(b"c", b"3", 9_999_999_999_990), (b"b", b"2", 9_999_999_999_999), (b"a", &ones, 0)]),
            b"\x18\xf6\x9frN\x18\t\x00\x00\x03\x01\x01c\xc0\x03\n\x01b\xc0\x02\x00\x01a\xc3\t@F\x0111\xe09\x00\x0111\x0c\x00,\xb7\xebXR\x94\xf8\x14",
        ),
        (list(&[b"a", b"1", b"b"]), b"\x12\x01\x02\x0f\x0f\x00\x00\x00\x03\x00\x81a\x02\x01\x01\x81b\x02\xff\x0c\x00[5\x97\x8c\x11\xa4\x85U"),
        (list(&[b"a", &b"b".repeat(70)]), b"\x12\x01\x02\xc3\x13@S\x0bS\x00\x00\x00\x02\x00\x81a\x02\xe0Fb\xe0<\x00\x01H\xff\x0c\x00+\xde[%\xd1\xa6j\x9f"),
        (list(&[&b"y".repeat(9000), b"a"]), b"\x12\x02\x01\xc3@oc(\x01yy\xe0\xff\x00\xe0\xff\x00"),
        (set(&[b"3", b"1", b"2"]), b"\x0b\x0e\x02\x00\x00\x00\x03\x00\x00\x00\x01\x00\x02\x00\x03\x00\x0c\x00nth\"\x97D\xd3R"),
        (
            set(&[b"3", b"1", b"2", b"70000", b"5000000000"]),
            b"\x0b\xc3'0\x04\x08\x00\x00\x00\x05 \x03\x00\x01 \x03@\x00\x00\x02@\x04 \x00\x00\x03 \x03@\x00\x01p\x11\xa0\x19\x02\xf2\x05* \t\x00\x00\x0c\x00\x7f\xaf\xc2\x90\x05X\xf9N",
        ),
        (set(&[b"1", b"2", b"3", b"a"]), b"\x14\x10\x10\x00\x00\x00\x04\x00\x01\x01\x02\x01\x03\x01\x81a\x02\xff\x0c\x00\xf3L\xc5h\xb1H\xc8R"),
        (set(&[b"b", b"a"]), b"\x14\r\r\x00\x00\x00\x02\x00\x81b\x02\x81a\x02\xff\x0c\x00F\xee\xd9\xf0\xec8\x8b\x83"),
        (set(&[b"1", &b"x".repeat(65)]), b"\x02\x02\xc0\x01\xc3\t@A\x01xx\xe04\x00\x01xx\x0c\x00\x9f!\xd41#5\xd8k"),
        (
            zset(&[(b"a", 1.0), (b"b", 2.5), (b"c", -0.0), (b"d", 1e30)]),
            b"\x11##\x00\x00\x00\x08\x00\x81c\x02\x00\x01\x81a\x02\x01\x01\x81b\x02\x832.5\x04\x81d\x02\x851e+30\x06\xff\x0c\x00\xcc\xeeMu\xe3\xb74%",
        ),
        (zset(&[(&b"x".repeat(65), 1.5)]), b"\x05\x01\xc3\t@A\x01xx\xe04\x00\x01xx\x00\x00\x00\x00\x00\x00\xf8?\x0c\x00\xf88\x9b|c\xa5`\xec"),
        (
            zset(&[(&b"x".repeat(64), f64::INFINITY), (b"y", f64::NEG_INFINITY)]),
            b"\x11\xc3\x1e@X\x11X\x00\x00\x00\x04\x00\x81y\x02\x84-inf\x05\xe0@x\xe06\x00\x01B\x83 G\x01\x04\xff\x0c\x00Q(w\xc9\xcb\xc3Y\x00",
        ),
        (zset(&[(b"a", 2.0), (b"b", 1.0)]), b"\x11\x11\x11\x00\x00\x00\x04\x00\x81b\x02\x01\x01\x81a\x02\x02\x01\xff\x0c\x00"),
    ];
    for (value, payload) in recorded {
        let ours = dump(&value, true);
        assert!(
            ours.starts_with(payload),
            "{value:?}\n{}\n{}",
            ours.escape_ascii(),
            payload.escape_ascii()
        );
        assert_eq!(dump(&restore(&ours).unwrap(), true), ours);
    }
}

/// What RESTORE makes of payloads that no version of today writes; `None` where it answers "Bad data format".
#[test]
fn old_and_damaged_forms_are_read_as_redis_reads_them() {
    let fields = |fields: &[(&str, &str, i64)]| {
        let fields: Vec<_> = fields
            .iter()
            .map(|(f, v, at_ms)| (f.as_bytes(), v.as_bytes(), *at_ms))
            .collect();
        Some(hash(&fields))
    };
    let recorded: [(&[u8], Option<Value>); 42] = [
        (b"\x00\x40\x01a", Some(string(b"a"))),
        (b"\x00\x81\0\0\0\0\0\0\0\x01a", Some(string(b"a"))),
        (b"\x00\x82\0\0\0\x01a", None),
        (b"\x00\xc4\x05", None),
        (b"\x00\x01azzz", Some(string(b"a"))),
        (b"", None),
        (b"\x63\x01a", None),
        (b"\x04\x00", None),
        (b"\x04\x01\x01a\x01b", fields(&[("a", "b", 0)])),
        (
            b"\x09\x0f\x02\x01a\x01\x00b\x02cc\x02\x01dd_\xff",
            fields(&[("a", "b", 0), ("cc", "dd", 0)]),
        ),
        (b"\x09\x0e\x02\x01a\x01\x00b\x01a\x02\x01dd_\xff", None),
        (b"\x09\x02\x00\xff", None),
        (
            b"\x0d\x11\x11\0\0\0\x0d\0\0\0\x02\0\x00\x01a\x03\xf2\xff",
            None,
        ),
        (
            b"\x0d\x10\x10\0\0\0\x0d\0\0\0\x02\0\x00\x01a\x03\xf2\xff",
            fields(&[("a", "1", 0)]),
        ),
        (b"\x0d\x0e\x0e\0\0\0\x0a\0\0\0\x01\0\x00\x01a\xff", None),
        (
            b"\x10\x0d\x0d\0\0\0\xff\xff\x81f\x02\x81v\x02\xff",
            fields(&[("f", "v", 0)]),
        ),
        (b"\x10\x0a\x0a\0\0\0\x01\0\x81f\x02\xff", None),
        (
            b"\x10\x13\x13\0\0\0\x04\0\x81f\x02\x81v\x02\x81f\x02\x81v\x02\xff",
            None,
        ),
        (
            b"\x16\x01\x81\0\0\x09\x18\x4e\x72\x9f\xf6\x01a\x01b",
            fields(&[("a", "b", 9_999_999_999_990)]),
        ),
        (
            b"\x17\x16\x16\0\0\0\x03\0\x81a\x02\x01\x01\xf4\xf6\x9frN\x18\t\0\0\x09\xff",
            fields(&[("a", "1", 9_999_999_999_990)]),
        ),
        (
            b"\x18\xff\x9frN\x18\t\0\0\x02\x00\x01a\x01b\x05\x01c\x01d",
            fields(&[("a", "b", 0), ("c", "d", 10_000_000_000_003)]),
        ),
        (
            b"\x18\xff\x9frN\x18\t\0\0\x02\x00\x01a\x01b\x00\x01a\x01d",
            None,
        ),
        (
            b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\x01\x05\x01c\x01d",
            None,
        ),
        (
            b"\x19\0\0\0\0\0\0\0\0\x10\x10\0\0\0\x03\0\x81a\x02\x01\x01\x81q\x02\xff",
            None,
        ),
        (b"\x01\x00", None),
        (b"\x01\x01\x01a", Some(list(&[b"a"]))),
        (
            b"\x0a\x0e\x0e\0\0\0\x0a\0\0\0\x01\0\x00\x01a\xff",
            Some(list(&[b"a"])),
        ),
        (b"\x0a\x0b\x0b\0\0\0\x0a\0\0\0\0\0\xff", None),
        (
            b"\x0e\x01\x0e\x0e\0\0\0\x0a\0\0\0\x01\0\x00\x01a\xff",
            Some(list(&[b"a"])),
        ),
        (b"\x12\x01\x03\x01a", None),
        (b"\x12\x01\x01\x01a", Some(list(&[b"a"]))),
        (
            b"\x12\x02\x02\x07\x07\0\0\0\0\0\xff\x02\x0a\x0a\0\0\0\x01\0\x81f\x02\xff",
            Some(list(&[b"f"])),
        ),
        (b"\x02\x02\x01a\x01a", None),
        (b"\x0b\x0c\x02\0\0\0\x02\0\0\0\x01\0\x01\0", None),
        (b"\x0b\x0a\x03\0\0\0\x01\0\0\0\x01\0\0", None),
        (b"\x0b\x0b\x02\0\0\0\x01\0\0\0\x01\0\0", None),
        (
            b"\x03\x03\x01a\x031.5\x01b\xfe\x01c\xff",
            Some(zset(&[
                (b"a", 1.5),
                (b"b", f64::INFINITY),
                (b"c", f64::NEG_INFINITY),
            ])),
        ),
        (b"\x03\x01\x01a\xfd", None),
        (b"\x03\x01\x01a\x03abc", None),
        (b"\x05\x01\x01a\0\0\0\0\0\0\xf8\x7f", None),
        (
            b"\x05\x02\x01a\0\0\0\0\0\0\xf8\x3f\x01a\0\0\0\0\0\0\xf8\x3f",
            None,
        ),
        (
            b"\x0c\x10\x10\0\0\0\x0d\0\0\0\x02\0\x00\x01a\x03\xf2\xff",
            Some(zset(&[(b"a", 1.0)])),
        ),
    ];
    for (body, value) in recorded {
        assert_eq!(
            restore(&with_footer(body, VERSION)).ok(),
            value,
            "{}",
            body.escape_ascii()
        );
    }
}

fn with_footer(body: &[u8], version: u16) -> Vec<u8> {
    let mut payload = [body, &version.to_le_bytes()].concat();
    payload.extend(CRC.checksum(&payload).to_le_bytes());
    payload
}

#[test]
fn footers_are_checked_first() {
    assert_eq!(restore(b""), Err(RestoreError::Footer));
    assert_eq!(restore(b"123456789"), Err(RestoreError::Footer));
    assert_eq!(
        restore(&with_footer(b"\x00\x01a", 13)),
        Err(RestoreError::Footer)
    );
    assert_eq!(restore(&with_footer(b"\x00\x01a", 0)), Ok(string(b"a")));
    assert_eq!(
        restore(b"\x00\x01a\x0c\x00\0\0\0\0\0\0\0\0"),
        Err(RestoreError::Footer)
    );
    let payload = dump(&string(b"a"), true);
    for bit in 0..payload.len() * 8 {
        let mut damaged = payload.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(restore(&damaged), Err(RestoreError::Footer));
    }
}

#[test]
fn claims_beyond_the_bytes_cost_nothing() {
    let most = [0xFF; 8];
    for head in [
        b"\x04\x81".as_slice(),
        b"\x00\x81",
        b"\x00\xc3\x05\x81",
        b"\x10\x81",
    ] {
        let body = [head, &most, b"aaaaaaaa"].concat();
        assert_eq!(
            restore(&with_footer(&body, VERSION)),
            Err(RestoreError::Format)
        );
    }
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..100),
        any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        "[ab]{0,100}".prop_map(String::into_bytes),
    ]
}

fn vectors(
    elements: &[(Vec<u8>, [f32; 2], Vec<u8>)],
    quantization: Quantization,
    projected: bool,
) -> Value {
    let shape = Shape {
        dim: 2,
        quantization,
        links: DEFAULT_LINKS,
    };
    let mut set = VectorSet::new(shape, projected.then(|| Projection::new(2, 2)));
    for (name, vector, attributes) in elements {
        set.insert(name, vector);
        set.set_attributes(name, attributes);
    }
    // What the newest element was is part of the state.
    set.insert(b"newest", &[1.0, 2.0]);
    if elements.iter().any(|(name, ..)| name != b"newest") {
        set.remove(b"newest");
    }
    Value::from(set)
}

fn any_value() -> impl Strategy<Value = Value> {
    let field = (
        any_bytes(),
        any_bytes(),
        prop_oneof![Just(0), 1i64..i64::MAX],
    );
    let hashes = prop::collection::vec(field, 1..40).prop_map(|fields| {
        let fields: Vec<_> = fields
            .iter()
            .map(|(f, v, at_ms)| (f.as_slice(), v.as_slice(), *at_ms))
            .collect();
        hash(&fields)
    });
    let many = || prop::collection::vec(any_bytes(), 1..300);
    let lists = many().prop_map(|items| Value::from(items.into_iter().collect::<List>()));
    let sets = many().prop_map(|members| Value::from(members.into_iter().collect::<Set>()));
    let ints = prop::collection::vec(any::<i32>(), 1..600).prop_map(|ints| {
        let members = ints.iter().map(|int| (int >> (int & 31)).to_string());
        Value::from(members.collect::<Set>())
    });
    let scored = prop::collection::vec(
        (any_bytes(), prop::num::f64::NORMAL | prop::num::f64::ZERO),
        1..200,
    );
    let zsets = scored.prop_map(|members| Value::from(members.into_iter().collect::<ZSet>()));
    let vectored =
        prop::collection::vec((any_bytes(), [-9f32..9.0, -9f32..9.0], any_bytes()), 1..50);
    let vectors = (vectored, 0..3usize, any::<bool>()).prop_map(|(elements, kind, projected)| {
        let kinds = [Quantization::F32, Quantization::Q8, Quantization::Bin];
        vectors(&elements, kinds[kind], projected)
    });
    prop_oneof![
        vectors,
        any_bytes().prop_map(|bytes| string(&bytes)),
        hashes,
        lists,
        sets,
        ints,
        zsets
    ]
}

proptest! {
    #[test]
    fn decoding_is_the_inverse_of_encoding(value in any_value(), compress: bool, after: Vec<u8>) {
        let mut bytes = Vec::new();
        encode_value(&value, &mut bytes, compress);
        bytes.extend(&after);
        let mut rest = bytes.as_slice();
        let decoded = decode_value(&mut rest).unwrap();
        prop_assert_eq!(rest, &after);
        prop_assert_eq!(decoded.encoding(), value.encoding());
        prop_assert_eq!(&decoded, &value);
        prop_assert_eq!(dump(&restore(&dump(&value, true)).unwrap(), true), dump(&value, true));
    }

    #[test]
    fn damage_does_not_panic(value in any_value(), at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let mut bytes = Vec::new();
        encode_value(&value, &mut bytes, true);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = decode_value(&mut bytes.as_slice());
        let _ = decode_value(&mut &bytes[..cut.index(bytes.len())]);
    }
}

#[test]
fn a_table_of_integers_keeps_its_order() {
    let mut set = Set::new();
    set.insert(b"x".repeat(65).as_slice());
    for member in ["3", "1", "2"] {
        set.insert(member.as_bytes());
    }
    set.remove(&b"x".repeat(65));
    assert!(set.is_table());
    let value = Value::from(set);
    let mut bytes = Vec::new();
    encode_value(&value, &mut bytes, false);
    let Ok(Value::Set(back)) = decode_value(&mut bytes.as_slice()) else {
        panic!("a set is a set");
    };
    let Value::Set(set) = value else {
        panic!("a set is a set");
    };
    assert!(back.is_table() && back.iter().eq(set.iter()));
}
