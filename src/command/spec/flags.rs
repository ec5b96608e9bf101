//! A row's flags, its group, and the ACL categories that follow from them.
//!
//! Flags and explicit categories share one `u64`, so that a row reads `WRITE | FAST | CAT_DANGEROUS`.
//! The position of a bit is its place in Redis's replies.

/// Changes the data.
pub const WRITE: u64 = 1 << 0;
/// Only reads the data.
pub const READONLY: u64 = 1 << 1;
/// Refused when memory is short.
pub const DENYOOM: u64 = 1 << 2;
/// Comes from a module.
pub const MODULE: u64 = 1 << 3;
/// Administers the server.
pub const ADMIN: u64 = 1 << 4;
/// Belongs to publish and subscribe.
pub const PUBSUB: u64 = 1 << 5;
/// Refused inside scripts.
pub const NOSCRIPT: u64 = 1 << 6;
/// May block the connection.
pub const BLOCKING: u64 = 1 << 7;
/// Allowed while the dataset is loaded.
pub const LOADING: u64 = 1 << 8;
/// Allowed on a replica with stale data.
pub const STALE: u64 = 1 << 9;
/// Hidden from `MONITOR`.
pub const SKIP_MONITOR: u64 = 1 << 10;
/// Hidden from the slow log.
pub const SKIP_SLOWLOG: u64 = 1 << 11;
/// Allowed on a slot that is being imported, without `ASKING`.
pub const ASKING: u64 = 1 << 12;
/// Takes constant or logarithmic time.
pub const FAST: u64 = 1 << 13;
/// Allowed before `AUTH`.
pub const NO_AUTH: u64 = 1 << 14;
/// May write on behalf of its caller.
pub const MAY_REPLICATE: u64 = 1 << 15;
/// May be called without any key.
pub const NO_MANDATORY_KEYS: u64 = 1 << 16;
/// Refused while the dataset is loaded asynchronously.
pub const NO_ASYNC_LOADING: u64 = 1 << 17;
/// Refused between `MULTI` and `EXEC`.
pub const NO_MULTI: u64 = 1 << 18;
/// Allowed while a script runs too long.
pub const ALLOW_BUSY: u64 = 1 << 19;
/// Key positions need more than first, last and step; derived from the key specs, never in a row.
pub const MOVABLEKEYS: u64 = 1 << 20;
/// Only holds subcommands; `COMMAND INFO` does not tell.
pub const CONTAINER: u64 = 1 << 21;
/// For servers among themselves; only `COMMAND DOCS` tells.
pub const SYSCMD: u64 = 1 << 22;

const FLAG_NAMES: [&str; 21] = [
    "write",
    "readonly",
    "denyoom",
    "module",
    "admin",
    "pubsub",
    "noscript",
    "blocking",
    "loading",
    "stale",
    "skip_monitor",
    "skip_slowlog",
    "asking",
    "fast",
    "no_auth",
    "may_replicate",
    "no_mandatory_keys",
    "no_async_loading",
    "no_multi",
    "allow_busy",
    "movablekeys",
];

const FIRST_CATEGORY: u32 = 32;

macro_rules! categories {
    ($($name:ident $text:literal $place:literal,)*) => {
        $(#[doc = concat!("The ACL category `@", $text, "`.")]
        pub const $name: u64 = 1 << (FIRST_CATEGORY + $place);)*
        const CATEGORY_NAMES: [&str; 21] = [$($text),*];
    };
}

categories! {
    CAT_KEYSPACE "keyspace" 0,
    CAT_READ "read" 1,
    CAT_WRITE "write" 2,
    CAT_SET "set" 3,
    CAT_SORTEDSET "sortedset" 4,
    CAT_LIST "list" 5,
    CAT_HASH "hash" 6,
    CAT_STRING "string" 7,
    CAT_BITMAP "bitmap" 8,
    CAT_HYPERLOGLOG "hyperloglog" 9,
    CAT_GEO "geo" 10,
    CAT_STREAM "stream" 11,
    CAT_PUBSUB "pubsub" 12,
    CAT_ADMIN "admin" 13,
    CAT_FAST "fast" 14,
    CAT_SLOW "slow" 15,
    CAT_BLOCKING "blocking" 16,
    CAT_DANGEROUS "dangerous" 17,
    CAT_CONNECTION "connection" 18,
    CAT_TRANSACTION "transaction" 19,
    CAT_SCRIPTING "scripting" 20,
}

/// All categories, as a mask over a row's flags.
const CATEGORIES: u64 = u64::MAX << FIRST_CATEGORY;

/// Categories that a row adds to its group's own; any other explicit one replaces the group's.
const ADDED: u64 = CAT_ADMIN | CAT_DANGEROUS;

/// The family that a command is documented under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Single bits of strings.
    Bitmap,
    /// Redis Cluster.
    Cluster,
    /// The connection itself.
    Connection,
    /// Keys of any type.
    Generic,
    /// Places on the globe.
    Geo,
    /// Hashes.
    Hash,
    /// Cardinality estimates.
    HyperLogLog,
    /// Lists.
    List,
    /// Publish and subscribe.
    PubSub,
    /// Lua scripts and functions.
    Scripting,
    /// The server.
    Server,
    /// Sets.
    Set,
    /// Sorted sets.
    SortedSet,
    /// Streams.
    Stream,
    /// Strings.
    String,
    /// Transactions.
    Transactions,
    /// Vector sets, a module that Redis bundles.
    VectorSet,
}

