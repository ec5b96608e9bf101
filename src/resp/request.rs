//! Bytes to requests: what a server reads.

use std::ops::Range;

use smallvec::SmallVec;

use super::decode::DecodeError;
use super::decode::error;
use super::decode::line;
use super::words::split_quoted;
use crate::number::parse_i64;

/// What a peer may ask a decoder to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest bulk string, in bytes (`proto-max-bulk-len`).
    pub bulk: usize,
    /// The most arguments of one command.
    pub args: usize,
    /// Whether the smaller limits of a connection that has not authenticated apply.
    pub unauthenticated: bool,
}

/// So many requests are looked at ahead.
const AHEAD: usize = 32;
/// Up to this many arguments are few.
const FEW: usize = 8;
/// No more arguments than this may a connection send that has not authenticated.
const UNAUTHENTICATED: usize = 10;
/// No more arguments than this are usual.
const MOST: usize = 64;
/// An argument of fewer bytes is usual.
const SHORT: usize = 1000;
/// The longest inline request and the longest length line.
const MAX_LINE: usize = 64 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bulk: 512 * 1024 * 1024,
            args: i32::MAX as usize,
            unauthenticated: false,
        }
    }
}

/// Splits a stream of requests, RESP arrays and inline commands, without copying arguments.
///
/// A decoder remembers how far it came, so that a request that arrives in many pieces is read once.
#[derive(Debug, Default)]
pub struct RequestDecoder {
    limits: Limits,
    /// The next byte to look at, from the start of the request.
    at: usize,
    /// Arguments still to come; `None` before the request's first line is complete.
    missing: Option<usize>,
    /// The announced length of the argument at `at`.
    bulk: Option<usize>,
    /// Where the complete arguments are, in the request or in `inline`.
    args: Vec<Range<usize>>,
    /// The unquoted arguments of an inline request.
    inline: Option<Vec<u8>>,
}

impl RequestDecoder {
    /// A decoder with these limits.
    pub fn new(limits: Limits) -> RequestDecoder {
        RequestDecoder {
            limits,
            ..RequestDecoder::default()
        }
    }

    /// Changes the limits, as AUTH and CONFIG SET do.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Reads on in `input`, which starts at the request's first byte and only grows between calls.
    ///
    /// Returns the request's length once it is complete; [`argv`](Self::argv) then gives its arguments
    /// (none at all for an empty request), and the next call starts a new request.
    ///
    /// # Errors
    ///
    /// When `input` is not RESP or goes beyond the limits. The stream can't be read any further.
    pub fn decode(&mut self, input: &[u8]) -> Result<Option<usize>, DecodeError> {
        if self.missing.is_none() {
            self.inline = None;
            if let Some(len) = self.decode_usual(input) {
                return Ok(Some(len));
            }
            self.args.clear();
            match input.first() {
                None => return Ok(None),
                Some(b'*') => self.missing = self.count(input)?,
                Some(_) => return self.decode_inline(input),
            }
        }
        while let Some(missing @ 1..) = self.missing {
            let Some(end) = self.argument_end(input)? else {
                return Ok(None);
            };
            self.args.push(self.at..end);
            self.at = end + 2;
            self.bulk = None;
            self.missing = Some(missing - 1);
        }
        Ok(self.missing.take().map(|_| std::mem::take(&mut self.at)))
    }

    /// Reads a request that is complete, and neither long nor of long arguments.
    #[inline]
    fn decode_usual(&mut self, input: &[u8]) -> Option<usize> {
        let most = match self.limits.unauthenticated {
            true => UNAUTHENTICATED,
            false => MOST,
        };
        if self.limits.bulk < SHORT || self.limits.args < most {
            return None;
        }
        self.args.clear();
        usual_request(input, most, |arg| self.args.push(arg))
    }

    /// Where the argument at hand ends, if it is complete; where it starts is `at` then.
    fn argument_end(&mut self, input: &[u8]) -> Result<Option<usize>, DecodeError> {
        let Some(len) = self.bulk_len(input)? else {
            return Ok(None);
        };
        let end = self.at + len;
        Ok((input.len() >= end + 2).then_some(end))
    }

    /// Reads how many arguments the request has.
    fn count(&mut self, input: &[u8]) -> Result<Option<usize>, DecodeError> {
        let Some((count, next)) = length(input, 0, "mbulk count")? else {
            return Ok(None);
        };
        let count = count
            .filter(|&count| count <= self.limits.args as i64)
            .ok_or_else(|| error("invalid multibulk length"))?;
        if count > UNAUTHENTICATED as i64 && self.limits.unauthenticated {
            return Err(error("unauthenticated multibulk length"));
        }
        self.at = next;
        Ok(Some(usize::try_from(count).unwrap_or(0)))
    }

