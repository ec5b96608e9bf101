//! Transactions.

use super::Family;

pub const TRANSACTIONS: Family = Family {
    forms: &[
        "DISCARD",
        "EXEC",
        "EXEC",
        "MULTI",
        "MULTI",
        "UNWATCH",
        "WATCH < key >",
        "WATCH < key >",
    ],
    kinds: &[],
};
