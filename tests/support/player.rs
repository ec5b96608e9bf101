//! Plays a transcript on anything that answers commands, and records what a real server answered.

use std::collections::BTreeMap;
use std::time::Duration;

use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::decode_reply;
use fakeredis::resp::encode;
use fakeredis::resp::pretty;
use fakeredis::resp::quote;

use super::transcript::Exchange;
use super::transcript::Order;
use super::transcript::Section;
use super::transcript::Step;
use super::transcript::Transcript;
use super::transcript::is_loose;
use super::transcript::matches;

/// Something that answers the commands of a few numbered clients.
pub trait Target {
    /// Forgets everything; clients are new and speak `protocol`.
    fn reset(&mut self, protocol: Protocol);
    /// Sends a command. A client that is not there yet connects first.
    fn send(&mut self, client: usize, argv: &[Vec<u8>]);
    /// The next thing that the client is sent, in order; waits for it no longer than `patience`.
    fn receive(&mut self, client: usize, patience: Duration) -> Answer;
    /// Lets time pass.
    fn sleep(&mut self, time: Duration);
    /// Whether it has a journal.
    fn has_journal(&self) -> bool {
        false
    }
}

/// What a client receives.
pub enum Answer {
    Reply(Reply),
    Nothing,
    Closed,
}

/// The flags of redis-server that every target is started with.
pub const FLAGS: [(&str, &str); 3] = [
    ("bind", "127.0.0.1"),
    ("save", ""),
    ("enable-debug-command", "yes"),
];

const NOTHING: &str = "(no reply)";
const CLOSED: &str = "(closed)";

/// Long enough for any reply that does come.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long a reply must stay away to count as not sent.
const SILENCE: Duration = Duration::from_millis(50);

/// Plays the sections that are about `protocol` and such a target, and returns a report of what differs.
pub fn play(transcript: &Transcript, protocol: Protocol, target: &mut dyn Target) -> Vec<String> {
    let mut differences = Vec::new();
    for section in &transcript.sections {
        let other_protocol = section.protocol.is_some_and(|only| only != protocol);
        if other_protocol || section.in_memory && target.has_journal() {
            continue;
        }
        // A section for both protocols is written as RESP2 shows it.
        let lower = section.protocol.is_none() && protocol == Protocol::Resp3;
        run(section, protocol, target, |exchange, answer| {
            let mut actual = show(answer, exchange.order, lower);
            let mut expected = exchange.expected.clone();
            if lower {
                // RESP3 has one null, and a client may have gone back to RESP2.
                actual = actual.replace("(nil array)", "(nil)");
                expected = expected.replace("(nil array)", "(nil)");
            }
            if !matches(&expected, &actual) {
                let (line, prompt) = (exchange.line, exchange.prompt());
                differences.push(format!(
                    "line {line}: {prompt}\n--- expected\n{expected}\n--- actual\n{actual}\n"
                ));
            }
        });
    }
    differences
}

/// Replaces every expected reply by the target's, but for those whose matchers describe it.
pub fn record(transcript: &mut Transcript, target: &mut dyn Target) {
    for section in &mut transcript.sections {
        let mut replies = Vec::new();
        let protocol = section.protocol.unwrap_or(Protocol::Resp2);
        run(section, protocol, target, |exchange, answer| {
            let actual = show(answer, exchange.order, false);
            let keep = is_loose(&exchange.expected) && matches(&exchange.expected, &actual);
            if is_loose(&exchange.expected) && !keep {
                println!(
                    "line {}: the matchers do not describe the reply",
                    exchange.line
                );
            }
            replies.push(if keep {
                exchange.expected.clone()
            } else {
                actual
            });
        });
        let mut replies = replies.into_iter();
        for step in &mut section.steps {
            if let Step::Exchange(exchange) = step {
                exchange.expected = replies.next().expect("one reply for each exchange");
            }
        }
    }
}

