//! The limits that the encodings of values follow.

use super::Config;
use crate::value::Limits;
use crate::value::ListLimits;
use crate::value::PackLimits;
use crate::value::SetLimits;

impl Config {
    /// The configured limits that encodings follow.
    pub fn limits(&self) -> Limits {
        Limits {
            hash: self.hash_limits(),
            list: self.list_limits(),
            set: self.set_limits(),
            zset: self.zset_limits(),
        }
    }

    /// The limits of hashes alone; writes ask for no more than they follow.
    pub fn hash_limits(&self) -> PackLimits {
        PackLimits {
            entries: self.hash_max_listpack_entries(),
            bytes: self.hash_max_listpack_value(),
        }
    }

    /// The limits of lists alone.
    pub fn list_limits(&self) -> ListLimits {
        ListLimits {
            size: self.list_max_listpack_size(),
            depth: self.list_compress_depth(),
        }
    }

    /// The limits of sets alone.
    pub fn set_limits(&self) -> SetLimits {
        SetLimits {
            ints: self.set_max_intset_entries(),
            packed: PackLimits {
                entries: self.set_max_listpack_entries(),
                bytes: self.set_max_listpack_value(),
            },
        }
    }

    /// The limits of sorted sets alone.
    pub fn zset_limits(&self) -> PackLimits {
        PackLimits {
            entries: self.zset_max_listpack_entries(),
            bytes: self.zset_max_listpack_value(),
        }
    }
}
