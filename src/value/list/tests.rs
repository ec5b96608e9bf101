//! Lists against what Redis answered and against a plain vector.

use super::*;
use proptest::prelude::*;

/// How many equal pushes made the list a quicklist, and how many of them were left when it became a
/// listpack again, in Redis 8.2.3.
#[test]
fn the_encoding_changes_where_that_of_redis_does() {
    for (item, grown, shrunk) in [
        ("xxxxxxxxxx".to_owned(), 683, 340),
        ("12345".to_owned(), 2047, 1022),
        ("y".repeat(100), 80, 39),
        ("y".repeat(8186), 1, 0),
    ] {
        let mut list = List::new();
        while list.encoding() == "listpack" {
            list.expect(1, item.len());
            list.push_back(item.as_str());
        }
        assert_eq!(list.len(), grown, "{item}");
        while list.encoding() == "quicklist" {
            list.pop_back();
        }
        assert_eq!(list.len(), shrunk, "{item}");
    }
    let one: List = ["y".repeat(8185)].into_iter().collect();
    assert_eq!(one.encoding(), "listpack");
}

/// After how many equal pushes the list was a quicklist, and how many of them were left when it became a
/// listpack again, in Redis 8.2.3.
#[test]
fn the_encoding_follows_the_limit() {
    for (limit, item_bytes, grown, shrunk) in [
        (3, 1, 4, 1),
        (0, 1, 2, 0),
        (10, 100, 11, 5),
        (10, 1000, 9, 5),
        (100, 100, 80, 50),
        (-1, 100, 40, 19),
        (-3, 100, 160, 79),
        (-5, 100, 637, 318),
        (-9, 100, 637, 318),
    ] {
        let mut list = List::new();
        list.fit(ListLimits {
            size: limit,
            depth: 0,
        });
        while list.encoding() == "listpack" {
            list.expect(1, item_bytes);
            list.push_back("y".repeat(item_bytes));
        }
        assert_eq!(list.len(), grown, "{limit}");
        while list.encoding() == "quicklist" {
            list.pop_back();
        }
        assert_eq!(list.len(), shrunk, "{limit}");
    }
}

#[test]
fn equal_items_are_removed_from_the_side_that_was_asked() {
    let list: List = ["a", "b", "a", "c", "a"].into_iter().collect();
    let left = |most, from_back| {
        let mut list = list.clone();
        let count = list.remove_equal(b"a", most, from_back);
        (
            count,
            list.iter()
                .map(|item| Bytes::from(item)[0] as char)
                .collect::<String>(),
        )
    };
    assert_eq!(left(2, false), (2, "bca".into()));
    assert_eq!(left(2, true), (2, "abc".into()));
    assert_eq!(left(usize::MAX, true), (3, "bc".into()));
    assert_eq!(list.len(), 5);
}

proptest! {
    #[test]
    fn the_packed_size_is_that_of_the_items(
        items in prop::collection::vec("[0-9]{0,12}|[a-z]{0,90}", 1..40),
        ops in prop::collection::vec((0u8..8, any::<prop::sample::Index>(), "[a-z]{0,90}"), 0..60),
    ) {
        let mut list: List = items.iter().map(String::as_str).collect();
        let mut model: Vec<Bytes> = items.iter().map(|item| item.as_str().into()).collect();
        for (op, at, item) in ops {
            let at = at.index(list.len().max(1));
            match op {
                0 => {
                    list.push_front(item.as_str());
                    model.insert(0, item.into());
                }
                1 if at < list.len() => {
                    let old = std::mem::replace(&mut model[at], item.as_str().into());
                    prop_assert_eq!(list.set(at, item), old);
                }
                2 if at < list.len() => prop_assert_eq!(list.remove(at), model.remove(at)),
                3 => prop_assert_eq!(list.pop_back(), model.pop()),
                4 if at > 20 => {
                    list.keep(at / 2..at);
                    model = model[at / 2..at].to_vec();
                }
                5 => {
                    list.insert(at, item.as_str());
                    model.insert(at, item.into());
                }
                _ => {
                    list.push_back(item.as_str());
                    model.push(item.into());
                }
            }
            let packed: usize = list.iter().map(ListpackEntry::size).sum();
            prop_assert_eq!(list.items.bytes(), packed);
            prop_assert!(list.iter().map(Bytes::from).eq(model.iter().cloned()));
            prop_assert!(list.iter().rev().map(Bytes::from).eq(model.iter().rev().cloned()));
        }
    }
}
