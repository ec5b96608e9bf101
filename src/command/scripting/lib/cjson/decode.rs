//! `cjson.decode`: JSON as a Lua value, with the words of lua-cjson for what is wrong with it.

use mlua::Lua;
use mlua::MultiValue;
use mlua::Table;
use mlua::Value;

use super::super::super::raised::Raised;
use super::super::argument;
use super::super::number::strtod;
use super::Config;
use super::InvalidNumbers;
use super::Settings;
use super::one;

/// `cjson.decode(text)`
pub(super) fn decode(
    lua: &Lua,
    settings: &Settings,
    args: &MultiValue,
) -> mlua::Result<MultiValue> {
    if args.len() != 1 {
        return Err(argument::error(lua, 1, "expected 1 argument"));
    }
    let text = argument::string(lua, args, 1)?;
    if matches!(&*text, [0, _, ..] | [_, 0, ..]) {
        let message = "JSON parser does not support UTF-16 or UTF-32";
        return Err(Raised::here(lua, message).into());
    }
    let config = *settings.lock();
    let mut decoder = Decoder {
        lua,
        config,
        text: &text,
        at: 0,
        open: Vec::new(),
    };
    let value = decoder.document()?;
    match decoder.next() {
        Token {
            kind: Kind::End, ..
        } => one(value),
        token => Err(decoder.unexpected("the end", &token)),
    }
}

/// What the next characters are.
enum Kind {
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Comma,
    Colon,
    String(Vec<u8>),
    Number(f64),
    Boolean(bool),
    Null,
    End,
    /// Not JSON, and why.
    Error(&'static str),
}

impl Kind {
    /// What error messages call it.
    fn name(&self) -> &'static str {
        match self {
            Kind::ObjectStart => "T_OBJ_BEGIN",
            Kind::ObjectEnd => "T_OBJ_END",
            Kind::ArrayStart => "T_ARR_BEGIN",
            Kind::ArrayEnd => "T_ARR_END",
            Kind::Comma => "T_COMMA",
            Kind::Colon => "T_COLON",
            Kind::String(_) => "T_STRING",
            Kind::Number(_) => "T_NUMBER",
            Kind::Boolean(_) => "T_BOOLEAN",
            Kind::Null => "T_NULL",
            Kind::End => "T_END",
            Kind::Error(reason) => reason,
        }
    }
}

struct Token {
    kind: Kind,
    /// Where it starts; for an error, where that was noticed.
    start: usize,
}

/// What comes after a complete value.
enum Next {
    /// Another value, which this token starts.
    Value(Token),
    /// Nothing: the value is the document.
    Done(Value),
}

/// An object or array that has begun, and where in it the next value belongs.
struct Open<'lua> {
    table: Table,
    place: Place,
    lua: &'lua Lua,
}

enum Place {
    Index(i64),
    Key(Vec<u8>),
}

impl Open<'_> {
    fn put(&mut self, value: Value) -> mlua::Result<()> {
        match &mut self.place {
            Place::Index(index) => {
                *index += 1;
                self.table.raw_set(*index, value)
            }
            Place::Key(key) => self.table.raw_set(self.lua.create_string(key)?, value),
        }
    }
}

struct Decoder<'a> {
    lua: &'a Lua,
    config: Config,
    text: &'a [u8],
    at: usize,
    /// The containers around the place that is read; no recursion, so that depth costs no stack.
    open: Vec<Open<'a>>,
}

