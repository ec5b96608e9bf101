//! Answers to "who wrote it", and counts of what differs.

use super::Describe;
use super::Fields;
use super::describe_commands;
use super::describe_slot;
use super::entry;
use super::number;
use crate::resp::Reply;
use crate::timeline::Blame;
use crate::timeline::Blamed;
use crate::timeline::Count;
use crate::timeline::PartChange;
use crate::timeline::Ranking;
use crate::timeline::Stats;
use crate::timeline::Tally;

impl Describe for Blame {
    fn describe(&self) -> Fields {
        let parts = self.parts.iter().map(|part| blamed(self, part).into());
        Fields::default()
            .with("db", Reply::len(self.db))
            .with("key", Reply::Bulk(self.key.clone()))
            .with("seq", number(self.seq))
            .with("value", describe_slot(Some(&self.slot)))
            .with("expires_by", entry(self.expiry.as_deref()))
            .with("parts", Reply::Array(parts.collect()))
    }
}

/// A part, the record that wrote it, and with which commands.
fn blamed(blame: &Blame, part: &Blamed) -> Fields {
    let alone = PartChange {
        place: part.place.clone(),
        before: None,
        after: None,
    };
    let place = alone.describe().without("before").without("after");
    place
        .and(part.part.describe())
        .with("by", entry(Some(&part.by)))
        .with("with", describe_commands(&blame.commands(part)))
}

impl Describe for Tally {
    fn describe(&self) -> Fields {
        Fields::default()
            .with("added", number(self.added))
            .with("removed", number(self.removed))
            .with("changed", number(self.changed))
    }
}

impl Describe for Stats {
    fn describe(&self) -> Fields {
        self.all
            .describe()
            .with("kinds", self.kinds.describe())
            .with("commands", self.commands.describe())
            .with("clients", self.clients.describe())
            .with("keys", self.keys.describe())
    }
}

impl Describe for Count {
    fn describe(&self) -> Fields {
        let fields = Fields::default().with("records", number(self.records));
        fields.with("bytes", number(self.bytes))
    }
}

impl Describe for Ranking {
    fn describe(&self) -> Fields {
        let top = self.top.iter().map(|(name, count)| {
            let name = Fields::default().with("name", Reply::Bulk(name.clone()));
            name.and(count.describe()).into()
        });
        Fields::default()
            .with("names", number(self.names))
            .with("exact", Reply::Bool(self.exact))
            .with("top", Reply::Array(top.collect()))
    }
}
