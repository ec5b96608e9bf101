//! [`Plan`]: from records to the steps of a test. Each step is tried as it is planned; a reply is told only where it is the
//! recorded one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use fakeredis::Clock;
use fakeredis::commit::Aborted;
use fakeredis::commit::Client;
use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Entry;
use fakeredis::commit::Origin;
use fakeredis::commit::Record;
use fakeredis::commit::Seq;
use fakeredis::resp::Reply;
use fakeredis::timeline::commands_of;

use super::ahead;
use super::ahead::Watch;
use super::asked::Asked;
use super::clients::Clients;
use super::clients::variable;
use super::rehearsal::Answer;
use super::rehearsal::Rehearsal;
use super::rehearsal::crc;
use super::step::Step;
use super::step::line;
use crate::failure::Failure;
use crate::text;
use crate::text::Room;

/// Commands that a test of one thread can't repeat, or that its clock and its data stand for.
const LEFT_OUT: &[&str] = &[
    "FAKEREDIS",
    "MONITOR",
    "PSUBSCRIBE",
    "PSYNC",
    "PUNSUBSCRIBE",
    "REPLCONF",
    "SHUTDOWN",
    "SSUBSCRIBE",
    "SUBSCRIBE",
    "SUNSUBSCRIBE",
    "SYNC",
    "UNSUBSCRIBE",
    "WAIT",
    "WAITAOF",
];

/// The steps so far, and what they have come to.
pub struct Plan {
    pub steps: Vec<Step>,
    /// The names of the clients, by number.
    pub names: Vec<String>,
    pub rehearsal: Rehearsal,
    clock: Clock,
    clients: Clients,
    /// The keys that have to be watched after a record, for an EXEC that is aborted later.
    watches: BTreeMap<Seq, Vec<Watch>>,
    /// The records to which history goes back.
    kept: BTreeSet<Seq>,
    /// Whether all random numbers are drawn again, so that they are the same.
    draws_again: bool,
}

impl Plan {
    /// A plan for these records, for a fake with this clock and seed.
    pub fn new(clock: Clock, seed: u64, entries: &[Entry]) -> Result<Plan, Failure> {
        Ok(Plan {
            steps: Vec::new(),
            names: Vec::new(),
            rehearsal: Rehearsal::new(clock.clone(), seed)?,
            clock,
            clients: Clients::default(),
            watches: ahead::watches(entries),
            kept: ahead::rewound(entries),
            draws_again: ahead::has_all(entries),
        })
    }

    /// What history goes back to before the first record is kept too.
    pub fn begin(&mut self, before: Seq) {
        self.after(before);
    }

    /// Adds what a record tells.
    pub fn record(&mut self, entry: &Entry) -> Result<(), Failure> {
        let heading = match &entry.record {
            Record::Commit(commit) if commit.origin != Origin::Expired => String::new(),
            Record::Observed(_) | Record::Setting(_) => String::new(),
            _ => format!(": {}", text::what(entry, Room::LINE).trim_end()),
        };
        self.steps
            .push(Step::Record(format!("{}{heading}", entry.seq)));
        self.set_clock(entry.clock_us);
        match &entry.record {
            Record::Commit(commit) => self.commit(commit),
            Record::Aborted(aborted) => self.aborted(aborted),
            Record::Observed(one) => self.asked(&one.into(), Plan::ask),
            Record::Setting(one) => self.asked(&one.into(), Plan::run),
            Record::Client(event) if event.open => drop(self.client(&event.client, 0)),
            Record::Client(event) => self.leave(event.client.id),
            Record::Open(_) | Record::Close(_) => self.leave_all(),
            // What a wait came to is a record of its own.
            Record::Mark(_) | Record::Waiting(_) => {}
            Record::Rewind(rewind) => {
                self.rehearsal.restore(rewind.to)?;
                self.steps.push(Step::Restore(rewind.to));
            }
        }
        if !matches!(entry.record, Record::Aborted(_))
            && let Some(client) = entry.record.client()
            && let Some(commands) = commands_of(&entry.record)
        {
            self.clients.follow(client, commands);
        }
        self.after(entry.seq);
        Ok(())
    }