impl Decoder<'_> {
    fn unexpected(&self, expected: &str, found: &Token) -> mlua::Error {
        let (name, place) = (found.kind.name(), found.start + 1);
        let message = format!("Expected {expected} but found {name} at character {place}");
        Raised::here(self.lua, message).into()
    }

    fn document(&mut self) -> mlua::Result<Value> {
        let mut token = self.next();
        loop {
            let scalar = match token.kind {
                Kind::ObjectStart | Kind::ArrayStart => match self.start(&token)? {
                    Some(first) => {
                        token = first;
                        continue;
                    }
                    None => self.close(),
                },
                _ => self.scalar(token)?,
            };
            match self.put(scalar)? {
                Next::Value(first) => token = first,
                Next::Done(value) => return Ok(value),
            }
        }
    }

    fn scalar(&self, token: Token) -> mlua::Result<Value> {
        match token.kind {
            Kind::String(text) => self.lua.create_string(text).map(Value::String),
            Kind::Number(number) => Ok(Value::Number(number)),
            Kind::Boolean(yes) => Ok(Value::Boolean(yes)),
            Kind::Null => Ok(Value::NULL),
            _ => Err(self.unexpected("value", &token)),
        }
    }

    /// Begins a container; the token that starts its first value, `None` if it has none.
    fn start(&mut self, token: &Token) -> mlua::Result<Option<Token>> {
        let (depth, at) = (self.open.len() as i64 + 1, self.at);
        if depth > self.config.decode_max_depth {
            let message =
                format!("Found too many nested data structures ({depth}) at character {at}");
            return Err(Raised::here(self.lua, message).into());
        }
        let table = self.lua.create_table()?;
        let first = self.next();
        let (place, first) = match (&token.kind, &first.kind) {
            (Kind::ObjectStart, Kind::ObjectEnd) | (Kind::ArrayStart, Kind::ArrayEnd) => {
                (Place::Index(0), None)
            }
            (Kind::ObjectStart, _) => (Place::Key(self.key(first)?), Some(self.next())),
            _ => (Place::Index(0), Some(first)),
        };
        self.open.push(Open {
            table,
            place,
            lua: self.lua,
        });
        Ok(first)
    }

    fn key(&mut self, token: Token) -> mlua::Result<Vec<u8>> {
        let Kind::String(key) = token.kind else {
            return Err(self.unexpected("object key string", &token));
        };
        match self.next() {
            Token {
                kind: Kind::Colon, ..
            } => Ok(key),
            other => Err(self.unexpected("colon", &other)),
        }
    }

    /// Ends the innermost container.
    fn close(&mut self) -> Value {
        let open = self.open.pop().expect("only what was opened is closed");
        Value::Table(open.table)
    }

    /// Puts a complete value where it belongs, and ends the containers that end with it.
    fn put(&mut self, mut value: Value) -> mlua::Result<Next> {
        loop {
            let Some(open) = self.open.last_mut() else {
                return Ok(Next::Done(value));
            };
            open.put(value)?;
            let is_array = matches!(open.place, Place::Index(_));
            let token = self.next();
            match (&token.kind, is_array) {
                (Kind::Comma, true) => return Ok(Next::Value(self.next())),
                (Kind::Comma, false) => {
                    let name = self.next();
                    let key = self.key(name)?;
                    if let Some(open) = self.open.last_mut() {
                        open.place = Place::Key(key);
                    }
                    return Ok(Next::Value(self.next()));
                }
                (Kind::ArrayEnd, true) | (Kind::ObjectEnd, false) => value = self.close(),
                (_, true) => return Err(self.unexpected("comma or array end", &token)),
                (_, false) => return Err(self.unexpected("comma or object end", &token)),
            }
        }
    }

    /// The byte at `at`; the end reads as NUL, which ends the text wherever it is.
    fn peek(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    fn next(&mut self) -> Token {
        while matches!(self.peek(self.at), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        let mut start = self.at;
        let single = match self.peek(self.at) {
            0 => {
                return Token {
                    kind: Kind::End,
                    start,
                };
            }
            b'{' => Some(Kind::ObjectStart),
            b'}' => Some(Kind::ObjectEnd),
            b'[' => Some(Kind::ArrayStart),
            b']' => Some(Kind::ArrayEnd),
            b',' => Some(Kind::Comma),
            b':' => Some(Kind::Colon),
            _ => None,
        };
        let kind = match (single, self.peek(self.at)) {
            (Some(kind), _) => {
                self.at += 1;
                kind
            }
            (None, b'"') => self.string().unwrap_or_else(|reason| {
                start = self.at;
                Kind::Error(reason)
            }),
            (None, b'-' | b'0'..=b'9') => self.plain_number(),
            _ => self.word(),
        };
        Token { kind, start }
    }

    fn plain_number(&mut self) -> Kind {
        let allowed = self.config.decode_invalid == InvalidNumbers::Allow;
        if !allowed && self.is_invalid_number() {
            return Kind::Error("invalid number");
        }
        self.number()
    }

    fn word(&mut self) -> Kind {
        let words = [
            ("true", Kind::Boolean(true)),
            ("false", Kind::Boolean(false)),
            ("null", Kind::Null),
        ];
        for (word, kind) in words {
            if self.text[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return kind;
            }
        }
        let allowed = self.config.decode_invalid == InvalidNumbers::Allow;
        if allowed && self.is_invalid_number() {
            return self.number();
        }
        Kind::Error("invalid token")
    }

    /// Whether this is a number that C takes and JSON does not: `+1`, `01`, `0x1`, `inf`, `nan`.
    fn is_invalid_number(&self) -> bool {
        let text = &self.text[self.at..];
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        match digits {
            _ if text.first() == Some(&b'+') => true,
            [b'0', next, ..] => matches!(next, b'x' | b'X' | b'0'..=b'9'),
            [first, ..] if *first <= b'9' => false,
            _ => digits.get(..3).is_some_and(|name| {
                name.eq_ignore_ascii_case(b"inf") || name.eq_ignore_ascii_case(b"nan")
            }),
        }
    }

    fn number(&mut self) -> Kind {
        match strtod(&self.text[self.at..]) {
            Some((number, length)) => {
                self.at += length;
                Kind::Number(number)
            }
            None => Kind::Error("invalid number"),
        }
    }

    /// Reads a string; on an error the position is where that is.
    fn string(&mut self) -> Result<Kind, &'static str> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.peek(self.at) {
                0 => return Err("unexpected end of string"),
                b'"' => break,
                b'\\' => self.escape(&mut out)?,
                byte => {
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Ok(Kind::String(out))
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        let byte = match self.peek(self.at + 1) {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (character, length) = self.code_point().ok_or("invalid unicode escape code")?;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                self.at += length;
                return Ok(());
            }
            _ => return Err("invalid escape code"),
        };
        out.push(byte);
        self.at += 2;
        Ok(())
    }

    /// The character of `\uXXXX` here, or of two that are a surrogate pair, and the length of its escape.
    fn code_point(&self) -> Option<(char, usize)> {
        let first = self.code_unit(self.at)?;
        if let Some(character) = char::from_u32(first) {
            return Some((character, 6));
        }
        let second = self.code_unit(self.at + 6)?;
        let pair = [first as u16, second as u16];
        let character = char::decode_utf16(pair).next()?.ok()?;
        Some((character, 12))
    }

    fn code_unit(&self, at: usize) -> Option<u32> {
        let escape = self.text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        let digit = |unit: u32, byte: &u8| Some(unit * 16 + char::from(*byte).to_digit(16)?);
        escape.iter().try_fold(0, digit)
    }
}
