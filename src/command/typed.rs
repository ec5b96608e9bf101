//! Typed access to collections, for [`Context`]: three methods for each type, all alike; and the configured
//! limits that their encodings follow.

use triomphe::Arc;

use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use crate::value::Limits;
use crate::value::List;
use crate::value::ListLimits;
use crate::value::PackLimits;
use crate::value::Set;
use crate::value::SetLimits;
use crate::value::Stream;
use crate::value::Value;
use crate::value::VectorSet;
use crate::value::ZSet;

macro_rules! collections {
    ($($text:literal $variant:ident($type:ty): $read:ident $peek:ident $vis:vis $mut:ident,)*) => {
        impl Context<'_> {
            $(
                #[doc = concat!("The ", $text, " at `key`, for a command that reads.")]
                pub fn $read(&mut self, key: &[u8]) -> Result<Option<&$type>> {
                    match self.read(key).map(|slot| slot.value()) {
                        None => Ok(None),
                        Some(Value::$variant(value)) => Ok(Some(value)),
                        Some(_) => Err(ReplyError::WRONG_TYPE),
                    }
                }

                #[doc = concat!("The ", $text, " at `key`, for a command that writes but may find nothing to do.")]
                pub fn $peek(&mut self, key: &[u8]) -> Result<Option<&$type>> {
                    match self.peek(key).map(|slot| slot.value()) {
                        None => Ok(None),
                        Some(Value::$variant(value)) => Ok(Some(value)),
                        Some(_) => Err(ReplyError::WRONG_TYPE),
                    }
                }

                #[doc = concat!("The ", $text, " at `key` (a new one where there is none), to change and then call")]
                /// [`changed`](Context::changed).
                $vis fn $mut(&mut self, key: &[u8]) -> Result<&mut $type> {
                    match self.value_or_insert(key, || Value::$variant(Arc::default())) {
                        Value::$variant(value) => Ok(Arc::make_mut(value)),
                        _ => Err(ReplyError::WRONG_TYPE),
                    }
                }
            )*
        }
    };
}

collections! {
    "list" List(List): list peek_list any_list_mut,
    "set" Set(Set): read_set peek_set pub set_mut,
    "sorted set" ZSet(ZSet): zset peek_zset pub zset_mut,
    "stream" Stream(Stream): stream peek_stream pub stream_mut,
    "vector set" Vectors(VectorSet): vectors peek_vectors pub vectors_mut,
}

impl Context<'_> {
    /// The list at `key` (a new one where there is none), to change and then call
    /// [`changed`](Context::changed).
    pub fn list_mut(&mut self, key: &[u8]) -> Result<&mut List> {
        let limits = self.list_limits();
        let list = self.any_list_mut(key)?;
        list.fit(limits);
        Ok(list)
    }

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
        let config = &self.world.config;
        PackLimits {
            entries: config.hash_max_listpack_entries(),
            bytes: config.hash_max_listpack_value(),
        }
    }

    /// The limits of lists alone.
    pub fn list_limits(&self) -> ListLimits {
        let config = &self.world.config;
        ListLimits {
            size: config.list_max_listpack_size(),
            depth: config.list_compress_depth(),
        }
    }

    /// The limits of sets alone.
    pub fn set_limits(&self) -> SetLimits {
        let config = &self.world.config;
        SetLimits {
            ints: config.set_max_intset_entries(),
            packed: PackLimits {
                entries: config.set_max_listpack_entries(),
                bytes: config.set_max_listpack_value(),
            },
        }
    }

    /// The limits of sorted sets alone.
    pub fn zset_limits(&self) -> PackLimits {
        let config = &self.world.config;
        PackLimits {
            entries: config.zset_max_listpack_entries(),
            bytes: config.zset_max_listpack_value(),
        }
    }
}
