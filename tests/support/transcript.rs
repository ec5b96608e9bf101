//! The transcript file: its text to steps and back, and whether a reply is the expected one.
//!
//! `tests/transcripts/README.md` describes the notation. This file knows no server: who answers the
//! steps is the player's business.

use std::ops::RangeInclusive;
use std::time::Duration;

use fakeredis::resp::Protocol;
use fakeredis::resp::split_quoted;

/// A transcript: its sections in order, each with the text that leads to it.
pub struct Transcript {
    /// What stands before the first section.
    pub preamble: Vec<String>,
    pub sections: Vec<Section>,
}

/// What is played on one empty server.
pub struct Section {
    /// The header line without `## `, as written.
    pub title: String,
    /// The one protocol that the section is about, if it is not about both.
    pub protocol: Option<Protocol>,
    /// Whether the replies are those of a server without a journal.
    pub in_memory: bool,
    pub steps: Vec<Step>,
}

pub enum Step {
    /// A comment or a blank line.
    Note(String),
    Sleep(Duration),
    Exchange(Exchange),
}

/// A command and its reply, or only a reply that comes later.
#[derive(Clone)]
pub struct Exchange {
    /// Where it is in the file, from 1.
    pub line: usize,
    pub client: usize,
    /// The line, or lines, as written after the prompt; empty when only receiving.
    pub command: String,
    pub argv: Vec<Vec<u8>>,
    pub order: Order,
    pub expected: String,
}

/// Whether the order of a reply's items is part of the expectation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Fixed,
    Items,
    Pairs,
}

const ANY_ORDER: &str = "(any order)";
const PAIRS_ANY_ORDER: &str = "(pairs in any order)";

impl Transcript {
    /// Reads the notation.
    ///
    /// # Panics
    ///
    /// When the text is not a transcript.
    pub fn parse(text: &str) -> Transcript {
        let mut lines = Lines::new(text);
        let preamble = std::iter::from_fn(|| lines.next_if(|line| !line.starts_with("## ")));
        let mut transcript = Transcript {
            preamble: preamble.map(String::from).collect(),
            sections: Vec::new(),
        };
        while let Some(header) = lines.next_if(|_| true) {
            let title = header.strip_prefix("## ").expect("a section's header");
            transcript.sections.push(Section::parse(title, &mut lines));
        }
        transcript
    }

    /// The text again; `parse` reads it back.
    pub fn render(&self) -> String {
        let mut out = String::new();
        let mut line = |text: &str| {
            out.push_str(text);
            out.push('\n');
        };
        self.preamble.iter().for_each(|text| line(text));
        for section in &self.sections {
            line(&format!("## {}", section.title));
            for step in &section.steps {
                match step {
                    Step::Note(text) => line(text),
                    Step::Sleep(time) => line(&format!("sleep {}ms", time.as_millis())),
                    Step::Exchange(exchange) => line(&exchange.render()),
                }
            }
        }
        out
    }

    /// Every command and reply, in order.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        let steps = self.sections.iter().flat_map(|section| &section.steps);
        steps.filter_map(|step| match step {
            Step::Exchange(exchange) => Some(exchange),
            _ => None,
        })
    }
}

impl Section {
    fn parse(title: &str, lines: &mut Lines<'_>) -> Section {
        let protocol = match title {
            _ if title.ends_with(" [resp2]") => Some(Protocol::Resp2),
            _ if title.ends_with(" [resp3]") => Some(Protocol::Resp3),
            _ => None,
        };
        let next_step = std::iter::from_fn(|| {
            let line = lines.next_if(|line| !line.starts_with("## "))?;
            Some(Step::parse(line, lines))
        });
        Section {
            title: title.into(),
            protocol,
            in_memory: title.ends_with(" [in memory]"),
            steps: next_step.collect(),
        }
    }
}

impl Step {
    fn parse(line: &str, lines: &mut Lines<'_>) -> Step {
        if is_note(line) {
            return Step::Note(line.into());
        }
        if let Some(time) = sleep(line) {
            return Step::Sleep(time);
        }
        let at = lines.number;
        let (client, mark, rest) =
            prompt(line).unwrap_or_else(|| panic!("line {at}: no command: {line}"));
        let (command, argv) = match mark {
            '>' => read_command(rest, lines),
            _ => (String::new(), Vec::new()),
        };
        let (order, expected) = read_reply(lines);
        Step::Exchange(Exchange {
            line: at,
            client,
            command,
            argv,
            order,
            expected,
        })
    }
}

impl Exchange {
    /// Whether the client sends nothing and only waits for a reply.
    pub fn only_receives(&self) -> bool {
        self.argv.is_empty()
    }

    /// The line with the prompt, as written.
    pub fn prompt(&self) -> String {
        let client = match self.client {
            1 => String::new(),
            client => format!("[{client}] "),
        };
        match self.only_receives() {
            true => format!("{client}<"),
            false => format!("{client}> {}", self.command),
        }
    }

    fn render(&self) -> String {
        let order = match self.order {
            Order::Fixed => None,
            Order::Items => Some(ANY_ORDER),
            Order::Pairs => Some(PAIRS_ANY_ORDER),
        };
        let expected = (!self.expected.is_empty()).then_some(&*self.expected);
        let lines = [Some(&*self.prompt()), order, expected];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

/// The lines of a file, with the number of the last one taken.
struct Lines<'a> {
    rest: std::iter::Peekable<std::str::Lines<'a>>,
    number: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Lines<'a> {
        Lines {
            rest: text.lines().peekable(),
            number: 0,
        }
    }

