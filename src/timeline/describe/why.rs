//! Answers to "why".

use super::Describe;
use super::Fields;
use super::describe_commands;
use super::describe_slot;
use super::entry;
use super::number;
use super::optional;
use crate::resp::Reply;
use crate::timeline::AbortStory;
use crate::timeline::Awaited;
use crate::timeline::CommitStory;
use crate::timeline::Fate;
use crate::timeline::KeyStory;
use crate::timeline::Replaced;
use crate::timeline::WaitEnd;
use crate::timeline::WaitStory;
use crate::timeline::Watch;
use crate::timeline::Why;
use crate::timeline::rfc3339;

impl Describe for Why {
    fn describe(&self) -> Fields {
        match self {
            Why::Aborted(story) => story.describe(),
            Why::Changed(story) => story.describe(),
            Why::Waited(story) => story.describe(),
            Why::Plain(entry) => entry.describe(),
        }
    }
}

impl Describe for AbortStory {
    fn describe(&self) -> Fields {
        self.entry
            .describe()
            .with("watch", self.watch.describe())
            .with("changed_by", entry(self.culprit.as_ref()))
            .with("changed_with", describe_commands(&self.commands))
            .with("change", optional(self.change.as_ref()))
    }
}

impl Describe for Watch {
    fn describe(&self) -> Fields {
        let time = |clock_us| Reply::bulk(rfc3339(clock_us));
        let fields = Fields::default();
        match *self {
            Watch::At { seq, clock_us } => {
                fields.with("seq", number(seq)).with("time", time(clock_us))
            }
            Watch::After { seq, clock_us } => fields
                .with("after", number(seq))
                .with("since", clock_us.map_or(Reply::Null, time)),
        }
    }
}

impl Describe for CommitStory {
    fn describe(&self) -> Fields {
        let mut fields = self.entry.describe();
        if self.cause.is_some() {
            fields.add("served_by", entry(self.cause.as_ref()));
        }
        if self.began.is_some() {
            fields.add("began", entry(self.began.as_ref()));
        }
        fields.with("changes", super::describe_all(&self.replaced))
    }
}

impl Describe for WaitStory {
    fn describe(&self) -> Fields {
        let microseconds = self.waited_us().map_or(Reply::Null, Reply::Int);
        self.entry
            .describe()
            .with("wait", Reply::bulk(self.end.word()))
            .with("began", self.began.describe())
            .with("ended", entry(self.ended.as_ref()))
            .with("waited_us", microseconds)
            .with("because_of", entry(self.cause.as_ref()))
            .with("awaited", super::describe_all(&self.keys))
    }
}

impl Describe for Awaited {
    fn describe(&self) -> Fields {
        let last = self.last.as_ref().map(|version| &version.entry);
        Fields::default()
            .with("db", Reply::len(self.db))
            .with("key", Reply::bulk(&*self.key))
            .with("last_changed_by", entry(last))
    }
}

impl Describe for Replaced {
    fn describe(&self) -> Fields {
        let by = entry(self.by.as_ref());
        self.change.describe().with("last_changed_by", by)
    }
}

impl Describe for KeyStory {
    fn describe(&self) -> Fields {
        let last = self.last.as_ref().map(|version| &version.entry);
        let timed_by = self.timed_by.as_ref().map(|version| &version.entry);
        Fields::default()
            .with("exists", Reply::Bool(self.now.is_some()))
            .with("fate", Reply::bulk(self.fate.word()))
            .with("now", describe_slot(self.now.as_ref()))
            .with("last", entry(last))
            .with("timed_by", entry(timed_by))
    }
}

impl Fate {
    /// What happened, in a word.
    pub const fn word(self) -> &'static str {
        match self {
            Fate::NeverThere => "never_there",
            Fate::Created => "created",
            Fate::Changed => "changed",
            Fate::Replaced => "replaced",
            Fate::Deleted => "deleted",
            Fate::MovedAway => "moved_away",
            Fate::Flushed => "flushed",
            Fate::Swapped => "swapped",
            Fate::Expired => "expired",
            Fate::FieldExpired => "field_expired",
            Fate::Evicted => "evicted",
            Fate::Rewound => "rewound",
        }
    }
}

impl WaitEnd {
    /// What came of it, in a word.
    pub const fn word(self) -> &'static str {
        match self {
            WaitEnd::Served => "served",
            WaitEnd::TimedOut => "timed_out",
            WaitEnd::BrokenOff => "broken_off",
            WaitEnd::Disconnected => "disconnected",
            WaitEnd::GivenUp => "given_up",
            WaitEnd::Ran => "ran",
            WaitEnd::Lasts => "lasts",
        }
    }
}
