//! Lines to words, with quotes: inline requests, `redis.conf`, fixtures.

/// Splits a line into arguments as redis-cli and `redis.conf` do: spaces separate, `"…"` takes
/// `\n \r \t \b \a \xHH \\ \"`, `'…'` takes `\'`. `None` when a quote is not closed.
pub fn split_quoted(line: &[u8], mut each: impl FnMut(&[u8])) -> Option<()> {
    let mut rest = line;
    let mut arg = Vec::new();
    loop {
        while let [first, tail @ ..] = rest
            && is_space(*first)
        {
            rest = tail;
        }
        if rest.is_empty() {
            return Some(());
        }
        arg.clear();
        while let [first, tail @ ..] = rest
            && !is_space(*first)
        {
            rest = match first {
                b'"' => closed(double_quoted(tail, &mut arg)?)?,
                b'\'' => closed(single_quoted(tail, &mut arg)?)?,
                _ => {
                    arg.push(*first);
                    tail
                }
            };
        }
        each(&arg);
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | 0)
}

/// After a closing quote comes a space or nothing.
fn closed(rest: &[u8]) -> Option<&[u8]> {
    rest.first()
        .is_none_or(|&byte| is_space(byte))
        .then_some(rest)
}

fn double_quoted<'a>(mut rest: &'a [u8], arg: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'"', tail @ ..] => return Some(tail),
            [b'\\', b'x', high, low, tail @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
                arg.push(digit(*high) << 4 | digit(*low));
                tail
            }
            [b'\\', escaped, tail @ ..] => {
                arg.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                });
                tail
            }
            [other, tail @ ..] => {
                arg.push(*other);
                tail
            }
        }
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], arg: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'\'', tail @ ..] => return Some(tail),
            [b'\\', b'\'', tail @ ..] => {
                arg.push(b'\'');
                tail
            }
            [other, tail @ ..] => {
                arg.push(*other);
                tail
            }
        }
    }
}
