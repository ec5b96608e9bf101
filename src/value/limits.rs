//! [`Limits`]: how large a collection may be for Redis to keep it packed.
//!
//! They decide what `OBJECT ENCODING` and `DUMP` show and nothing else: what is state, such as an order, must
//! not depend on them, because they are not in the journal.

/// The limits of all types, as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Fields, the longest field or value.
    pub hash: PackLimits,
    /// The nodes of lists.
    pub list: ListLimits,
    /// Members of sets.
    pub set: SetLimits,
    /// Members of sorted sets.
    pub zset: PackLimits,
}

impl Default for Limits {
    /// Redis's own.
    fn default() -> Limits {
        Limits {
            hash: PackLimits::new(512, 64),
            list: ListLimits::default(),
            set: SetLimits::default(),
            zset: PackLimits::new(128, 64),
        }
    }
}

/// What a listpack may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackLimits {
    /// The most entries.
    pub entries: usize,
    /// The bytes of the longest one.
    pub bytes: usize,
}

impl PackLimits {
    /// So many entries, of so many bytes at most.
    pub const fn new(entries: usize, bytes: usize) -> PackLimits {
        PackLimits { entries, bytes }
    }

    /// Whether so many entries, the longest of so many bytes, may be packed.
    pub fn allow(&self, entries: usize, longest: usize) -> bool {
        entries <= self.entries && longest <= self.bytes
    }
}

/// What a set may hold before it is a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetLimits {
    /// The most members of an intset.
    pub ints: usize,
    /// The members of a listpack.
    pub packed: PackLimits,
}

impl Default for SetLimits {
    fn default() -> SetLimits {
        SetLimits {
            ints: 512,
            packed: PackLimits::new(128, 64),
        }
    }
}

/// How large a node of a list may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListLimits {
    /// `list-max-listpack-size`: so many items, or a size of 4 to 64 KiB as -1 to -5.
    pub size: i64,
    /// `list-compress-depth`: so many nodes at each end are not compressed; 0 for none that is.
    pub depth: usize,
}

impl Default for ListLimits {
    fn default() -> ListLimits {
        ListLimits { size: -2, depth: 0 }
    }
}

impl ListLimits {
    /// The most bytes of a node where its items are counted.
    const COUNTED_BYTES: usize = 8192;

    pub(super) fn bytes(self) -> usize {
        match self.size {
            0.. => ListLimits::COUNTED_BYTES,
            size => 4096 << (-1 - size.max(-5)),
        }
    }

    pub(super) fn items(self) -> usize {
        match self.size {
            0.. => usize::try_from(self.size.max(1)).unwrap_or(usize::MAX),
            _ => usize::MAX,
        }
    }

    /// The size up to which a quicklist becomes a listpack again.
    pub(super) fn shrunk_bytes(self) -> usize {
        match self.size {
            // The only item of a node may be as long as the node, to which its own head and foot come.
            0.. => ListLimits::COUNTED_BYTES + 14,
            _ => self.bytes() / 2,
        }
    }
}