impl Group {
    /// The name in `COMMAND DOCS`.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Bitmap => "bitmap",
            Group::Cluster => "cluster",
            Group::Connection => "connection",
            Group::Generic => "generic",
            Group::Geo => "geo",
            Group::Hash => "hash",
            Group::HyperLogLog => "hyperloglog",
            Group::List => "list",
            Group::PubSub => "pubsub",
            Group::Scripting => "scripting",
            Group::Server => "server",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Stream => "stream",
            Group::String => "string",
            Group::Transactions => "transactions",
            Group::VectorSet => "module",
        }
    }

    /// The category that every real command of the group has.
    const fn category(self) -> u64 {
        match self {
            Group::Bitmap => CAT_BITMAP,
            Group::Connection => CAT_CONNECTION,
            Group::Generic => CAT_KEYSPACE,
            Group::Geo => CAT_GEO,
            Group::Hash => CAT_HASH,
            Group::HyperLogLog => CAT_HYPERLOGLOG,
            Group::List => CAT_LIST,
            Group::Scripting => CAT_SCRIPTING,
            Group::Set => CAT_SET,
            Group::SortedSet => CAT_SORTEDSET,
            Group::Stream => CAT_STREAM,
            Group::String => CAT_STRING,
            Group::Transactions => CAT_TRANSACTION,
            Group::Cluster | Group::PubSub | Group::Server | Group::VectorSet => 0,
        }
    }
}

/// The ACL categories of a command, as a mask of `CAT_*`.
///
/// Modules register their commands without categories, so vector sets have none.
pub const fn categories(flags: u64, group: Group) -> u64 {
    if flags & MODULE != 0 {
        return flags & CATEGORIES;
    }
    let explicit = flags & CATEGORIES;
    let own = if explicit & !ADDED != 0 || flags & CONTAINER != 0 {
        0
    } else {
        group.category()
    };
    explicit | own | implied(flags, group)
}

/// The categories that single flags stand for.
const fn implied(flags: u64, group: Group) -> u64 {
    let reads_data = !matches!(group, Group::Scripting);
    when(flags & WRITE != 0, CAT_WRITE)
        | when(flags & READONLY != 0 && reads_data, CAT_READ)
        | when(flags & ADMIN != 0, CAT_ADMIN | CAT_DANGEROUS)
        | when(flags & PUBSUB != 0, CAT_PUBSUB)
        | when(flags & BLOCKING != 0, CAT_BLOCKING)
        | when(flags & FAST != 0, CAT_FAST)
        | when(flags & FAST == 0, CAT_SLOW)
}

const fn when(condition: bool, categories: u64) -> u64 {
    if condition { categories } else { 0 }
}

/// The mask of the ACL category called `name` (without the `@`).
pub fn category(name: &str) -> Option<u64> {
    let place = CATEGORY_NAMES.iter().position(|n| *n == name)?;
    Some(1 << (FIRST_CATEGORY as usize + place))
}

/// The names of all ACL categories, in Redis's order.
pub fn all_category_names() -> impl Iterator<Item = &'static str> {
    CATEGORY_NAMES.into_iter()
}

/// The names of the flags that are set, in Redis's order. Redis tells nobody of `may_replicate`.
pub fn flag_names(flags: u64) -> impl Iterator<Item = &'static str> {
    named(&FLAG_NAMES, flags & !MAY_REPLICATE)
}

/// The names of the ACL categories in a mask, in Redis's order and without the `@`.
pub fn category_names(categories: u64) -> impl Iterator<Item = &'static str> {
    named(&CATEGORY_NAMES, categories >> FIRST_CATEGORY)
}

/// The names of the bits that are set, lowest first.
pub(super) fn named(
    names: &'static [&'static str],
    bits: u64,
) -> impl Iterator<Item = &'static str> {
    let set = move |place: &usize| bits >> place & 1 == 1;
    (0..names.len()).filter(set).map(|place| names[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(flags: u64, group: Group) -> String {
        category_names(categories(flags, group))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn categories_follow_from_flags_and_group() {
        assert_eq!(acl(WRITE | DENYOOM, Group::String), "write string slow");
        assert_eq!(acl(READONLY | NOSCRIPT, Group::Scripting), "slow scripting");
        assert_eq!(acl(ADMIN | NOSCRIPT, Group::Server), "admin slow dangerous");
        assert_eq!(acl(PUBSUB | LOADING, Group::PubSub), "pubsub slow");
        assert_eq!(acl(LOADING | STALE, Group::PubSub), "slow");
        assert_eq!(
            acl(WRITE | FAST | BLOCKING, Group::SortedSet),
            "write sortedset fast blocking"
        );
    }

    #[test]
    fn explicit_categories_add_or_replace() {
        assert_eq!(
            acl(READONLY | CAT_DANGEROUS, Group::Generic),
            "keyspace read slow dangerous"
        );
        assert_eq!(
            acl(BLOCKING | CAT_CONNECTION, Group::Generic),
            "slow blocking connection"
        );
        let sort = READONLY | CAT_DANGEROUS | CAT_LIST | CAT_SET | CAT_SORTEDSET;
        assert_eq!(
            acl(sort, Group::Generic),
            "read set sortedset list slow dangerous"
        );
    }

    #[test]
    fn containers_and_modules_stand_outside_their_group() {
        assert_eq!(acl(CONTAINER, Group::Stream), "slow");
        assert_eq!(acl(WRITE | MODULE, Group::VectorSet), "");
    }

    #[test]
    fn every_category_is_found_by_its_name() {
        for name in all_category_names() {
            let mask = category(name).unwrap();
            assert_eq!(category_names(mask).collect::<Vec<_>>(), [name]);
        }
        assert_eq!(category("no-such"), None);
    }
}
