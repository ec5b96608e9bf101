//! How alike two replies must be: what Redis promises of them, and what it leaves open.

use fakeredis::resp::Reply;

use crate::support::player::Answer;
use crate::support::player::show;
use crate::support::transcript::Order;

/// What a form says behind `=>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Nothing is left open: the form says nothing.
    Same,
    /// `items`: their order is left open.
    Items,
    /// `pairs`: the order of names with their values is.
    Pairs,
    /// `times`: they differ by no more than a command takes.
    Times,
    /// `clock`: times since the epoch do; other numbers are the same.
    Clock,
    /// `kind`: of the same type, or the same error.
    Kind,
}

impl Likeness {
    /// The template of a form, and what its reply leaves open.
    ///
    /// # Panics
    ///
    /// When the form says something else behind `=>`.
    pub fn of(form: &'static str) -> (&'static str, Likeness) {
        let Some((template, likeness)) = form.split_once(" => ") else {
            return (form, Likeness::Same);
        };
        let likeness = match likeness {
            "items" => Likeness::Items,
            "pairs" => Likeness::Pairs,
            "times" => Likeness::Times,
            "clock" => Likeness::Clock,
            "kind" => Likeness::Kind,
            _ => panic!("no likeness: {form}"),
        };
        (template, likeness)
    }

    pub fn holds(self, ours: &Reply, real: &Reply) -> bool {
        let text = |reply, order| text(reply, order);
        match self {
            Likeness::Same => ours == real,
            Likeness::Items => text(ours, Order::Items) == text(real, Order::Items),
            Likeness::Pairs => text(ours, Order::Pairs) == text(real, Order::Pairs),
            Likeness::Times => near(ours, real, 0),
            Likeness::Clock => near(ours, real, FIRST_TIME),
            Likeness::Kind if ours.is_error() || real.is_error() => ours == real,
            Likeness::Kind => std::mem::discriminant(ours) == std::mem::discriminant(real),
        }
    }
}

/// A reply as transcripts show it.
pub fn text(reply: &Reply, order: Order) -> String {
    show(Answer::Reply(reply.clone()), order, false)
}

/// Smaller numbers are no times of today, in milliseconds since the epoch.
const FIRST_TIME: i64 = 1_000_000_000_000;

/// Integers from `first` on within ten seconds, counted in milliseconds; a time that is off by its unit is off by
/// more.
fn near(ours: &Reply, real: &Reply, first: i64) -> bool {
    match (ours, real) {
        (Reply::Int(ours), Reply::Int(real)) if *real >= first => ours.abs_diff(*real) <= 10_000,
        (Reply::Array(ours), Reply::Array(real)) => {
            ours.len() == real.len()
                && std::iter::zip(ours, real).all(|(ours, real)| near(ours, real, first))
        }
        (Reply::Map(ours), Reply::Map(real)) => {
            let same = |((name, ours), (other, real)): (&(Reply, Reply), &(Reply, Reply))| {
                name == other && near(ours, real, first)
            };
            ours.len() == real.len() && std::iter::zip(ours, real).all(same)
        }
        _ => ours == real,
    }
}
