//! What came of running history again.

use super::Describe;
use super::Fields;
use super::describe_all;
use super::kind_of;
use super::number;
use super::plain;
use super::record::effects;
use crate::commit::Record;
use crate::resp::Reply;
use crate::timeline::Aspect;
use crate::timeline::Divergence;
use crate::timeline::Otherwise;
use crate::timeline::Unknown;
use crate::timeline::Verified;
use crate::timeline::replies_of;
use crate::timeline::rfc3339;

impl Describe for Divergence {
    fn describe(&self) -> Fields {
        let differs = self
            .differs
            .iter()
            .map(|aspect| Reply::bulk(aspect_word(aspect)));
        self.entry
            .describe()
            .with("effects", effects(&self.entry.record))
            .with("differs", Reply::Array(differs.collect()))
            .with("again", outcome(self.again.as_ref()))
            .with("changes", describe_all(&self.changes))
    }
}

impl Describe for Verified {
    fn describe(&self) -> Fields {
        Fields::default()
            .with("records", number(self.records))
            .with("rerun", number(self.rerun))
            .with("divergences", number(self.divergences))
            .with("unknown", describe_unknown(&self.unknown))
    }
}

impl Describe for Otherwise {
    fn describe(&self) -> Fields {
        let fields = Fields::default()
            .with("seq", number(self.seq))
            .with("time", Reply::bulk(rfc3339(self.clock_us)));
        let fields = match &self.entry {
            Some(entry) => fields
                .and(entry.describe())
                .with("effects", effects(&entry.record)),
            None => fields.with("kind", Reply::Null),
        };
        fields.with("again", outcome(self.again.as_ref()))
    }
}

/// The records that could not be compared: why, how many, and the first.
pub fn describe_unknown(unknown: &Unknown) -> Reply {
    let reasons = unknown.iter().map(|(reason, (records, first))| {
        let fields = Fields::default().with("why", Reply::bulk(reason.to_string()));
        let fields = fields.with("records", number(*records));
        fields.with("first", number(*first)).into()
    });
    Reply::Array(reasons.collect())
}

/// What a record came to; null where nothing is recorded.
fn outcome(record: Option<&Record>) -> Reply {
    let Some(record) = record else {
        return Reply::Null;
    };
    let replies = replies_of(record).unwrap_or_default();
    let replies = replies.into_iter().map(plain).collect();
    let fields = Fields::default().with("kind", Reply::bulk(kind_of(record)));
    let fields = fields.with("replies", Reply::Array(replies));
    fields.with("effects", effects(record)).into()
}

fn aspect_word(aspect: &Aspect) -> &'static str {
    match aspect {
        Aspect::Kind => "kind",
        Aspect::Replies => "replies",
        Aspect::Effects => "effects",
        Aspect::Random => "random",
        Aspect::Abort => "abort",
        Aspect::Culprit => "culprit",
        Aspect::Connection => "connection",
        Aspect::State => "state",
        Aspect::Digest { .. } => "digest",
    }
}
