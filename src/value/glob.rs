//! Glob patterns, as KEYS, SCAN, PSUBSCRIBE and CONFIG GET take them.

/// How many stars, beside a last one, a pattern may use; with more Redis gives up and nothing matches.
const MAX_STARS: usize = 1000;

/// Whether the whole `text` matches `pattern`; `nocase` ignores the case of ASCII letters.
///
/// `*` stands for any bytes, `?` for one, `[a-c]`, `[^a-c]` for one of a class, and `\` takes away the
/// meaning of the next byte. A class that is not closed ends with the pattern. An empty text matches the
/// empty pattern only: not even `*`, to which commands that walk everything give a meaning of their own.
pub fn glob_match(mut pattern: &[u8], mut text: &[u8], nocase: bool) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let mut stars = 0;
    // What follows the last star, and the first text to try it on. Earlier stars never need another
    // try: whatever they could give up, the last one can take.
    let mut retry = None;
    loop {
        if pattern.first() == Some(&b'*') {
            pattern = skip_stars(pattern);
            stars += 1;
            if pattern.is_empty() || stars > MAX_STARS {
                return pattern.is_empty();
            }
            retry = Some((pattern, text));
        }
        let Some((&byte, rest)) = text.split_first() else {
            return skip_stars(pattern).is_empty();
        };
        if let Some(after) = match_byte(pattern, byte, nocase) {
            (pattern, text) = (after, rest);
        } else {
            let Some((after_star, tried)) = retry else {
                return false;
            };
            (pattern, text) = (after_star, &tried[1..]);
            retry = Some((pattern, text));
        }
    }
}

fn skip_stars(pattern: &[u8]) -> &[u8] {
    let stars = pattern.iter().take_while(|&&byte| byte == b'*').count();
    &pattern[stars..]
}

/// The pattern behind its first element, where that matches `byte`.
fn match_byte(pattern: &[u8], byte: u8, nocase: bool) -> Option<&[u8]> {
    match pattern {
        [] => None,
        [b'?', rest @ ..] => Some(rest),
        [b'[', class @ ..] => match_class(class, byte, nocase),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            (fold(*literal, nocase) == fold(byte, nocase)).then_some(rest)
        }
    }
}

/// The pattern behind the class whose inside comes first, where `byte` is in it.
fn match_class(class: &[u8], byte: u8, nocase: bool) -> Option<&[u8]> {
    let (negated, mut class) = match class {
        [b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut found = false;
    loop {
        class = match class {
            [] => break,
            [b']', rest @ ..] => {
                class = rest;
                break;
            }
            [first, b'-', last, rest @ ..] if *first != b'\\' => {
                found |= in_range(*first, *last, byte, nocase);
                rest
            }
            [b'\\', literal, rest @ ..] => {
                // Redis does not fold here.
                found |= *literal == byte;
                rest
            }
            [literal, rest @ ..] => {
                found |= fold(*literal, nocase) == fold(byte, nocase);
                rest
            }
        };
    }
    (found != negated).then_some(class)
}

/// Whether `byte` is in a range, whose ends may stand in either order.
fn in_range(first: u8, last: u8, byte: u8, nocase: bool) -> bool {
    // The ends are ordered before they are folded: `[Z-a]` is empty without case.
    let (low, high) = (first.min(last), first.max(last));
    (fold(low, nocase)..=fold(high, nocase)).contains(&fold(byte, nocase))
}

fn fold(byte: u8, nocase: bool) -> u8 {
    if nocase {
        byte.to_ascii_lowercase()
    } else {
        byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A pattern, texts that Redis 8.2.3's KEYS finds with it, and texts that it does not find.
    type Recorded = (
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
    );

    const RECORDED: &[Recorded] = &[
        ("", &[""], &["a"]),
        ("*", &["a", "ab"], &[""]),
        ("a***b", &["ab", "axxb"], &["a", "b"]),
        ("a?", &["ab"], &["a", "abc"]),
        ("h*l*o", &["hello", "hlo"], &["helo!", "hol"]),
        ("[abc", &["a"], &["d", "["]),
        ("[", &[], &["[", "a"]),
        ("[^", &["a", "^"], &[]),
        ("[a-", &["a", "-"], &["b", "]"]),
        ("[a-]", &["]", "_"], &["-"]),
        ("[a-]b", &[], &["]b", "ab"]),
        ("[]", &[], &["]"]),
        ("[]a]", &[], &["a", "]a]"]),
        ("[^]", &["]", "a"], &[]),
        ("[^]a]", &[], &["]"]),
        ("[z-a]", &["m", "z", "a"], &["A"]),
        ("[\\]]", &["]"], &["\\"]),
        ("[\\", &["\\"], &["a"]),
        ("[a\\", &["\\", "a"], &["b"]),
        ("\\", &["\\"], &[]),
        ("a\\", &["a\\"], &["a"]),
        ("\\*", &["*"], &["a"]),
        ("[\\a-c]", &["-", "a", "c"], &["b", "\\"]),
        ("[a-\\c]", &["\\", "]"], &["b"]),
        ("[a-\\]]", &[], &["\\"]),
        ("[!a]", &["!"], &["b"]),
        ("[--z]", &["a", "-"], &[","]),
        ("[a-c-e]", &["-", "e", "b"], &["d"]),
        ("[^-a]", &["b"], &["-", "a"]),
        ("[a]]", &["a]"], &["a"]),
        ("[[]", &["["], &[]),
        ("*[a", &["a", "xa"], &["ab"]),
        ("a*[", &[], &["ab", "a["]),
    ];

    #[test]
    fn keys_are_found_as_recorded() {
        for (pattern, matching, others) in RECORDED {
            let found = |text: &&str| glob_match(pattern.as_bytes(), text.as_bytes(), false);
            let wrong: Vec<_> = matching.iter().filter(|text| !found(text)).collect();
            assert!(wrong.is_empty(), "{pattern} does not match {wrong:?}");
            let wrong: Vec<_> = others.iter().filter(|text| found(text)).collect();
            assert!(wrong.is_empty(), "{pattern} matches {wrong:?}");
        }
    }

    /// As CONFIG GET does.
    #[test]
    fn without_case_the_ends_of_a_range_are_folded() {
        for (pattern, found) in [
            ("APPENDONLY", true),
            ("[A-C]ppendonly", true),
            ("[C-A]PPENDonly", true),
            ("[\\a]ppendonl?", true),
            ("[\\A]ppendonl?", false),
            ("\\Appendonl?", true),
            ("[@-c]ppendonly", true),
            ("[^A]ppendonly", false),
            ("[a-C]ppendonly", false),
        ] {
            assert_eq!(
                glob_match(pattern.as_bytes(), b"appendonly", true),
                found,
                "{pattern}"
            );
        }
    }

    #[test]
    fn many_stars_are_quick_and_too_many_match_nothing() {
        let text = "a".repeat(100_000);
        let hostile = "*a".repeat(500) + "b";
        assert!(!glob_match(hostile.as_bytes(), text.as_bytes(), false));
        for (stars, found) in [(MAX_STARS, true), (MAX_STARS + 1, false)] {
            let pattern = "*a".repeat(stars) + "*";
            assert_eq!(
                glob_match(pattern.as_bytes(), text.as_bytes(), false),
                found
            );
        }
    }

    proptest! {
        #[test]
        fn no_pattern_panics(pattern: Vec<u8>, text: Vec<u8>, nocase: bool) {
            glob_match(&pattern, &text, nocase);
            prop_assert_eq!(glob_match(b"*", &text, nocase), !text.is_empty());
        }
    }
}