    /// Another client, of a name that no other has.
    pub fn connect(&mut self, name: &str) -> usize {
        let client = self.rehearsal.connect();
        let taken = |name: &String| self.names.contains(name);
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let names = std::iter::once(name.to_owned()).chain(numbered);
        self.names
            .extend(names.into_iter().find(|name| !taken(name)));
        self.steps.push(Step::Connect(client));
        client
    }

    /// Adds a command whose reply does not matter.
    pub fn prepare(&mut self, client: usize, argv: &[&[u8]]) {
        self.run(client, argv, None);
    }

    /// Adds a command whose reply is known.
    pub fn expect(&mut self, client: usize, argv: &[&[u8]], reply: String) {
        self.rehearsal.run(client, argv);
        self.push(client, argv, Some(reply));
    }

    /// What has to be done right after a record.
    fn after(&mut self, seq: Seq) {
        if self.kept.contains(&seq) {
            self.rehearsal.keep(seq);
            self.steps.push(Step::Keep(seq));
        }
        for watch in self.watches.remove(&seq).unwrap_or_default() {
            let client = self.client(&watch.client, watch.db);
            self.run(client, &[b"WATCH", watch.key.as_ref()], None);
        }
    }

    fn set_clock(&mut self, clock_us: i64) {
        if self.clock.now_us() != clock_us {
            self.clock.freeze_at(super::time(clock_us));
            self.steps.push(Step::Clock(clock_us));
        }
    }

    fn commit(&mut self, commit: &Commit) {
        if matches!(commit.origin, Origin::Expired | Origin::Evicted) {
            return;
        }
        let client = self.client(&commit.client, commit.db);
        let expected = Some(commit.reply_crc);
        if commit.origin != Origin::Exec {
            let is_one = commit.commands.len() == 1;
            self.run_each(client, commit, expected.filter(|_| is_one));
        } else if self.clients.finish_multi(commit.client.id) {
            self.run(client, &[b"EXEC"], expected);
        } else {
            self.run(client, &[b"MULTI"], None);
            self.run_each(client, commit, None);
            let is_same = !self.is_by_chance(commit);
            self.run(client, &[b"EXEC"], expected.filter(|_| is_same));
        }
    }

    /// Adds the commands of a commit, or what they came to where they would come to something else.
    fn run_each(&mut self, client: usize, commit: &Commit, expected: Option<u32>) {
        for (argv, effect) in std::iter::zip(commit.commands.iter(), &commit.effects) {
            match effect {
                Effect::Rewritten(commands) if self.is_by_chance(commit) => {
                    self.instead(client, &argv, "drew at random", commands);
                }
                Effect::Rewritten(commands) if !self.is_known(client, &argv) => {
                    self.instead(
                        client,
                        &argv,
                        "ran a script that was loaded before",
                        commands,
                    );
                }
                _ => self.run(client, &argv, expected),
            }
        }
    }

    /// Whether random numbers decided what a commit came to, and would decide otherwise now.
    fn is_by_chance(&self, commit: &Commit) -> bool {
        commit.seed.is_some() && !self.draws_again
    }

    fn instead(&mut self, client: usize, argv: &[&[u8]], why: &str, commands: &CommandList) {
        let command = text::command(argv, Room::LINE);
        self.comment(format!("{command} {why}; this is what it came to."));
        for argv in commands.iter() {
            self.run(client, &argv, None);
        }
    }

    /// Whether the script that a command may name is known.
    fn is_known(&self, client: usize, argv: &[&[u8]]) -> bool {
        let [name, sha, ..] = argv else { return true };
        if !name.eq_ignore_ascii_case(b"EVALSHA") {
            return true;
        }
        let exists = self.rehearsal.run(client, &[b"SCRIPT", b"EXISTS", sha]);
        matches!(exists, Answer::Reply(Reply::Array(found), _) if found == [Reply::Int(1)])
    }

    fn aborted(&mut self, aborted: &Aborted) {
        let client = self.client(&aborted.client, aborted.db);
        if !self.clients.finish_multi(aborted.client.id) {
            self.run(client, &[b"MULTI"], None);
            for argv in aborted.commands.iter() {
                self.run(client, &argv, None);
            }
        }
        self.run(client, &[b"EXEC"], Some(crc(&Reply::NullArray)));
    }

