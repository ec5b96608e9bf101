//! Typed access to collections, for [`Context`]: three methods for each type, all alike.

use triomphe::Arc;

use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use crate::value::List;
use crate::value::Set;
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
        let limits = self.world.config.list_limits();
        let list = self.any_list_mut(key)?;
        list.fit(limits);
        Ok(list)
    }
}