    /// The length of the argument at hand, read if it was not.
    fn bulk_len(&mut self, input: &[u8]) -> Result<Option<usize>, DecodeError> {
        if self.bulk.is_some() {
            return Ok(self.bulk);
        }
        match input.get(self.at) {
            None => return Ok(None),
            Some(b'$') => {}
            Some(&other) => {
                return Err(error(format!("expected '$', got '{}'", other as char)));
            }
        }
        let Some((len, next)) = length(input, self.at, "bulk count")? else {
            return Ok(None);
        };
        let len = len
            .and_then(|len| usize::try_from(len).ok())
            .filter(|&len| len <= self.limits.bulk)
            .ok_or_else(|| error("invalid bulk length"))?;
        if len > 16384 && self.limits.unauthenticated {
            return Err(error("unauthenticated bulk length"));
        }
        self.at = next;
        self.bulk = Some(len);
        Ok(self.bulk)
    }

    /// How many more bytes the argument being read needs at least; a hint for the read buffer.
    pub fn wanted(&self, input: &[u8]) -> usize {
        self.bulk
            .map_or(0, |len| (self.at + len + 2).saturating_sub(input.len()))
    }

    /// Whether the request that [`decode`](Self::decode) just completed has no arguments.
    pub fn is_empty(&self) -> bool {
        self.args.is_empty()
    }

    /// The arguments of the request that [`decode`](Self::decode) just completed in `input`.
    pub fn argv<'a>(&'a self, input: &'a [u8]) -> impl ExactSizeIterator<Item = &'a [u8]> {
        let data = self.inline.as_deref().unwrap_or(input);
        self.args.iter().map(move |arg| &data[arg.clone()])
    }

    /// Gives `work` the arguments of the request that [`decode`](Self::decode) just completed in `input`; few are not
    /// put on the heap for it.
    #[inline]
    pub fn with_argv<T>(&self, input: &[u8], work: impl FnOnce(&[&[u8]]) -> T) -> T {
        let mut few: [&[u8]; FEW] = [&[]; FEW];
        let Some(few) = few.get_mut(..self.args.len()) else {
            return work(&self.argv(input).collect::<Vec<_>>());
        };
        for (place, arg) in std::iter::zip(&mut *few, self.argv(input)) {
            *place = arg;
        }
        work(few)
    }

    fn decode_inline(&mut self, input: &[u8]) -> Result<Option<usize>, DecodeError> {
        let Some(end) = input.iter().position(|&byte| byte == b'\n') else {
            if input.len() > MAX_LINE {
                return Err(error("too big inline request"));
            }
            return Ok(None);
        };
        let text = input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]);
        let mut data = Vec::with_capacity(text.len());
        split_quoted(text, |arg| {
            self.args.push(data.len()..data.len() + arg.len());
            data.extend_from_slice(arg);
        })
        .ok_or_else(|| error("unbalanced quotes in request"))?;
        self.inline = Some(data);
        Ok(Some(end + 1))
    }
}

/// Requests that are complete in `input`, as far as they are the usual ones: the second word of each that has another one
/// than the request before, which is nearly always a key; and how many bytes they all are.
///
/// A look ahead, for what only gains from knowing: [`RequestDecoder`] decides what a request is.
pub fn second_words(input: &[u8]) -> (SmallVec<[&[u8]; AHEAD]>, usize) {
    let mut words: SmallVec<[&[u8]; AHEAD]> = SmallVec::new();
    let mut at = 0;
    while words.len() < AHEAD {
        let (rest, mut count, mut second) = (&input[at..], 0, 0..0);
        let len = usual_request(rest, MOST, |word| {
            count += 1;
            if count == 2 {
                second = word;
            }
        });
        let Some(len) = len.filter(|_| count > 1) else {
            break;
        };
        let second = &rest[second];
        if words.last() != Some(&second) {
            words.push(second);
        }
        at += len;
    }
    (words, at)
}

/// Shows `each` argument of the request at the start of `input`, if it is complete and has `most` of them, none of which
/// is long; its length.
#[inline]
fn usual_request(input: &[u8], most: usize, mut each: impl FnMut(Range<usize>)) -> Option<usize> {
    let (count, mut at) = short_number(b'*', input)?;
    if count > most {
        return None;
    }
    for _ in 0..count {
        let (len, start) = short_number(b'$', &input[at..])?;
        let arg = at + start..at + start + len;
        at = arg.end + 2;
        if at > input.len() {
            return None;
        }
        each(arg);
    }
    Some(at)
}

