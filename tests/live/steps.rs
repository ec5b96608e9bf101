//! Undo and redo against the simplest model of an editor: two stacks of states.

use std::collections::BTreeMap;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use crate::support::verified::Recorded;
use fakeredis::Clock;
use fakeredis::Connection;
use fakeredis::Error;
use fakeredis::FakeRedis;
use fakeredis::Rev;
use fakeredis::timeline;
use proptest::prelude::*;
use redis::Commands;

type State = BTreeMap<String, String>;

#[derive(Default)]
struct Editor {
    now: State,
    undo: Vec<State>,
    redo: Vec<State>,
}

impl Editor {
    fn change(&mut self, to: State) {
        self.undo.push(std::mem::replace(&mut self.now, to));
        self.redo.clear();
    }

    fn undo(&mut self, changes: u64) -> bool {
        move_states(changes, &mut self.undo, &mut self.now, &mut self.redo)
    }

    fn redo(&mut self, changes: u64) -> bool {
        move_states(changes, &mut self.redo, &mut self.now, &mut self.undo)
    }
}

/// Whether there was anything to move.
fn move_states(most: u64, from: &mut Vec<State>, now: &mut State, to: &mut Vec<State>) -> bool {
    let moved = most.min(from.len() as u64);
    for state in (0..moved).map_while(|_| from.pop()) {
        to.push(std::mem::replace(now, state));
    }
    moved > 0
}

#[derive(Clone, Debug)]
enum Act {
    Set(&'static str, u8),
    Del(&'static str),
    Undo(u64),
    Redo(u64),
    /// To the place after one of the acts before.
    Rewind(prop::sample::Index),
    Mark,
    Reopen,
}

fn any_act() -> impl Strategy<Value = Act> {
    let key = || prop::sample::select(vec!["a", "b"]);
    prop_oneof![
        4 => (key(), any::<u8>()).prop_map(|(key, value)| Act::Set(key, value)),
        1 => key().prop_map(Act::Del),
        4 => (1..4u64).prop_map(Act::Undo),
        4 => (1..4u64).prop_map(Act::Redo),
        2 => any::<prop::sample::Index>().prop_map(Act::Rewind),
        1 => Just(Act::Mark),
        1 => Just(Act::Reopen),
    ]
}

fn state(con: &mut Connection) -> State {
    let keys: Vec<String> = con.keys("*").unwrap();
    let value = |key: String| (key.clone(), con.get(&key).unwrap());
    keys.into_iter().map(value).collect()
}

fn play(acts: Vec<Act>) {
    let dir = Recorded::new();
    let open = || FakeRedis::open(dir.path()).unwrap();
    let mut fake = open();
    let mut con = fake.connection();
    let mut editor = Editor::default();
    let mut places = vec![(fake.mark("start").unwrap(), State::new())];
    for act in acts {
        match act {
            Act::Set(key, value) => {
                let _: () = con.set(key, value).unwrap();
                let mut next = editor.now.clone();
                next.insert(key.to_owned(), value.to_string());
                editor.change(next);
            }
            Act::Del(key) => {
                let _: () = con.del(key).unwrap();
                let mut next = editor.now.clone();
                if next.remove(key).is_some() {
                    editor.change(next);
                }
            }
            Act::Undo(changes) => match editor.undo(changes) {
                true => drop(fake.undo(changes).unwrap()),
                false => assert!(is(fake.undo(changes), "nothing to undo")),
            },
            Act::Redo(changes) => match editor.redo(changes) {
                true => drop(fake.redo(changes).unwrap()),
                false => assert!(is(fake.redo(changes), "nothing to redo")),
            },
            Act::Rewind(index) => {
                let (seq, then) = index.get(&places).clone();
                fake.rewind(Rev::seq(seq)).unwrap();
                editor.change(then);
            }
            Act::Mark => drop(fake.mark("here").unwrap()),
            Act::Reopen => {
                drop((con, fake));
                fake = open();
                con = fake.connection();
            }
        }
        assert_eq!(state(&mut con), editor.now);
        places.push((fake.engine().lock().last_seq(), editor.now.clone()));
    }
}

fn is<T>(result: Result<T, Error>, words: &str) -> bool {
    result.is_err_and(|error| error.to_string().contains(words))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undo_and_redo_are_those_of_an_editor(acts in prop::collection::vec(any_act(), 1..30)) {
        play(acts);
    }
}

#[test]
fn what_expires_by_itself_is_no_change() {
    let dir = Recorded::new();
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
    let fake = FakeRedis::builder().journal(dir.path()).clock(clock);
    let fake = fake.build().unwrap();
    let mut con = fake.connection();
    let _: () = con.set("kept", 1).unwrap();
    let _: () = con.set_ex("gone", 1, 10).unwrap();
    let _: () = con.set("kept", 2).unwrap();
    fake.clock().advance(Duration::from_secs(11));
    assert!(!con.exists::<_, bool>("gone").unwrap());
    fake.undo(1).unwrap();
    assert_eq!(con.get::<_, u8>("kept").unwrap(), 1);
    assert!(!con.exists::<_, bool>("gone").unwrap(), "it expires again");
    fake.redo(1).unwrap();
    assert_eq!(con.get::<_, u8>("kept").unwrap(), 2);
    fake.undo(2).unwrap();
    assert_eq!(con.get::<_, u8>("kept").unwrap(), 1);
    let again = fake.undo(1).and_then(|_| fake.undo(1));
    let nothing = timeline::Error::NothingToUndo.to_string();
    assert_eq!(again.unwrap_err().to_string(), nothing);
}
