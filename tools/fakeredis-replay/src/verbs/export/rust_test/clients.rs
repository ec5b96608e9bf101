//! [`Clients`]: who is connected in a test, and what is known of each; and what a test calls them.

use std::collections::BTreeMap;

use fakeredis::commit::Blob;
use fakeredis::commit::Client;
use fakeredis::commit::CommandList;

/// Who is connected, by the id that the records have.
#[derive(Default)]
pub struct Clients(BTreeMap<u64, State>);

/// What is known of a client.
#[derive(Clone, Default)]
pub struct State {
    /// Its number in the test.
    pub number: usize,
    pub name: Blob,
    pub db: u32,
    pub in_multi: bool,
}

impl Clients {
    pub fn get(&self, id: u64) -> Option<&State> {
        self.0.get(&id)
    }

    /// A client connects, and has this number in the test.
    pub fn join(&mut self, id: u64, number: usize) {
        let state = State {
            number,
            ..State::default()
        };
        self.0.insert(id, state);
    }

    pub fn leave(&mut self, id: u64) -> Option<State> {
        self.0.remove(&id)
    }

    pub fn ids(&self) -> Vec<u64> {
        self.0.keys().copied().collect()
    }

    /// A client has this name and this database in a record; what was known of it before. A transaction has what it
    /// began with.
    pub fn see(&mut self, client: &Client, db: u32) -> State {
        let state = self.0.entry(client.id).or_default();
        let before = state.clone();
        if !state.in_multi {
            (state.name, state.db) = (client.name.clone(), db);
        }
        before
    }

    /// A client with the name that it had before its record.
    pub fn before(&self, client: &Client) -> Client {
        let state = self.0.get(&client.id);
        Client {
            id: client.id,
            name: state.map(|state| state.name.clone()).unwrap_or_default(),
        }
    }

    /// Whether a client has begun a transaction.
    pub fn is_in_multi(&self, id: u64) -> bool {
        self.0.get(&id).is_some_and(|state| state.in_multi)
    }

    /// Notes where a transaction begins, and that it ends without an EXEC that ran.
    pub fn note_multi(&mut self, id: u64, name: &[u8], replies: Option<&[u8]>) {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if let Some(state) = self.0.get_mut(&id) {
            state.in_multi |= is("MULTI") && replies == Some(b"+OK\r\n");
            state.in_multi &= !["EXEC", "DISCARD", "RESET"].into_iter().any(is);
        }
    }

    /// Whether MULTI and the commands after it are planned already: at level `session` they are records.
    pub fn finish_multi(&mut self, id: u64) -> bool {
        let state = self.0.get_mut(&id);
        state.is_some_and(|state| std::mem::take(&mut state.in_multi))
    }

    /// Follows what the commands of a record did to its client, whose name is the one it has then.
    pub fn follow(&mut self, client: &Client, commands: &CommandList) {
        let Some(state) = self.0.get_mut(&client.id).filter(|state| !state.in_multi) else {
            return;
        };
        state.name = client.name.clone();
        for argv in commands.iter() {
            if let [name, db] = &argv[..]
                && name.eq_ignore_ascii_case(b"SELECT")
                && let Some(db) = std::str::from_utf8(db).ok().and_then(|db| db.parse().ok())
            {
                state.db = db;
            }
        }
    }
}

/// What a test calls a client.
pub fn variable(client: &Client) -> String {
    let name = String::from_utf8_lossy(client.name.as_ref()).to_lowercase();
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase()) && !RESERVED.contains(&&*name);
    match (client.id, is_name) {
        (_, true) => name,
        (0, _) => "loader".to_owned(),
        (id, _) => format!("client_{id}"),
    }
}

/// Words that mean something else in a test.
#[rustfmt::skip] // A list.
const RESERVED: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "clock", "const", "continue", "crate", "do", "dyn",
    "else", "end", "enum", "extern", "fake", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
