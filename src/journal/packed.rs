//! Commits as they lie in their payloads: read where they are, without a copy.
//!
//! Recovery and time travel apply millions of them, and need of each only what it did. What is accepted here is what
//! [`codec::decode`](super::codec::decode) accepts; a test holds the two against each other.

/// A commit in its payload: what is needed to apply it.
#[derive(Clone, Copy, Debug)]
pub struct Packed<'a> {
    /// The connection that sent it.
    pub client: u64,
    /// The database that was selected when it began.
    pub db: u32,
    /// The seed of its random numbers, where it drew any.
    pub seed: Option<u64>,
    commands: List<'a>,
    effects: List<'a>,
}

/// Some items one after another, and how many.
#[derive(Clone, Copy, Debug)]
struct List<'a> {
    count: u64,
    items: Bytes<'a>,
}

impl<'a> Packed<'a> {
    /// The commit in `payload`, unless it does not decode.
    pub(super) fn parse(payload: &'a [u8]) -> Option<Packed<'a>> {
        let mut rest = Bytes(payload);
        let client = rest.number()?;
        rest.blob()?;
        rest.origin()?;
        let db = rest.word()?;
        let commands = rest.list(Bytes::command)?;
        let effects = rest.list(Bytes::effect)?;
        let seed = rest.option(Bytes::number)?;
        rest.word()?;
        rest.option(Bytes::blob)?;
        rest.0.is_empty().then_some(Packed {
            client,
            db,
            seed,
            commands,
            effects,
        })
    }

    /// Calls `visit` with the words of each command that has the effects of the commit, in order.
    pub fn each_effect(&self, mut visit: impl FnMut(&mut Words<'a>)) {
        let mut commands = self.commands.items;
        let mut effects = self.effects.items;
        for at in 0..self.effects.count {
            let mut sent = (at < self.commands.count).then(|| commands.words());
            match (effects.choice(3), &mut sent) {
                (Some(1), Some(words)) => visit(words),
                (Some(2), _) => effects.each_command(&mut visit),
                _ => {}
            }
            if let Some(words) = sent {
                commands = words.end();
            }
        }
    }
}

/// The words of one command.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    left: u64,
    rest: Bytes<'a>,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        self.rest.blob()
    }
}

impl<'a> Words<'a> {
    /// What follows them.
    fn end(mut self) -> Bytes<'a> {
        self.by_ref().for_each(drop);
        self.rest
    }
}

/// A place in a payload: what follows it. Reading moves it on; `None` where the payload says something impossible.
#[derive(Clone, Copy, Debug)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// A number of up to eight bytes.
    #[inline]
    fn number(&mut self) -> Option<u64> {
        let width = match *self.0.split_off_first()? {
            small @ ..=250 => return Some(small.into()),
            251 => 2,
            252 => 4,
            253 => 8,
            _ => return None,
        };
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(self.0.split_off(..width)?);
        Some(u64::from_le_bytes(bytes))
    }

    /// A number of up to four bytes.
    fn word(&mut self) -> Option<u32> {
        match self.0.first()? {
            253.. => None,
            _ => self.number()?.try_into().ok(),
        }
    }

    #[inline]
    fn blob(&mut self) -> Option<&'a [u8]> {
        let len = self.number()?.try_into().ok()?;
        self.0.split_off(..len)
    }

    /// Which of so many choices.
    fn choice(&mut self, choices: u32) -> Option<u32> {
        self.word().filter(|choice| *choice < choices)
    }

    fn option<T>(&mut self, some: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match *self.0.split_off_first()? {
            0 => Some(None),
            1 => some(self).map(Some),
            _ => None,
        }
    }

    fn origin(&mut self) -> Option<()> {
        const BLOCKED: u32 = 3;
        match self.choice(7)? {
            BLOCKED => self.number().map(drop),
            _ => Some(()),
        }
    }

    /// Passes over a list.
    fn list(&mut self, pass: impl Fn(&mut Self) -> Option<()>) -> Option<List<'a>> {
        let count = self.number()?;
        let items = *self;
        (0..count).try_for_each(|_| pass(self))?;
        Some(List { count, items })
    }

    /// Passes over a command.
    fn command(&mut self) -> Option<()> {
        let count = self.number()?;
        (0..count).try_for_each(|_| self.blob().map(drop))
    }

    /// Passes over an effect.
    fn effect(&mut self) -> Option<()> {
        match self.choice(3)? {
            2 => self.list(Bytes::command).map(drop),
            _ => Some(()),
        }
    }

    /// The words of the command that is next; all of it was passed over before.
    fn words(self) -> Words<'a> {
        let mut rest = self;
        let left = rest.number().unwrap_or(0);
        Words { left, rest }
    }

    fn each_command(&mut self, visit: &mut impl FnMut(&mut Words<'a>)) {
        let count = self.number().unwrap_or(0);
        for _ in 0..count {
            let mut words = self.words();
            visit(&mut words);
            *self = words.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit::Commit;
    use crate::commit::Effect;
    use crate::journal::codec;
    use crate::journal::payload::tests::any_commit;
    use proptest::prelude::*;

    type Effects = Vec<Vec<Vec<u8>>>;

    fn words(argv: impl IntoIterator<Item: AsRef<[u8]>>) -> Vec<Vec<u8>> {
        argv.into_iter()
            .map(|word| word.as_ref().to_vec())
            .collect()
    }

    fn packed(payload: &[u8]) -> Option<(u64, u32, Option<u64>, Effects)> {
        let packed = Packed::parse(payload)?;
        let mut effects = Vec::new();
        packed.each_effect(|argv| effects.push(words(argv)));
        Some((packed.client, packed.db, packed.seed, effects))
    }

    fn decoded(payload: &[u8]) -> Option<(u64, u32, Option<u64>, Effects)> {
        let commit: Commit = codec::decode(payload).ok()?;
        let sent: Vec<_> = commit.commands.iter().collect();
        let effect = |(at, effect)| match effect {
            &Effect::None => vec![],
            &Effect::Verbatim => sent.iter().skip(at).take(1).map(words).collect(),
            Effect::Rewritten(commands) => commands.iter().map(words).collect(),
        };
        let effects = commit.effects.iter().enumerate().flat_map(effect).collect();
        Some((commit.client.id, commit.db, commit.seed, effects))
    }

    proptest! {
        #[test]
        fn a_packed_commit_is_the_decoded_one(
            commit in any_commit(),
            damage in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        ) {
            let mut payload = Vec::new();
            codec::encode(&commit, &mut payload).unwrap();
            if let Some((at, byte)) = damage {
                let at = at.index(payload.len());
                payload[at] = byte;
            }
            prop_assert_eq!(packed(&payload), decoded(&payload));
        }

        #[test]
        fn any_bytes_are_a_commit_to_both_or_to_neither(
            payload in prop::collection::vec(prop_oneof![0..5u8, 250..=255u8], 8..40),
        ) {
            prop_assert_eq!(packed(&payload), decoded(&payload));
        }
    }
}
