//! Sets against what Redis answered and against a plain vector.

use super::*;
use crate::value::PackLimits;
use proptest::prelude::*;

fn ints(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// What OBJECT ENCODING answers after each of some SADD commands.
#[test]
fn the_encoding_changes_where_that_of_redis_does() {
    let text = |len: usize| vec!["y".repeat(len)];
    let many =
        |first: &str, count: usize| [vec![first.to_owned()], vec!["x".to_owned(); count]].concat();
    let recorded: [(&[Vec<String>], &[&str]); 15] = [
        (&[ints(1), text(1)], &["intset", "listpack"]),
        (&[ints(513)], &["hashtable"]),
        (&[ints(512), vec!["9999".into()]], &["intset", "hashtable"]),
        (
            &[ints(511), vec!["9999".into()], vec!["10000".into()]],
            &["intset", "intset", "hashtable"],
        ),
        (&[ints(127), text(1)], &["intset", "listpack"]),
        (&[ints(128), text(1)], &["intset", "hashtable"]),
        (&[many("x", 128)], &["hashtable"]),
        (&[many("x", 127)], &["listpack"]),
        (&[many("1", 128)], &["listpack"]),
        (&[many("1", 600)], &["hashtable"]),
        (&[text(1), ints(127)], &["listpack", "listpack"]),
        (&[text(1), ints(128)], &["listpack", "hashtable"]),
        (&[text(65)], &["hashtable"]),
        (&[ints(1), text(65)], &["intset", "hashtable"]),
        (&[ints(1), text(64)], &["intset", "listpack"]),
    ];
    for (commands, encodings) in recorded {
        let mut set = Set::for_members(
            commands[0][0].as_bytes(),
            commands[0].len(),
            &SetLimits::default(),
        );
        let after = commands.iter().map(|members| {
            for member in members {
                set.insert(member.as_bytes());
            }
            set.encoding()
        });
        let after: Vec<_> = after.collect();
        assert_eq!(after, encodings, "{commands:?}");
    }
}

#[test]
fn many_that_are_about_to_come_decide_about_the_encoding() {
    for (first, count, encoding) in [
        ("a", 128, "listpack"),
        ("a", 129, "hashtable"),
        ("1", 512, "intset"),
        ("1", 513, "hashtable"),
    ] {
        let mut set: Set = [first].into_iter().collect();
        set.expect(count, &SetLimits::default());
        assert_eq!(set.encoding(), encoding, "{first} and {count} more");
    }
}

#[test]
fn an_encoding_outlives_what_made_it_necessary() {
    let mut set: Set = ["1", "5000000000", "a"].into_iter().collect();
    assert!(set.remove(b"a") && set.remove(b"5000000000"));
    assert_eq!((set.encoding(), set.sorted_ints()), ("listpack", None));
    let mut set: Set = ["3", "5000000000", "-7"].into_iter().collect();
    assert!(
        shown(&set)
            .iter()
            .eq(["-7", "3", "5000000000"].map(Bytes::from).iter())
    );
    set.remove(b"5000000000");
    assert_eq!(set.int_width(), Some(IntWidth::Eight));
}

#[test]
fn more_integers_than_are_kept_in_order_may_be_shown_in_order() {
    let limits = SetLimits {
        ints: 1000,
        ..SetLimits::default()
    };
    let mut set = Set::new();
    (0..600)
        .rev()
        .for_each(|int| assert!(set.add(int.to_string(), &limits)));
    assert_eq!(set.encoding(), "intset");
    assert_eq!(set.sorted_ints(), Some((0..600).collect()));
    assert_eq!(set.get_index(599).as_deref(), Some(&b"0"[..]));
}

#[test]
fn limits_make_a_table_and_leave_the_order() {
    let limits = SetLimits {
        ints: 3,
        packed: PackLimits::new(2, 2),
    };
    for (members, encoding) in [
        (&["3", "1", "2"][..], "intset"),
        (&["4", "3", "2", "1"], "hashtable"),
        (&["3", "a"], "listpack"),
        (&["3", "1", "a"], "hashtable"),
        (&["abc"], "hashtable"),
    ] {
        let mut set: Set = members.iter().copied().collect();
        let mut fitted = Set::new();
        members
            .iter()
            .for_each(|member| assert!(fitted.add(*member, &limits)));
        assert_eq!(fitted.encoding(), encoding, "{members:?}");
        assert_eq!(fitted.is_table(), encoding == "hashtable");
        assert!(set.insert("z") && fitted.add("z", &limits));
        assert_eq!(fitted, set, "the order does not depend on the limits");
    }
}

fn shown(set: &Set) -> Vec<Bytes> {
    set.iter().map(Bytes::from).collect()
}

/// A member: more often an integer than not, at times longer than what is packed.
fn any_member() -> impl Strategy<Value = String> {
    prop_oneof![
        200 => (-300i64..300).prop_map(|int| int.to_string()),
        4 => any::<i64>().prop_map(|int| int.to_string()),
        1 => "[a-z0]{0,3}",
        1 => "[a-z]{60,70}",
    ]
}

proptest! {
    #[test]
    fn behaves_like_a_vector_of_distinct_members(ops in prop::collection::vec((0u8..4, any_member()), 0..900)) {
        let (mut set, mut model, mut ascending) = (Set::new(), Vec::<Bytes>::new(), true);
        for (op, member) in ops {
            let member = Bytes::from(member);
            let at = model.iter().position(|other| *other == member);
            prop_assert_eq!(set.index_of(&member), at);
            match (op, at) {
                (0, at) => {
                    prop_assert_eq!(set.remove(&member), at.is_some());
                    at.map(|at| match model.len() {
                        ..=128 => model.remove(at),
                        _ if ascending => model.remove(at),
                        _ => model.swap_remove(at),
                    });
                }
                (_, None) => {
                    ascending &= parse_i64(&member).is_some() && model.len() < 512;
                    prop_assert!(set.insert(member.clone()));
                    model.push(member);
                    if ascending {
                        model.sort_by_key(|member| parse_i64(member));
                    }
                }
                (_, Some(_)) => prop_assert!(!set.insert(member)),
            }
            prop_assert_eq!(set.is_ascending(), ascending);
        }
        prop_assert_eq!(shown(&set), model.clone());
        let middle = model.len() / 3..model.len() / 2;
        let back: Vec<_> = set.range(middle.clone()).rev().map(Bytes::from).collect();
        prop_assert!(back.iter().eq(model[middle].iter().rev()));
        let at: Vec<_> = (0..model.len()).filter_map(|at| set.get_index(at)).map(Bytes::from).collect();
        prop_assert_eq!(at, model);
    }
}
