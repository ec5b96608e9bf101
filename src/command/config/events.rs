//! [`Events`]: which keyspace events are published (`notify-keyspace-events`).

use std::fmt;
use std::ops::BitOr;

use super::kind::Reason;

/// A set of classes of keyspace events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events(u16);

/// The letters of the classes, a bit for each, in the order in which they are shown.
const LETTERS: &[u8] = b"g$lshzxetdnocKEm";
/// How many of them `A` stands for.
const ALL: usize = 10;

#[rustfmt::skip] // One class per line.
impl Events {
    /// `g`: DEL, EXPIRE, RENAME and others that any key knows.
    pub const GENERIC: Events = Events(1);
    /// `$`: strings.
    pub const STRING: Events = Events(1 << 1);
    /// `l`: lists.
    pub const LIST: Events = Events(1 << 2);
    /// `s`: sets.
    pub const SET: Events = Events(1 << 3);
    /// `h`: hashes.
    pub const HASH: Events = Events(1 << 4);
    /// `z`: sorted sets.
    pub const SORTED_SET: Events = Events(1 << 5);
    /// `x`: a key expired.
    pub const EXPIRED: Events = Events(1 << 6);
    /// `e`: a key was evicted.
    pub const EVICTED: Events = Events(1 << 7);
    /// `t`: streams.
    pub const STREAM: Events = Events(1 << 8);
    /// `d`: types of modules.
    pub const MODULE: Events = Events(1 << 9);
    /// `n`: a key was created.
    pub const NEW: Events = Events(1 << 10);
    /// `o`: a key's value was overwritten.
    pub const OVERWRITTEN: Events = Events(1 << 11);
    /// `c`: a key's type changed.
    pub const TYPE_CHANGED: Events = Events(1 << 12);
    /// `K`: publish to `__keyspace@<db>__:<key>`.
    pub const KEYSPACE: Events = Events(1 << 13);
    /// `E`: publish to `__keyevent@<db>__:<event>`.
    pub const KEYEVENT: Events = Events(1 << 14);
    /// `m`: a key was looked for and not found.
    pub const KEY_MISS: Events = Events(1 << 15);
}

impl Events {
    /// Whether no class is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a class of `other` is in it.
    pub const fn intersects(self, other: Events) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn bits(self) -> i64 {
        self.0.into()
    }

    pub(super) fn from_bits(bits: i64) -> Events {
        Events(bits as u16)
    }

    pub(super) fn parse(text: &[u8]) -> Result<Events, Reason> {
        let all = Events((1 << ALL) - 1);
        text.iter().try_fold(Events::default(), |events, letter| {
            let place = LETTERS.iter().position(|other| other == letter);
            match (letter, place) {
                (b'A', _) => Ok(events | all),
                (_, Some(place)) => Ok(events | Events(1 << place)),
                _ => Err("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".into()),
            }
        })
    }
}

impl BitOr for Events {
    type Output = Events;

    fn bitor(self, other: Events) -> Events {
        Events(self.0 | other.0)
    }
}

impl fmt::Display for Events {
    /// Redis leaves out `n`, `o` and `c` where it writes `A`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = (1 << ALL) - 1;
        let shown = if self.0 & all == all {
            f.write_str("A")?;
            let beside = Events::NEW | Events::OVERWRITTEN | Events::TYPE_CHANGED;
            self.0 & !all & !beside.0
        } else {
            self.0
        };
        let set = |place: &usize| shown >> place & 1 == 1;
        (0..LETTERS.len())
            .filter(set)
            .try_for_each(|place| write!(f, "{}", char::from(LETTERS[place])))
    }
}
