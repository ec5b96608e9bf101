//! [`Db`]: one database, its keys and when they expire.

use super::expiries::Expiries;
use super::slot::Slot;
use crate::bytes::Bytes;
use crate::value::Map;
use crate::value::StringValue;
use crate::value::Value;

/// Something whose time to live is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// The whole key.
    Key(Bytes),
    /// Some fields of the hash at the key.
    Fields(Bytes),
}

/// One database.
#[derive(Clone, Debug, Default)]
pub struct Db {
    keys: Map<Slot>,
    /// The keys with a time to live.
    expiries: Expiries,
    /// The hashes in which a field has a time to live, by their first field to expire.
    field_expiries: Expiries,
    /// When that field expires, for each of those hashes. Few keys are one of them: a slot has no room for it.
    field_expires_at: Map<i64>,
}

impl Db {
    /// The number of keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys with their slots, in the order of the state.
    pub fn keys(&self) -> &Map<Slot> {
        &self.keys
    }

    /// What stands at `key`.
    pub fn get(&self, key: &[u8]) -> Option<&Slot> {
        self.keys.get(key)
    }

    /// Reads what commands on these keys are about to read, so that they wait for memory at the same time and not one
    /// after the other. A hint: it changes nothing, and neither need the keys be there nor be keys.
    pub fn warm<'k>(&self, keys: impl Iterator<Item = &'k [u8]>) {
        self.keys.warm(keys);
    }

    /// The value at `key`, to change in place. Call [`settle`](Db::settle) after a change.
    pub fn value_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        self.keys.get_mut(key).map(Slot::value_mut)
    }

    /// Does something to every value that leaves its contents and times as they are.
    pub(super) fn each_value_mut(&mut self, mut change: impl FnMut(&mut Value)) {
        self.keys.each_value_mut(|slot| change(slot.value_mut()));
    }

    /// The value at `key`, set to `new()` first where there is none. Call [`settle`](Db::settle) after a change.
    pub fn value_or_insert(
        &mut self,
        key: &[u8],
        now_s: u32,
        new: impl FnOnce() -> Value,
    ) -> &mut Value {
        let slot = || Slot::new(new(), None, now_s);
        self.keys.get_or_insert_with(key, slot).value_mut()
    }

    /// Puts a value at `key`, which expires at `expires_at` or never; what stood there before.
    pub fn insert(
        &mut self,
        key: &[u8],
        value: Value,
        expires_at: Option<i64>,
        now_s: u32,
    ) -> Option<Slot> {
        let is_hash = matches!(value, Value::Hash(_));
        let slot = Slot::new(value, expires_at, now_s);
        let before = self.keys.insert(key, slot);
        if let Some(before) = &before {
            self.forget_expiries(key, before);
        }
        self.expiries.change(key, None, expires_at);
        if is_hash {
            self.settle(key);
        }
        before
    }

    /// Puts a string at `key`, which then never expires: as [`insert`](Db::insert), but where a string stood, in its
    /// place.
    pub fn insert_string(&mut self, key: &[u8], bytes: &[u8], now_s: u32) {
        let mut is_new = false;
        let slot = self.keys.get_or_insert_with(key, || {
            is_new = true;
            Slot::new(Value::String(StringValue::new(bytes)), None, now_s)
        });
        if is_new {
            return;
        }
        let Value::String(string) = slot.value_mut() else {
            let string = Value::String(StringValue::new(bytes));
            self.insert(key, string, None, now_s);
            return;
        };
        string.assign(bytes);
        slot.renew(now_s);
        if slot.expires_at().is_some() {
            self.set_expiry(key, None);
        }
    }

    /// Removes `key`; what stood there.
    pub fn remove(&mut self, key: &[u8]) -> Option<Slot> {
        let (_, slot) = self.keys.remove(key)?;
        self.forget_expiries(key, &slot);
        Some(slot)
    }

    /// Sets when `key` expires (`None`: never); whether the key exists.
    pub fn set_expiry(&mut self, key: &[u8], at_ms: Option<i64>) -> bool {
        let Some(slot) = self.keys.get_mut(key) else {
            return false;
        };
        let before = slot.set_expiry(at_ms);
        self.expiries.change(key, before, at_ms);
        true
    }

    /// Ends a change of the value at `key` in place: an empty collection goes away, and the index of field
    /// expiries follows a hash.
    pub fn settle(&mut self, key: &[u8]) {
        let Some(slot) = self.keys.get(key) else {
            return;
        };
        if slot.value().is_empty_collection() {
            self.remove(key);
        } else if let Value::Hash(hash) = slot.value() {
            let after = hash.next_expiry().map(|(at_ms, _)| at_ms);
            self.set_field_expiry(key, after);
        }
    }

    fn set_field_expiry(&mut self, key: &[u8], after: Option<i64>) {
        let before = self.field_expires_at.get(key).copied();
        if before == after {
            return;
        }
        match after {
            Some(at_ms) => drop(self.field_expires_at.insert(key, at_ms)),
            None => drop(self.field_expires_at.remove(key)),
        }
        self.field_expiries.change(key, before, after);
    }

    /// The number of keys with a time to live.
    pub fn volatile_len(&self) -> usize {
        self.expiries.len()
    }

    /// The key with a time to live that is the `index`th to expire, and what stands there.
    pub fn nth_to_expire(&self, index: usize) -> Option<(&Bytes, &Slot)> {
        self.keys.get_key_value(self.expiries.nth(index)?)
    }

    /// The number of hashes in which a field has a time to live.
    pub fn volatile_fields_len(&self) -> usize {
        self.field_expiries.len()
    }

    /// The sum of all keys' times of expiry, in milliseconds since the epoch.
    pub fn expiry_sum(&self) -> i128 {
        self.expiries.times().map(i128::from).sum()
    }

    /// Whether anything is due at `now_ms`.
    pub fn is_due(&self, now_ms: i64) -> bool {
        self.expiries.is_due(now_ms) || self.field_expiries.is_due(now_ms)
    }

    /// What expires first among everything that is due at `now_ms`, and when it expired.
    pub fn next_due(&self, now_ms: i64) -> Option<(i64, Due)> {
        let key = self.expiries.next_due(now_ms);
        let fields = self.field_expiries.next_due(now_ms);
        let key = key.map(|(at, key)| (at, Due::Key(key)));
        let fields = fields.map(|(at, key)| (at, Due::Fields(key)));
        match (key, fields) {
            (Some(key), Some(fields)) => Some(if key.0 <= fields.0 { key } else { fields }),
            (key, fields) => key.or(fields),
        }
    }

    fn forget_expiries(&mut self, key: &[u8], slot: &Slot) {
        self.expiries.change(key, slot.expires_at(), None);
        if matches!(slot.value(), Value::Hash(_)) {
            self.set_field_expiry(key, None);
        }
    }
}

