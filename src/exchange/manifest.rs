//! The manifest of an append-only file in several parts: which they are, and in which order they are read.

use crate::resp::quote;
use crate::resp::split_quoted;

/// The manifest's name under the usual `appendfilename`.
pub const MANIFEST: &str = "appendonly.aof.manifest";

/// A part of an append-only file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    seq: u64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Base,
    /// What came after the base, or after another one of these.
    Incremental,
    /// What a rewrite has made superfluous, and was not removed yet.
    History,
}

/// The text of a manifest: a base, if there is one, and what came after it.
pub fn manifest(base: Option<&str>, incremental: &str) -> String {
    let line = |name: &str, kind| format!("file {} seq 1 type {kind}\n", word(name));
    base.map(|name| line(name, 'b')).unwrap_or_default() + &line(incremental, 'i')
}

fn word(name: &str) -> String {
    match name.contains(|c: char| !c.is_ascii_graphic() || matches!(c, '"' | '\'' | '\\')) {
        true => quote(name.as_bytes()),
        false => name.to_owned(),
    }
}

/// The parts to read, in order.
///
/// # Errors
///
/// The line that says nothing, or nothing known, and what is wrong with it.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Part>, (u64, String)> {
    let mut parts = Vec::new();
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        if !line.is_empty() && line[0] != b'#' {
            let part = part(line).map_err(|what| (index as u64 + 1, what))?;
            parts.push(part);
        }
    }
    parts.retain(|part| part.kind != Kind::History);
    parts.sort_by_key(|part| (part.kind, part.seq));
    Ok(parts)
}

fn part(line: &[u8]) -> Result<Part, String> {
    let mut words = Vec::new();
    split_quoted(line, |word| words.push(word.to_vec())).ok_or("a quote is not closed")?;
    let value = |name: &[u8]| {
        let pair = words.chunks_exact(2).find(|pair| pair[0] == name);
        let value = pair.map(|pair| String::from_utf8_lossy(&pair[1]).into_owned());
        value.ok_or_else(|| format!("there is no '{}'", name.escape_ascii()))
    };
    let (name, seq, kind) = (value(b"file")?, value(b"seq")?, value(b"type")?);
    if name.is_empty() || name.contains(['/', '\\']) {
        return Err(format!("'{name}' is no name of a file in this directory"));
    }
    Ok(Part {
        seq: seq
            .parse()
            .map_err(|_| format!("the seq '{seq}' is no number"))?,
        kind: match &*kind {
            "b" => Kind::Base,
            "i" => Kind::Incremental,
            "h" => Kind::History,
            other => return Err(format!("no file has the type '{other}'")),
        },
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_base_first_and_then_by_number() {
        let text = "# a comment\n\
            file a.3.incr.aof seq 3 type i startoffset 17\n\
            file a.2.incr.aof seq 2 type i\n\
            file a.1.incr.aof seq 1 type h\n\
            file \"a b.rdb\" seq 9 type b\n";
        let parts = parse(text.as_bytes()).unwrap();
        let names: Vec<_> = parts.iter().map(|part| &*part.name).collect();
        assert_eq!(names, ["a b.rdb", "a.2.incr.aof", "a.3.incr.aof"]);
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let text = manifest(Some("a \"b\".base.aof"), "c.incr.aof");
        let parts = parse(text.as_bytes()).unwrap();
        let names: Vec<_> = parts.iter().map(|part| &*part.name).collect();
        assert_eq!(names, ["a \"b\".base.aof", "c.incr.aof"]);
        assert_eq!(manifest(None, "x"), "file x seq 1 type i\n");
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, line, what) in [
            (
                "file a seq 1 type b\nfile b seq x type i\n",
                2,
                "the seq 'x' is no number",
            ),
            (
                "file ../a seq 1 type b\n",
                1,
                "'../a' is no name of a file in this directory",
            ),
            ("file a seq 1\n", 1, "there is no 'type'"),
            ("file a seq 1 type z\n", 1, "no file has the type 'z'"),
            ("file \"a seq 1 type z\n", 1, "a quote is not closed"),
        ] {
            assert_eq!(parse(text.as_bytes()), Err((line, what.to_owned())));
        }
    }
}
