//! The first line of a script, `#!lua flags=no-writes`: how the script asks to be run.

use crate::resp::split_quoted;

/// What a script declares about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScriptFlags {
    /// There is a first line `#!lua` at all: without one a script runs in Redis's old, lenient way.
    pub declared: bool,
    /// It writes nothing, and may not.
    pub no_writes: bool,
    /// It may run when memory is short.
    pub allow_oom: bool,
    /// It may run on a replica that lost its master.
    pub allow_stale: bool,
    /// It may not run on a cluster.
    pub no_cluster: bool,
    /// Its keys may be in different hash slots.
    pub allow_cross_slot_keys: bool,
}

/// The flags of `script`, and its code: without the first line but with its line end, so that lines
/// keep their numbers.
///
/// # Errors
///
/// What is wrong with the first line, as Redis answers it.
pub(super) fn parse(script: &[u8]) -> Result<(ScriptFlags, &[u8]), String> {
    if !script.starts_with(b"#!") {
        return Ok((ScriptFlags::default(), script));
    }
    let end = script.iter().position(|&byte| byte == b'\n');
    let end = end.ok_or("ERR Invalid script shebang")?;
    let mut words = Vec::new();
    split_quoted(&script[..end], |word| {
        words.push(String::from_utf8_lossy(word).into_owned());
    })
    .ok_or("ERR Invalid engine in script shebang")?;
    let (engine, options) = words
        .split_first()
        .ok_or("ERR Invalid engine in script shebang")?;
    if engine != "#!lua" {
        return Err(format!("ERR Unexpected engine in script shebang: {engine}"));
    }
    let mut flags = ScriptFlags {
        declared: true,
        ..ScriptFlags::default()
    };
    for option in options {
        let names = option.strip_prefix("flags=");
        let names = names.ok_or_else(|| format!("ERR Unknown lua shebang option: {option}"))?;
        if !names.is_empty() {
            names.split(',').try_for_each(|name| flags.set(name))?;
        }
    }
    Ok((flags, &script[end..]))
}

impl ScriptFlags {
    fn set(&mut self, name: &str) -> Result<(), String> {
        let flag = match name {
            "no-writes" => &mut self.no_writes,
            "allow-oom" => &mut self.allow_oom,
            "allow-stale" => &mut self.allow_stale,
            "no-cluster" => &mut self.no_cluster,
            "allow-cross-slot-keys" => &mut self.allow_cross_slot_keys,
            _ => return Err(format!("ERR Unexpected flag in script shebang: {name}")),
        };
        *flag = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_and_the_code_keeps_its_line_numbers() {
        let (flags, code) =
            parse(b"#!lua flags=no-writes,no-cluster flags=allow-oom\nreturn 1").unwrap();
        assert!(flags.declared && flags.no_writes && flags.no_cluster && flags.allow_oom);
        assert!(!flags.allow_stale && !flags.allow_cross_slot_keys);
        assert_eq!(code, b"\nreturn 1");
        assert_eq!(
            parse(b"return 1"),
            Ok((ScriptFlags::default(), b"return 1".as_slice()))
        );
    }

    #[test]
    fn a_bad_first_line_is_answered_as_redis_does() {
        for (script, error) in [
            (
                "#!lua name=foo\n",
                "ERR Unknown lua shebang option: name=foo",
            ),
            (
                "#!lua flags=bad\n",
                "ERR Unexpected flag in script shebang: bad",
            ),
            (
                "#!lua flags=no-writes,\n",
                "ERR Unexpected flag in script shebang: ",
            ),
            (
                "#!python\n",
                "ERR Unexpected engine in script shebang: #!python",
            ),
            ("#! lua\n", "ERR Unexpected engine in script shebang: #!"),
            (
                "#!lua flags=\"no-writes\n",
                "ERR Invalid engine in script shebang",
            ),
            ("#!lua", "ERR Invalid script shebang"),
        ] {
            assert_eq!(parse(script.as_bytes()), Err(error.to_owned()), "{script}");
        }
    }
}