    fn next_if(&mut self, wanted: impl Fn(&str) -> bool) -> Option<&'a str> {
        let line = self.rest.next_if(|line| wanted(line))?;
        self.number += 1;
        Some(line)
    }
}

fn is_note(line: &str) -> bool {
    line.is_empty() || line.starts_with('#')
}

fn sleep(line: &str) -> Option<Duration> {
    let millis = line.strip_prefix("sleep ")?.strip_suffix("ms")?;
    millis.parse().ok().map(Duration::from_millis)
}

/// `> …`, `<`, `[2] > …` or `[2] <`: the client, the mark and the rest.
fn prompt(line: &str) -> Option<(usize, char, &str)> {
    let (client, rest) = match line.strip_prefix('[') {
        Some(rest) => {
            let (client, rest) = rest.split_once("] ")?;
            (client.parse().ok()?, rest)
        }
        None => (1, line),
    };
    match rest.strip_prefix("> ") {
        Some(command) => Some((client, '>', command)),
        None => (rest == "<").then_some((client, '<', "")),
    }
}

/// A command goes on for as many lines as it takes to close its quotes.
fn read_command(first: &str, lines: &mut Lines<'_>) -> (String, Vec<Vec<u8>>) {
    let mut command = String::from(first);
    loop {
        let mut argv = Vec::new();
        if split_quoted(command.as_bytes(), |arg| argv.push(arg.to_vec())).is_some() {
            return (command, argv);
        }
        let line = lines.next_if(|_| true).expect("a quote that is closed");
        command.push('\n');
        command.push_str(line);
    }
}

fn read_reply(lines: &mut Lines<'_>) -> (Order, String) {
    let order = match lines.next_if(|line| [ANY_ORDER, PAIRS_ANY_ORDER].contains(&line)) {
        None => Order::Fixed,
        Some(ANY_ORDER) => Order::Items,
        Some(_) => Order::Pairs,
    };
    let ends = |line: &str| is_note(line) || sleep(line).is_some() || prompt(line).is_some();
    let reply = std::iter::from_fn(|| lines.next_if(|line| !ends(line)));
    (order, reply.collect::<Vec<_>>().join("\n"))
}

/// Whether `text` is what `pattern` describes: itself, but for `<any>` (any text), `<int>` (an
/// integer) and `<A..B>` (an integer from A to B).
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut segments = pattern.split("<any>").peekable();
    let first = segments.next().expect("split yields at least one piece");
    let Some(mut rest) = after(first, text) else {
        return false;
    };
    // Taking each later piece where it first fits is enough, because `<any>` follows it.
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        let fits = |at: usize| after(segment, rest.get(at..)?).filter(|r| !last || r.is_empty());
        match (0..=rest.len()).find_map(fits) {
            Some(tail) => rest = tail,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Whether a pattern describes more than one text.
pub fn is_loose(pattern: &str) -> bool {
    pattern.contains("<any>") || next_integer(pattern).is_some()
}

/// What follows in `text` after the start that `pattern`, without `<any>`, describes.
fn after<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    let Some((literal, range, pattern)) = next_integer(pattern) else {
        return text.strip_prefix(pattern);
    };
    let text = text.strip_prefix(literal)?;
    let sign = usize::from(text.starts_with('-'));
    let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(sign + digits);
    let number: i64 = number.parse().ok()?;
    range
        .contains(&number)
        .then(|| after(pattern, rest))
        .flatten()
}

/// The first `<int>` or `<A..B>`: what is before it, its range, what is after it.
fn next_integer(pattern: &str) -> Option<(&str, RangeInclusive<i64>, &str)> {
    let mut from = 0;
    while let Some(start) = pattern[from..].find('<').map(|at| from + at) {
        let end = start + pattern[start..].find('>')?;
        if let Some(range) = range(&pattern[start + 1..end]) {
            return Some((&pattern[..start], range, &pattern[end + 1..]));
        }
        from = start + 1;
    }
    None
}

fn range(text: &str) -> Option<RangeInclusive<i64>> {
    if text == "int" {
        return Some(i64::MIN..=i64::MAX);
    }
    let (low, high) = text.split_once("..")?;
    Some(low.parse().ok()?..=high.parse().ok()?)
}

#[test]
fn a_pattern_describes_the_texts_it_should() {
    for (pattern, text, yes) in [
        ("OK", "OK", true),
        ("OK", "OK!", false),
        ("a<any>c<any>", "abcabc", true),
        ("a<any>bc", "abcabc", true),
        ("a<any>bd", "abcabc", false),
        ("(integer) <90..100>", "(integer) 100", true),
        ("(integer) <90..100>", "(integer) 101", false),
        ("(integer) <int>", "(integer) -7", true),
        ("(integer) <int>", "(integer) x", false),
        ("<any>ttl=<1..9>,", "id=12 ttl=x ttl=3,", true),
        ("<key> <int>", "<key> 5", true),
        ("<key> <int>", "key 5", false),
    ] {
        assert_eq!(matches(pattern, text), yes, "{pattern} and {text}");
    }
}

#[test]
fn a_transcript_is_rendered_as_it_was_read() {
    let text = "# Preamble.\n\n## First [resp3]\n\n> EVAL \"\nreturn 1\n\" 0\n(integer) 1\nsleep 5ms\n\
                [2] > KEYS *\n(any order)\n1) \"a\"\n2) \"b\"\n# Note.\n[2] <\n(no reply)\n";
    let transcript = Transcript::parse(text);
    assert_eq!(transcript.render(), text);
    assert_eq!(transcript.sections[0].protocol, Some(Protocol::Resp3));
    let argvs: Vec<_> = transcript.exchanges().map(|e| e.argv.len()).collect();
    assert_eq!(argvs, [3, 2, 0]);
}
