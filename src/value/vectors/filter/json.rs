//! One attribute out of a JSON text, without reading the rest of it.
//!
//! Like Redis's reader it goes no further than the attribute, so that the text behind may be broken, and is not strict
//! before it: `+1` and `01` are numbers.

use super::Scalar;

/// How deep lists may be inside each other.
const DEPTH: usize = 64;

/// The value of the first member `name` of the object; `None` where there is none that a filter can use.
pub(super) fn attribute(json: &[u8], name: &[u8]) -> Option<Scalar> {
    let mut rest = Json(json);
    rest.expect(b'{')?;
    loop {
        let key = rest.key()?;
        rest.expect(b':')?;
        if key == name {
            return rest.value(DEPTH);
        }
        rest.skip_value()?;
        rest.expect(b',')?;
    }
}

/// The JSON that is still to be read.
struct Json<'a>(&'a [u8]);

impl<'a> Json<'a> {
    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        self.0 = self.0.trim_ascii_start();
        self.0.first().copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.advance(1))
    }

    fn advance(&mut self, len: usize) {
        self.0 = &self.0[len..];
    }

    /// A text in quotes, escapes and all.
    fn key(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let mut len = 0;
        loop {
            match self.0.get(len)? {
                b'"' => break,
                b'\\' => len += 2,
                _ => len += 1,
            }
        }
        let raw = &self.0[..len];
        self.advance(len + 1);
        Some(raw)
    }

    fn value(&mut self, depth: usize) -> Option<Scalar> {
        match self.peek()? {
            b'"' => self.key().map(unescaped).map(Scalar::Text),
            b'[' => self.list(depth.checked_sub(1)?),
            b'0'..=b'9' | b'+' | b'-' => str::from_utf8(self.number())
                .ok()?
                .parse()
                .ok()
                .map(Scalar::Number),
            _ => self.literal(),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Scalar> {
        self.expect(b'[')?;
        let mut items = Vec::new();
        if self.expect(b']').is_some() {
            return Some(Scalar::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.expect(b']').is_some() {
                return Some(Scalar::List(items));
            }
            self.expect(b',')?;
        }
    }

    fn number(&mut self) -> &'a [u8] {
        let belongs =
            |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
        let text = &self.0[..self.0.iter().take_while(belongs).count()];
        self.advance(text.len());
        text
    }

    fn literal(&mut self) -> Option<Scalar> {
        let literals: [(&[u8], Scalar); 3] = [
            (b"true", Scalar::Number(1.0)),
            (b"false", Scalar::Number(0.0)),
            (b"null", Scalar::Null),
        ];
        let found = literals
            .into_iter()
            .find(|(word, _)| self.0.starts_with(word));
        let (word, value) = found?;
        let next = self.0.get(word.len());
        let ends = next.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        ends.then(|| {
            self.advance(word.len());
            value
        })
    }

    fn skip_value(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.key().map(drop),
            b'{' | b'[' => self.skip_nested(),
            b'0'..=b'9' | b'+' | b'-' => {
                self.number();
                Some(())
            }
            _ => self.literal().map(drop),
        }
    }

    /// Skips to the bracket that closes the one at the start, whatever is between but texts.
    fn skip_nested(&mut self) -> Option<()> {
        let (open, close) = match self.peek()? {
            b'{' => (b'{', b'}'),
            _ => (b'[', b']'),
        };
        let mut depth = 0;
        loop {
            match self.peek()? {
                b'"' => {
                    self.key()?;
                    continue;
                }
                byte if byte == open => depth += 1,
                byte if byte == close => depth -= 1,
                _ => {}
            }
            self.advance(1);
            if depth == 0 {
                return Some(());
            }
        }
    }
}

/// The text without its backslashes; Unicode escapes stay as letters and digits.
fn unescaped(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter();
    while let Some(&byte) = bytes.next() {
        let escaped = (byte == b'\\').then(|| bytes.next()).flatten();
        text.push(match escaped {
            None => byte,
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(&other) => other,
        });
    }
    text
}