fn run(
    section: &Section,
    protocol: Protocol,
    target: &mut dyn Target,
    mut each: impl FnMut(&Exchange, Answer),
) {
    target.reset(protocol);
    let mut ids = BTreeMap::new();
    for step in &section.steps {
        match step {
            Step::Note(_) => {}
            Step::Sleep(time) => target.sleep(*time),
            Step::Exchange(exchange) => {
                if !exchange.only_receives() {
                    target.send(exchange.client, &with_ids(&exchange.argv, &ids));
                }
                let patience = match &*exchange.expected {
                    NOTHING => SILENCE,
                    _ => PATIENCE,
                };
                let answer = target.receive(exchange.client, patience);
                note_id(exchange.client, &exchange.argv, &answer, &mut ids);
                each(exchange, answer);
            }
        }
    }
}

/// The ids of clients, as CLIENT ID answered them.
pub type Ids = BTreeMap<usize, i64>;

/// Remembers what CLIENT ID answers.
pub fn note_id(client: usize, argv: &[Vec<u8>], answer: &Answer, ids: &mut Ids) {
    if let Answer::Reply(Reply::Int(id)) = answer
        && argv.join(&b' ').eq_ignore_ascii_case(b"CLIENT ID")
    {
        ids.insert(client, *id);
    }
}

/// The words with the id of client 2, say, in place of `<id:2>`.
pub fn with_ids(argv: &[Vec<u8>], ids: &Ids) -> Vec<Vec<u8>> {
    let word = |word: &Vec<u8>| {
        let client = word.strip_prefix(b"<id:")?.strip_suffix(b">")?;
        let client = str::from_utf8(client).ok()?.parse().ok()?;
        Some(ids.get(&client)?.to_string().into_bytes())
    };
    argv.iter()
        .map(|given| word(given).unwrap_or_else(|| given.clone()))
        .collect()
}

/// An answer in the notation of transcripts.
pub fn show(answer: Answer, order: Order, lower: bool) -> String {
    match answer {
        Answer::Nothing => NOTHING.into(),
        Answer::Closed => CLOSED.into(),
        Answer::Reply(reply) => {
            let reply = if lower { lowered(&reply) } else { reply };
            pretty(&printable(sorted(reply, order)))
        }
    }
}

/// The reply as a RESP2 connection would have got it.
fn lowered(reply: &Reply) -> Reply {
    let mut bytes = Vec::new();
    encode(reply, Protocol::Resp2, &mut bytes);
    let decoded = decode_reply(&bytes).expect("an encoded reply is RESP");
    decoded.expect("an encoded reply is complete").0
}

/// With the items, or pairs, on every level in the order of their texts, unless the order is fixed.
fn sorted(reply: Reply, order: Order) -> Reply {
    let items = |items: Vec<Reply>| -> Vec<Reply> {
        let mut items: Vec<_> = items.into_iter().map(|item| sorted(item, order)).collect();
        match order {
            Order::Fixed => items,
            Order::Pairs if items.len().is_multiple_of(2) => {
                let mut pairs: Vec<_> = items.chunks(2).collect();
                pairs.sort_by_key(|pair| pretty(&pair[0]));
                pairs.concat()
            }
            _ => {
                items.sort_by_key(pretty);
                items
            }
        }
    };
    match reply {
        Reply::Array(all) => Reply::Array(items(all)),
        Reply::Set(all) => Reply::Set(items(all)),
        Reply::Push(all) => Reply::Push(items(all)),
        Reply::Map(mut pairs) => {
            if order != Order::Fixed {
                pairs.sort_by_key(|(key, _)| pretty(key));
            }
            Reply::Map(pairs)
        }
        scalar => scalar,
    }
}

/// With what redis-cli prints ambiguously in the notation of transcripts.
fn printable(reply: Reply) -> Reply {
    let all = |items: Vec<Reply>| items.into_iter().map(printable).collect();
    match reply {
        Reply::NullArray => Reply::simple("(nil array)"),
        Reply::Verbatim(format, text) => {
            let format = String::from_utf8_lossy(&format);
            Reply::Simple(format!("{format}:{}", quote(&text)).into())
        }
        Reply::Array(items) => Reply::Array(all(items)),
        Reply::Set(items) => Reply::Set(all(items)),
        Reply::Push(items) => Reply::Push(all(items)),
        Reply::Map(pairs) => {
            let pairs = pairs.into_iter();
            Reply::Map(pairs.map(|(k, v)| (printable(k), printable(v))).collect())
        }
        scalar => scalar,
    }
}