/// A `*` or `$` line at `at`: its number (`None` when it is not one) and the next line's start.
fn length(
    input: &[u8],
    at: usize,
    what: &str,
) -> Result<Option<(Option<i64>, usize)>, DecodeError> {
    match line(input, at) {
        Some((text, next)) => Ok(Some((parse_i64(&text[1..]), next))),
        None if input.len() - at > MAX_LINE => Err(error(format!("too big {what} string"))),
        None => Ok(None),
    }
}

/// What most length lines are, a marker and one to three digits: the number, and where the next line starts. Nothing
/// where the request can't be complete: the shortest argument's line is followed by two bytes.
#[inline]
fn short_number(marker: u8, line: &[u8]) -> Option<(usize, usize)> {
    let line: &[u8; 6] = line.first_chunk()?;
    let digit = |at: usize| usize::from(line[at].wrapping_sub(b'0'));
    let (a, b) = (digit(1), digit(2));
    if line[0] != marker || a > 9 {
        return None;
    }
    if line[2] == b'\r' {
        return Some((a, 4));
    }
    if a == 0 || b > 9 {
        return None;
    }
    if line[3] == b'\r' {
        return Some((10 * a + b, 5));
    }
    let c = digit(3);
    (c <= 9 && line[4] == b'\r').then_some((100 * a + 10 * b + c, 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(input: &[u8], step: usize) -> Result<Vec<Vec<Vec<u8>>>, DecodeError> {
        let mut decoder = RequestDecoder::default();
        let (mut start, mut end) = (0, 0);
        let mut all = Vec::new();
        loop {
            match decoder.decode(&input[start..end])? {
                Some(len) => {
                    all.push(
                        decoder
                            .argv(&input[start..end])
                            .map(<[u8]>::to_vec)
                            .collect(),
                    );
                    start += len;
                }
                None if end == input.len() => return Ok(all),
                None => end = (end + step).min(input.len()),
            }
        }
    }

    #[test]
    fn requests_come_out_the_same_however_they_are_cut() {
        let input = b"*2\r\n$3\r\nGET\r\n$0\r\n\r\nPING \"a\\x41\\n\" 'b c'\r\n*0\r\n\r\n*1\r\n$4\r\nQUIT\r\n";
        let whole = requests(input, input.len()).unwrap();
        assert_eq!(whole.len(), 5);
        assert_eq!(whole[0], [b"GET".to_vec(), b"".to_vec()]);
        assert_eq!(
            whole[1],
            [b"PING".to_vec(), b"aA\n".to_vec(), b"b c".to_vec()]
        );
        assert!(whole[2].is_empty() && whole[3].is_empty());
        for step in 1..input.len() {
            assert_eq!(requests(input, step).unwrap(), whole, "in steps of {step}");
        }
    }

    #[test]
    fn what_is_not_resp_is_named() {
        for (input, message) in [
            (b"*x\r\n".as_slice(), "invalid multibulk length"),
            (b"*1\r\nGET\r\n", "expected '$', got 'G'"),
            (b"*1\r\n$-1\r\n", "invalid bulk length"),
            (b"*1\r\n$536870913\r\n", "invalid bulk length"),
            (b"GET \"a\r\n", "unbalanced quotes in request"),
            (b"GET \"a\"b\r\n", "unbalanced quotes in request"),
        ] {
            let error = requests(input, input.len()).unwrap_err();
            assert_eq!(error.to_string(), format!("Protocol error: {message}"));
        }
        assert!(requests(&[b'a'; MAX_LINE + 2], 4096).is_err());
    }

    #[test]
    fn a_look_ahead_sees_the_usual_requests_and_never_more() {
        let usual = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n*3\r\n$3\r\nSET\r\n$2\r\nbc\r\n$0\r\n\r\n";
        let (words, len) = second_words(usual);
        assert_eq!((&*words, len), (&[b"a".as_slice(), b"bc"][..], usual.len()));
        for end in 0..usual.len() {
            let (words, len) = second_words(&usual[..end]);
            assert_eq!((words.len(), len), if end < 20 { (0, 0) } else { (1, 20) });
        }
        let unusual = [
            b"PING\r\n".as_slice(),
            b"*1\r\n$4\r\nPING\r\n",
            b"*x\r\n",
            b"*2\r\n$x",
        ];
        assert!(unusual.iter().all(|input| second_words(input).1 == 0));
        assert_eq!(second_words(&usual.repeat(40)).0.len(), AHEAD);
        let same = usual[..20].repeat(40);
        assert_eq!(
            (second_words(&same).0.len(), second_words(&same).1),
            (1, 800)
        );
    }
}