impl PartialEq for Db {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Hash;
    use triomphe::Arc;

    fn string(text: &str) -> Value {
        Value::String(StringValue::new(text.as_bytes()))
    }

    #[test]
    fn the_expiry_index_follows_every_change() {
        let mut db = Db::default();
        db.insert(b"a", string("1"), Some(50), 0);
        db.insert(b"b", string("2"), Some(40), 0);
        assert_eq!(db.next_due(39), None);
        assert_eq!(db.next_due(60), Some((40, Due::Key(b"b".into()))));
        db.set_expiry(b"b", None);
        assert_eq!(db.next_due(60), Some((50, Due::Key(b"a".into()))));
        db.insert(b"a", string("3"), None, 0);
        assert_eq!((db.next_due(60), db.volatile_len()), (None, 0));
    }

    #[test]
    fn a_string_in_place_of_another_is_a_new_one() {
        let mut db = Db::default();
        for (text, frequency) in [("short", 9), (&"long".repeat(9), 7)] {
            db.insert(b"a", string(text), Some(50), 1);
            db.get(b"a").unwrap().set_frequency(frequency);
            db.insert_string(b"a", b"12", 2);
            let slot = db.get(b"a").unwrap();
            assert_eq!((slot.value(), slot.expires_at()), (&string("12"), None));
            assert_eq!((slot.accessed(), slot.frequency()), (2, 5));
            assert_eq!(db.next_due(60), None);
        }
    }

    #[test]
    fn a_hash_is_due_with_its_first_field() {
        let mut db = Db::default();
        let mut hash = Hash::new();
        hash.insert(b"f", b"1");
        hash.expire_at(b"f", 30);
        db.insert(b"h", Value::from(hash), None, 0);
        assert_eq!(db.next_due(30), Some((30, Due::Fields(b"h".into()))));
        if let Some(Value::Hash(hash)) = db.value_mut(b"h") {
            Arc::make_mut(hash).persist(b"f");
        }
        db.settle(b"h");
        assert_eq!((db.next_due(30), db.volatile_fields_len()), (None, 0));
    }
}
