//! Changes: a key before and after, and the parts that differ.

use super::Describe;
use super::Fields;
use crate::keyspace::Slot;
use crate::resp::Reply;
use crate::timeline::Change;
use crate::timeline::Part;
use crate::timeline::PartChange;
use crate::timeline::Place;
use crate::timeline::rfc3339;
use crate::timeline::size_of;
use crate::value::Value;

impl Describe for Change {
    fn describe(&self) -> Fields {
        let parts = self.parts();
        Fields::default()
            .with("db", Reply::len(self.db))
            .with("key", Reply::Bulk(self.key.clone()))
            .with("before", describe_slot(self.before.as_ref()))
            .with("after", describe_slot(self.after.as_ref()))
            .with("parts", super::describe_all(&parts))
    }
}

impl Describe for PartChange {
    fn describe(&self) -> Fields {
        let place = match &self.place {
            Place::Whole => Reply::Null,
            Place::Name(name) => Reply::Bulk(name.clone()),
            Place::Index(index) => Reply::len(*index),
        };
        Fields::default()
            .with("part", place)
            .with("before", super::optional(self.before.as_ref()))
            .with("after", super::optional(self.after.as_ref()))
    }
}

impl Describe for Part {
    fn describe(&self) -> Fields {
        let value = Reply::bulks(self.value.iter().cloned());
        let fields = Fields::default().with("value", value);
        match self.expires_at {
            None => fields,
            at_ms => fields.with("expires", expiry(at_ms)),
        }
    }
}

/// What stands at a key: its type, its size, when it expires, and a string's bytes.
pub fn describe_slot(slot: Option<&Slot>) -> Reply {
    let Some(slot) = slot else {
        return Reply::Null;
    };
    let mut fields = Fields::default()
        .with("type", Reply::bulk(slot.value().type_name()))
        .with("size", Reply::len(size_of(slot)))
        .with("expires", expiry(slot.expires_at()));
    if let Value::String(string) = slot.value() {
        fields.add("value", Reply::Bulk(string.to_bytes()));
    }
    fields.into()
}

fn expiry(at_ms: Option<i64>) -> Reply {
    at_ms.map_or(Reply::Null, |at_ms| {
        Reply::bulk(rfc3339(at_ms.saturating_mul(1000)))
    })
}
