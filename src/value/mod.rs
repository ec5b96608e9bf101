//! The data types: what can stand at a key. They know no keys, no clock and no command.

mod bitfield;
mod bits;
mod element;
pub mod geo;
mod glob;
mod hash;
pub mod hyperloglog;
mod lcs;
mod limits;
mod list;
mod map;
mod partial_sort;
pub mod rdb;
mod sequence;
mod set;
pub mod stream;
mod string;
pub mod vectors;
mod zset;

pub use bitfield::BitType;
pub use bitfield::Overflow;
pub use bits::BitOp;
pub use bits::BitUnit;
pub use bits::bit_op;
pub use bits::bit_range;
pub use bits::count_bits;
pub use bits::find_bit;
pub use bits::get_bit;
pub use bits::set_bit;
pub use element::Element;
pub use glob::glob_match;
pub use hash::Hash;
pub use lcs::Match;
pub use lcs::lcs;
pub use lcs::lcs_memory;
pub use lcs::lcs_text;
pub use limits::Limits;
pub use limits::ListLimits;
pub use limits::PackLimits;
pub use limits::SetLimits;
pub use list::List;
pub use map::Map;
pub use map::Touch;
pub use partial_sort::partial_sort;
pub use rdb::ListpackEntry;
pub use sequence::Sequence;
pub use set::Set;
pub use stream::Stream;
pub use stream::StreamId;
pub use string::StringValue;
pub use vectors::VectorSet;
pub use zset::ZSet;

use triomphe::Arc;

/// What stands at a key. A clone shares everything with the original until one of them changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A byte string or an integer.
    String(StringValue),
    /// A sequence of byte strings.
    List(Arc<List>),
    /// Distinct byte strings.
    Set(Arc<Set>),
    /// Distinct byte strings with scores.
    ZSet(Arc<ZSet>),
    /// Fields with values.
    Hash(Arc<Hash>),
    /// Entries in the order of their ids.
    Stream(Arc<Stream>),
    /// Byte strings with vectors.
    Vectors(Arc<VectorSet>),
}

macro_rules! from_collections {
    ($($kind:ident($type:ty)),*) => {
        $(
            impl From<$type> for Value {
                fn from(value: $type) -> Value {
                    Value::$kind(Arc::new(value))
                }
            }
        )*
    };
}

from_collections!(
    List(List),
    Set(Set),
    ZSet(ZSet),
    Hash(Hash),
    Stream(Stream),
    Vectors(VectorSet)
);

impl Touch for Value {
    #[inline]
    fn touch(&self) -> u8 {
        match self {
            Value::String(string) => string.touch(),
            Value::List(list) => Arc::strong_count(list) as u8,
            Value::Set(set) => Arc::strong_count(set) as u8,
            Value::ZSet(zset) => Arc::strong_count(zset) as u8,
            Value::Hash(hash) => Arc::strong_count(hash) as u8,
            Value::Stream(stream) => Arc::strong_count(stream) as u8,
            Value::Vectors(set) => Arc::strong_count(set) as u8,
        }
    }
}

impl Value {
    /// The name that `TYPE` answers.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Value::String(_) => "string",
            Value::List(_) => "list",
            Value::Set(_) => "set",
            Value::ZSet(_) => "zset",
            Value::Hash(_) => "hash",
            Value::Stream(_) => "stream",
            Value::Vectors(_) => "vectorset",
        }
    }

    /// What `OBJECT ENCODING` answers.
    pub fn encoding(&self) -> &'static str {
        match self {
            Value::String(string) => string.encoding(),
            Value::List(list) => list.encoding(),
            Value::Set(set) => set.encoding(),
            Value::ZSet(zset) => zset.encoding(),
            Value::Hash(hash) => hash.encoding(),
            Value::Stream(_) => "stream",
            Value::Vectors(_) => "raw",
        }
    }

    /// Takes the encoding that Redis chooses within these limits when it loads the value from a file.
    pub fn reload(&mut self, limits: &Limits) {
        match self {
            Value::String(string) => string.reload(),
            Value::List(list) => Arc::make_mut(list).reload(limits.list),
            Value::Set(set) => Arc::make_mut(set).reload(&limits.set),
            Value::ZSet(zset) => Arc::make_mut(zset).reload(&limits.zset),
            Value::Hash(hash) => Arc::make_mut(hash).reload(&limits.hash),
            Value::Stream(_) | Value::Vectors(_) => {}
        }
    }

    /// Whether this is a collection without elements, which Redis never keeps; of streams it does.
    pub fn is_empty_collection(&self) -> bool {
        match self {
            Value::String(_) | Value::Stream(_) => false,
            Value::List(list) => list.is_empty(),
            Value::Set(set) => set.is_empty(),
            Value::ZSet(zset) => zset.is_empty(),
            Value::Hash(hash) => hash.is_empty(),
            Value::Vectors(set) => set.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_to_a_small_collection_is_small() {
        assert_eq!(size_of::<Value>(), 16);
        assert_eq!((size_of::<Hash>(), size_of::<ZSet>()), (16, 16));
        assert_eq!((size_of::<List>(), size_of::<Set>()), (24, 32));
    }
}