    /// Adds commands that changed no data, each with `add`.
    fn asked(&mut self, asked: &Asked<'_>, add: fn(&mut Plan, usize, &[&[u8]], Option<u32>)) {
        let Asked {
            client,
            db,
            is_exec,
            commands,
            replies,
        } = *asked;
        let id = client.id;
        let expected = replies.map(crc32fast::hash);
        if replies == Some(b"+QUEUED\r\n") && !self.clients.is_in_multi(id) {
            return self.comment("Part of a transaction that began before.".to_owned());
        }
        let number = match asked.names_its_client() {
            true => self.client(&self.clients.before(client), db),
            false => self.client(client, db),
        };
        if is_exec && self.clients.finish_multi(id) {
            return self.run(number, &[b"EXEC"], expected);
        }
        if is_exec {
            self.run(number, &[b"MULTI"], None);
        }
        for argv in commands.iter() {
            match is_left_out(&argv) {
                true => self.comment(format!("{}, left out.", text::command(&argv, Room::LINE))),
                false => add(self, number, &argv, expected.filter(|_| !is_exec)),
            }
            self.clients.note_multi(id, argv[0], replies);
        }
        if is_exec {
            self.run(number, &[b"EXEC"], expected);
        }
    }

    /// A client as a record has it: connected, with its name, in its database.
    fn client(&mut self, client: &Client, db: u32) -> usize {
        if self.clients.get(client.id).is_none() {
            let number = self.connect(&variable(client));
            self.clients.join(client.id, number);
        }
        let before = self.clients.see(client, db);
        if before.in_multi {
            return before.number;
        }
        if before.name != client.name {
            let name = client.name.as_ref();
            self.run(before.number, &[b"CLIENT", b"SETNAME", name], None);
        }
        if before.db != db {
            self.run(before.number, &[b"SELECT", db.to_string().as_bytes()], None);
        }
        before.number
    }

    fn leave(&mut self, id: u64) {
        if let Some(state) = self.clients.leave(id) {
            self.rehearsal.disconnect(state.number);
            self.steps.push(Step::Leave(state.number));
        }
    }

    fn leave_all(&mut self) {
        self.clients.ids().into_iter().for_each(|id| self.leave(id));
    }

    /// Adds a command that changed nothing then, unless it would now.
    fn ask(&mut self, client: usize, argv: &[&[u8]], expected: Option<u32>) {
        match self.rehearsal.ask(client, argv) {
            Some(answer) => self.add(client, argv, answer, expected),
            None => {
                let command = text::command(argv, Room::LINE);
                self.comment(format!(
                    "{command} changed nothing then, and would now; left out."
                ));
            }
        }
    }

    /// Adds a command, with its reply if that has the checksum that it should have.
    fn run(&mut self, client: usize, argv: &[&[u8]], expected: Option<u32>) {
        let answer = self.rehearsal.run(client, argv);
        self.add(client, argv, answer, expected);
    }

    fn add(&mut self, client: usize, argv: &[&[u8]], answer: Answer, expected: Option<u32>) {
        match answer {
            Answer::Reply(reply, in_resp2) => {
                let is_same = expected.is_some_and(|expected| crc(&reply) == expected);
                let reply = is_same.then(|| line(&reply, in_resp2)).flatten();
                self.push(client, argv, reply);
            }
            Answer::Waits => {
                let command = text::command(argv, Room::LINE);
                self.comment(format!(
                    "{} waits with {command}; left out.",
                    self.names[client]
                ));
            }
            Answer::Closed => self.comment(format!("{} is closed.", self.names[client])),
        }
    }

    fn push(&mut self, client: usize, argv: &[&[u8]], reply: Option<String>) {
        let argv = argv.iter().map(|arg| arg.to_vec()).collect();
        self.steps.push(Step::Run {
            client,
            argv,
            reply,
        });
    }

    pub fn comment(&mut self, text: String) {
        self.steps.push(Step::Comment(text));
    }
}

fn is_left_out(argv: &[&[u8]]) -> bool {
    let is = |arg: &[u8], name: &str| arg.eq_ignore_ascii_case(name.as_bytes());
    match argv {
        [name, second, ..] if is(name, "FAKEREDIS") => !is(second, "SEED"),
        _ => LEFT_OUT.iter().any(|name| is(argv[0], name)),
    }
}
