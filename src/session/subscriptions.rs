//! [`Subscriptions`]: which connections listen to which channels and patterns. It knows no command.

use std::collections::BTreeMap;

use super::SessionKey;
use crate::bytes::Bytes;

/// What is subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// A channel by name.
    Channel,
    /// All channels that match a pattern.
    Pattern,
    /// A shard channel by name.
    Shard,
}

/// The subscriptions of all connections.
#[derive(Clone, Debug, Default)]
pub struct Subscriptions {
    /// Who listens, first to subscribe first.
    listeners: BTreeMap<(Topic, Bytes), Vec<SessionKey>>,
    /// What each listens to, in the order it subscribed.
    topics: BTreeMap<u64, Vec<(Topic, Bytes)>>,
}

impl Subscriptions {
    /// Subscribes a connection; whether it was not before.
    pub fn add(&mut self, session: SessionKey, kind: Topic, topic: &[u8]) -> bool {
        let place = (kind, Bytes::from(topic));
        let topics = self.topics.entry(session.id()).or_default();
        if topics.contains(&place) {
            return false;
        }
        topics.push(place.clone());
        self.listeners.entry(place).or_default().push(session);
        true
    }

    /// Ends a subscription; whether there was one.
    pub fn remove(&mut self, session: SessionKey, kind: Topic, topic: &[u8]) -> bool {
        let place = (kind, Bytes::from(topic));
        let Some(topics) = self.topics.get_mut(&session.id()) else {
            return false;
        };
        let before = topics.len();
        topics.retain(|topic| *topic != place);
        let removed = topics.len() < before;
        if topics.is_empty() {
            self.topics.remove(&session.id());
        }
        if let Some(listeners) = self.listeners.get_mut(&place) {
            listeners.retain(|other| *other != session);
            if listeners.is_empty() {
                self.listeners.remove(&place);
            }
        }
        removed
    }

    /// Ends all subscriptions of a connection.
    pub fn forget(&mut self, session: SessionKey) {
        for (kind, topic) in self.topics.get(&session.id()).cloned().unwrap_or_default() {
            self.remove(session, kind, &topic);
        }
    }

    /// What a connection is subscribed to, in the order it subscribed.
    pub fn topics(&self, session: SessionKey, kind: Topic) -> Vec<Bytes> {
        let topics = self.topics.get(&session.id()).into_iter().flatten();
        let of_kind = topics.filter(|(other, _)| *other == kind);
        of_kind.map(|(_, topic)| topic.clone()).collect()
    }

    /// Who listens to exactly this.
    pub fn listeners(&self, kind: Topic, topic: &[u8]) -> &[SessionKey] {
        let place = (kind, Bytes::from(topic));
        self.listeners.get(&place).map_or(&[], Vec::as_slice)
    }

    /// All that anybody is subscribed to, with those who are, in order of the names.
    pub fn all(&self, kind: Topic) -> impl Iterator<Item = (&Bytes, &[SessionKey])> {
        let all = self
            .listeners
            .iter()
            .filter(move |((other, _), _)| *other == kind);
        all.map(|((_, topic), listeners)| (topic, listeners.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Address;
    use crate::session::Sessions;

    #[test]
    fn a_connection_that_is_forgotten_listens_to_nothing() {
        let mut sessions = Sessions::default();
        let [a, b] = [0, 1].map(|_| sessions.open(Address::default(), 0));
        let mut all = Subscriptions::default();
        assert!(all.add(a, Topic::Channel, b"x") && !all.add(a, Topic::Channel, b"x"));
        assert!(all.add(b, Topic::Channel, b"x") && all.add(b, Topic::Pattern, b"x"));
        assert_eq!(all.listeners(Topic::Channel, b"x"), [a, b]);
        assert!(all.remove(b, Topic::Pattern, b"x") && !all.remove(b, Topic::Pattern, b"x"));
        all.forget(a);
        assert_eq!(all.listeners(Topic::Channel, b"x"), [b]);
        assert_eq!(all.topics(b, Topic::Channel), [Bytes::from(b"x")]);
        assert_eq!(
            (
                all.all(Topic::Channel).count(),
                all.all(Topic::Pattern).count()
            ),
            (1, 0)
        );
    }
}
