//! The steps of a test as Rust.

use std::collections::BTreeSet;
use std::fmt::Write;

use fakeredis::timeline::rfc3339;

use super::step::Step;

/// What a test is made of.
pub struct Parts<'a> {
    /// What is said at its head, without comment signs.
    pub head: Vec<String>,
    pub name: String,
    pub start_us: i64,
    pub seed: u64,
    /// The file with the data that there are first, if they are in a file.
    pub dataset: Option<&'a str>,
    pub steps: &'a [Step],
    /// The names of the clients.
    pub names: &'a [String],
    pub digest: &'a str,
}

/// What runs a command. A macro comes before its use.
const RUN: &str = include_str!("macro.txt");
/// What writes a reply.
const TEXT: &str = include_str!("text.txt");

/// The whole test.
pub fn print(parts: &Parts<'_>) -> String {
    let mut out = String::new();
    for line in &parts.head {
        out += format!("//! {line}").trim_end();
        out.push('\n');
    }
    let (dataset, size) = match parts.dataset {
        Some(_) => ("use fakeredis::Dataset;\n", "use fakeredis::Size;\n"),
        None => ("", ""),
    };
    out += &format!(
        "\nuse std::time::Duration;\nuse std::time::UNIX_EPOCH;\n\n\
         use fakeredis::Clock;\n{dataset}use fakeredis::FakeRedis;\n{size}\
         use redis::ConnectionLike;\nuse redis::Value;\n\n\
         {RUN}\n\
         #[test]\nfn {}() {{\n",
        parts.name
    );
    let mut body = Body {
        out: String::new(),
        names: parts.names,
        speaking: parts.steps.iter().filter_map(speaker).collect(),
        now_us: parts.start_us,
    };
    body.begin(parts);
    parts.steps.iter().for_each(|step| body.step(step));
    body.line(&format!("assert_eq!(fake.digest(), {:?});", parts.digest));
    out + &body.out + "}\n\n" + TEXT
}

struct Body<'a> {
    out: String,
    names: &'a [String],
    /// Who sends anything at all.
    speaking: BTreeSet<usize>,
    now_us: i64,
}

fn speaker(step: &Step) -> Option<usize> {
    match step {
        Step::Run { client, .. } => Some(*client),
        _ => None,
    }
}

impl Body<'_> {
    fn line(&mut self, text: &str) {
        self.out += "    ";
        self.out += text;
        self.out.push('\n');
    }

    fn begin(&mut self, parts: &Parts<'_>) {
        self.line(&format!("// {}", rfc3339(parts.start_us)));
        self.line(&format!(
            "let clock = Clock::frozen_at({});",
            instant(parts.start_us)
        ));
        self.line(&match parts.seed {
            0 => "let fake = FakeRedis::builder().clock(clock.clone()).build().unwrap();".to_owned(),
            seed => format!(
                "let fake = FakeRedis::builder().clock(clock.clone()).seed({seed}).build().unwrap();"
            ),
        });
        if let Some(file) = parts.dataset {
            self.line(&format!(
                "let data = Dataset::parse({file:?}, include_bytes!({file:?})).unwrap();"
            ));
            self.line("fake.load_dataset(&data, Size::default(), |_| {}).unwrap();");
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Record(text) => {
                self.out.push('\n');
                self.line(&format!("// {text}"));
            }
            Step::Comment(text) => self.line(&format!("// {text}")),
            Step::Clock(at_us) => self.clock(*at_us),
            Step::Connect(client) => {
                let mutable = if self.speaking.contains(client) {
                    "mut "
                } else {
                    ""
                };
                let name = &self.names[*client];
                self.line(&format!("let {mutable}{name} = fake.connection();"));
            }
            Step::Leave(client) => self.line(&format!("drop({});", self.names[*client])),
            Step::Keep(seq) => self.line(&format!("let after_{seq} = fake.snapshot();")),
            Step::Restore(seq) => self.line(&format!("fake.restore(&after_{seq}).unwrap();")),
            Step::Run {
                client,
                argv,
                reply,
            } => self.run(*client, argv, reply.as_deref()),
        }
    }

    fn clock(&mut self, at_us: i64) {
        let line = match at_us - self.now_us {
            by @ 1.. => format!("clock.advance({});", duration(by)),
            _ => format!("clock.set({});", instant(at_us)),
        };
        self.now_us = at_us;
        self.line(&line);
    }

    fn run(&mut self, client: usize, argv: &[Vec<u8>], reply: Option<&str>) {
        let mut call = format!("run!({}", self.names[client]);
        for arg in argv {
            let _ = write!(call, ", {}", literal(arg));
        }
        call.push(')');
        self.line(&match reply {
            Some(reply) => format!("assert_eq!({call}, {});", quoted(reply)),
            None => format!("{call};"),
        });
    }
}

/// A byte string as Rust writes it.
fn literal(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => quoted(text),
        Err(_) => format!("b\"{}\"", bytes.escape_ascii()),
    }
}

/// A text as Rust writes it, with as few backslashes as can be.
fn quoted(text: &str) -> String {
    let is_raw = text.contains('"') && !text.contains("\"#") && !text.contains(char::is_control);
    match is_raw {
        true => format!("r#\"{text}\"#"),
        false => format!("{text:?}"),
    }
}

fn instant(us: i64) -> String {
    let sign = if us < 0 { '-' } else { '+' };
    let us = i64::try_from(us.unsigned_abs()).unwrap_or(i64::MAX);
    format!("UNIX_EPOCH {sign} {}", duration(us))
}

/// A span of time in the largest unit that tells it whole.
fn duration(us: i64) -> String {
    match us {
        us if us % 1_000_000 == 0 => format!("Duration::from_secs({})", grouped(us / 1_000_000)),
        us if us % 1000 == 0 => format!("Duration::from_millis({})", grouped(us / 1000)),
        us => format!("Duration::from_micros({})", grouped(us)),
    }
}

/// A number with a line under every three digits.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && digits.len() > 4 {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_rust() {
        assert_eq!(literal(b"a b"), "\"a b\"");
        assert_eq!(literal(b"say \"a\""), "r#\"say \"a\"\"#");
        assert_eq!(literal(b"a\"#\n"), "\"a\\\"#\\n\"");
        assert_eq!(literal(b"\xff\"\0"), "b\"\\xff\\\"\\x00\"");
    }

    #[test]
    fn times_are_whole_and_readable() {
        assert_eq!(duration(1_200_000), "Duration::from_millis(1200)");
        assert_eq!(duration(1_000_001), "Duration::from_micros(1_000_001)");
        assert_eq!(instant(-5_000_000), "UNIX_EPOCH - Duration::from_secs(5)");
        let noon = "UNIX_EPOCH + Duration::from_secs(1_785_585_600)";
        assert_eq!(instant(1_785_585_600_000_000), noon);
    }
}
