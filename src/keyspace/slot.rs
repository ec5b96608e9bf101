//! [`Slot`]: what stands at a key, until when, and what is known of its use.

use std::sync::atomic::AtomicU8;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use crate::value::StringValue;
use crate::value::Touch;
use crate::value::Value;

/// What stands at a key, and until when.
#[derive(Debug)]
pub struct Slot {
    held: Held,
    /// The last access, in seconds since the epoch. A read changes it through a shared reference, and a
    /// snapshot sees it too: it is a hint, not state.
    accessed: AtomicU32,
    /// How often the value is used, on a logarithmic scale. A hint like `accessed`, and one that nobody counts up.
    frequency: AtomicU8,
}

/// A value, and when its key expires. Most keys never do: they have no room for the time.
#[derive(Clone, Debug)]
enum Held {
    Lasting(Value),
    Volatile(Box<(Value, i64)>),
}

impl Held {
    fn new(value: Value, expires_at: Option<i64>) -> Held {
        match expires_at {
            None => Held::Lasting(value),
            Some(at_ms) => Held::Volatile(Box::new((value, at_ms))),
        }
    }

    fn into_value(self) -> (Value, Option<i64>) {
        match self {
            Held::Lasting(value) => (value, None),
            Held::Volatile(held) => (held.0, Some(held.1)),
        }
    }
}

impl Slot {
    /// What Redis starts at, so that new values are not the first to be evicted.
    const NEW_FREQUENCY: u8 = 5;

    pub(super) fn new(value: Value, expires_at: Option<i64>, now_s: u32) -> Slot {
        Slot {
            held: Held::new(value, expires_at),
            accessed: AtomicU32::new(now_s),
            frequency: AtomicU8::new(Slot::NEW_FREQUENCY),
        }
    }

    /// The value.
    #[inline]
    pub fn value(&self) -> &Value {
        match &self.held {
            Held::Lasting(value) => value,
            Held::Volatile(held) => &held.0,
        }
    }

    /// The value, to change.
    #[inline]
    pub(super) fn value_mut(&mut self) -> &mut Value {
        match &mut self.held {
            Held::Lasting(value) => value,
            Held::Volatile(held) => &mut held.0,
        }
    }

    /// The value, and when its key expires.
    pub fn into_value(self) -> (Value, Option<i64>) {
        self.held.into_value()
    }

    /// When the key expires, in milliseconds since the epoch.
    #[inline]
    pub fn expires_at(&self) -> Option<i64> {
        match &self.held {
            Held::Lasting(_) => None,
            Held::Volatile(held) => Some(held.1),
        }
    }

    /// Sets when the key expires; when it did before.
    pub(super) fn set_expiry(&mut self, expires_at: Option<i64>) -> Option<i64> {
        let nothing = Held::Lasting(Value::String(StringValue::Int(0)));
        let (value, before) = std::mem::replace(&mut self.held, nothing).into_value();
        self.held = Held::new(value, expires_at);
        before
    }

    /// The last access, in seconds since the epoch.
    pub fn accessed(&self) -> u32 {
        self.accessed.load(Ordering::Relaxed)
    }

    /// Notes an access.
    #[inline]
    pub fn access(&self, now_s: u32) {
        self.accessed.store(now_s, Ordering::Relaxed);
    }

    /// How often the value is used, as RESTORE said it.
    pub fn frequency(&self) -> u8 {
        self.frequency.load(Ordering::Relaxed)
    }

    /// Says how often the value is used.
    pub fn set_frequency(&self, frequency: u8) {
        self.frequency.store(frequency, Ordering::Relaxed);
    }

    /// Counts as a value that is new at `now_s`.
    pub(super) fn renew(&self, now_s: u32) {
        self.access(now_s);
        self.set_frequency(Slot::NEW_FREQUENCY);
    }
}

impl Clone for Slot {
    fn clone(&self) -> Self {
        Slot {
            held: self.held.clone(),
            accessed: AtomicU32::new(self.accessed()),
            frequency: AtomicU8::new(self.frequency()),
        }
    }
}

impl Touch for Slot {
    #[inline]
    fn touch(&self) -> u8 {
        self.value().touch()
    }
}

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        (self.value(), self.expires_at()) == (other.value(), other.expires_at())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_three_words() {
        assert_eq!(size_of::<Slot>(), 24);
    }

    #[test]
    fn a_time_of_expiry_comes_and_goes() {
        let value = Value::String(StringValue::new(b"a"));
        let mut slot = Slot::new(value.clone(), None, 0);
        for (before, after) in [(None, Some(-1)), (Some(-1), Some(5)), (Some(5), None)] {
            assert_eq!(slot.expires_at(), before);
            assert_eq!(slot.set_expiry(after), before);
            assert_eq!(slot.value(), &value);
        }
        assert_eq!(slot.into_value(), (value, None));
    }
}
