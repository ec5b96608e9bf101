//! Plays the transcripts whose scripts need no more than a few commands, on an interpreter with a fake host.

use std::collections::BTreeMap;

use super::Host;
use super::Interpreter;
use super::sha1_hex;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::resp::decode_reply;
use crate::resp::encode;
use crate::resp::pretty;
use crate::resp::split_quoted;

/// A handful of commands, and a memory of what scripts asked for.
#[derive(Default)]
pub(super) struct FakeHost {
    strings: BTreeMap<Vec<u8>, Vec<u8>>,
    log: Vec<(i64, Vec<u8>)>,
    looks: u32,
    stop_after: Option<u32>,
    replication: Option<i64>,
    protocol: Protocol,
}

impl Host for FakeHost {
    fn call(&mut self, protocol: Protocol, argv: &[&[u8]]) -> Reply {
        self.protocol = protocol;
        let name = argv[0].to_ascii_uppercase();
        match (name.as_slice(), &argv[1..]) {
            (b"PING", []) => Reply::simple("PONG"),
            (b"ECHO", [text]) => Reply::bulk(*text),
            (b"SET", [key, value]) => {
                self.strings.insert(key.to_vec(), value.to_vec());
                Reply::OK
            }
            (b"GET", [key]) => self
                .strings
                .get(*key)
                .map_or(Reply::Null, |text| Reply::bulk(text.as_slice())),
            (b"SAMPLE", []) => sample(),
            (b"SET" | b"GET" | b"ECHO", _) => {
                Reply::Error("ERR Wrong number of args calling Redis command from script".into())
            }
            _ => Reply::Error("ERR Unknown Redis command called from script".into()),
        }
    }

    fn log(&mut self, level: i64, message: &[u8]) {
        self.log.push((level, message.to_vec()));
    }

    fn random(&mut self) -> u64 {
        0x1234_5678_9ABC_DEF0
    }

    fn set_replication(&mut self, flags: i64) {
        self.replication = Some(flags);
    }

    fn may_run(&mut self, argv: &[&[u8]]) -> Option<bool> {
        match argv[0] {
            b"get" => Some(true),
            b"set" => Some(false),
            _ => None,
        }
    }

    fn interrupted(&mut self) -> Option<String> {
        self.looks += 1;
        let stop = self.stop_after.is_some_and(|looks| self.looks > looks);
        stop.then(|| "ERR Script killed by user with SCRIPT KILL.".to_owned())
    }
}

/// One reply of each kind.
fn sample() -> Reply {
    Reply::Array(vec![
        Reply::Map(vec![(Reply::bulk(b"f"), Reply::Int(1))]),
        Reply::Set(vec![Reply::bulk(b"m")]),
        Reply::Double(1.5),
        Reply::Bool(true),
        Reply::BigNumber(b"12345678901234567890".into()),
        Reply::Verbatim(*b"mkd", b"text".into()),
        Reply::NullArray,
    ])
}

pub(super) fn eval(
    interpreter: &mut Interpreter,
    script: &[u8],
    keys: &[&[u8]],
    args: &[&[u8]],
    host: &mut FakeHost,
) -> Reply {
    let sha = sha1_hex(script);
    match interpreter.load(&sha, script) {
        Ok(_) => interpreter.run(&sha, keys, args, host),
        Err(error) => Reply::Error(error.into()),
    }
}

/// The reply of `script` alone.
fn answer(script: &str, host: &mut FakeHost) -> Reply {
    eval(&mut Interpreter::new(), script.as_bytes(), &[], &[], host)
}

/// What a RESP2 client gets of `reply`.
pub(super) fn lowered(reply: &Reply) -> Reply {
    let mut bytes = Vec::new();
    encode(reply, Protocol::Resp2, &mut bytes);
    let (reply, _) = decode_reply(&bytes).unwrap().unwrap();
    reply
}

/// A script of a transcript, and its expected reply.
struct Entry {
    line: String,
    script: Vec<u8>,
    reply: String,
}

/// The sections of a transcript that consists of `EVAL script 0`.
fn sections(transcript: &str) -> Vec<Vec<Entry>> {
    let mut sections = Vec::new();
    for line in transcript.lines() {
        if line.starts_with("## ") {
            sections.push(Vec::new());
        }
        let Some(entries) = sections.last_mut() else {
            continue;
        };
        if let Some(command) = line.strip_prefix("> ") {
            let mut argv = Vec::new();
            split_quoted(command.as_bytes(), |arg| argv.push(arg.to_vec())).unwrap();
            assert!(argv[0] == b"EVAL" && argv[2] == b"0", "{line}");
            entries.push(Entry {
                line: line.to_owned(),
                script: argv.swap_remove(1),
                reply: String::new(),
            });
        } else if let Some(entry) = entries.last_mut()
            && !line.is_empty()
        {
            entry.reply += line;
            entry.reply.push('\n');
        }
    }
    sections
}

/// Plays a transcript; the number of scripts.
fn play(transcript: &str) -> usize {
    let mut differences = String::new();
    let mut count = 0;
    for section in sections(transcript) {
        let mut interpreter = Interpreter::new();
        let mut host = FakeHost::default();
        for Entry {
            line,
            script,
            reply,
        } in section
        {
            let got = pretty(&lowered(&eval(
                &mut interpreter,
                &script,
                &[],
                &[],
                &mut host,
            ))) + "\n";
            // An empty status is printed as nothing at all.
            if got != reply && got.trim_end() != reply {
                differences += &format!("{line}\nexpected {reply}got      {got}\n");
            }
            count += 1;
        }
    }
    assert!(differences.is_empty(), "{differences}");
    count
}

#[test]
fn scripts_see_the_world_that_redis_shows_them() {
    assert!(play(include_str!("../../../tests/transcripts/lua.txt")) > 250);
    assert!(play(include_str!("../../../tests/transcripts/lua_libraries.txt")) > 100);
}

#[test]
fn keys_and_arguments_arrive_byte_for_byte() {
    let reply = eval(
        &mut Interpreter::new(),
        b"return {KEYS[1], ARGV[1], #KEYS, #ARGV}",
        &[b"k\x00\xff"],
        &[b"", b"\r\n"],
        &mut FakeHost::default(),
    );
    let (key, empty) = (Reply::bulk(b"k\x00\xff"), Reply::bulk(b""));
    assert_eq!(
        reply,
        Reply::Array(vec![key, empty, Reply::Int(1), Reply::Int(2)])
    );
}

#[test]
fn replies_keep_their_resp3_kind_only_for_scripts_that_ask() {
    let mut host = FakeHost::default();
    let reply = answer("return redis.call('SAMPLE')", &mut host);
    let expected = "1) 1) \"f\"\n   2) (integer) 1\n2) 1) \"m\"\n3) \"1.5\"\n4) (integer) 1\n\
                    5) \"12345678901234567890\"\n6) \"text\"\n7) (nil)";
    assert_eq!(pretty(&reply), expected);
    assert_eq!(host.protocol, Protocol::Resp2);

    let reply = answer("redis.setresp(3) return redis.call('SAMPLE')", &mut host);
    let Reply::Array(mut kinds) = sample() else {
        unreachable!("the sample is an array");
    };
    kinds.pop(); // null is nil here, which ends an array
    assert_eq!(reply, Reply::Array(kinds));
    assert_eq!(host.protocol, Protocol::Resp3);
}

#[test]
fn the_host_hears_of_logs_replication_and_permissions() {
    let mut host = FakeHost::default();
    let script = "redis.log(redis.LOG_WARNING, 'a', {}, 5) redis.set_repl(redis.REPL_AOF)
        return {redis.acl_check_cmd('get', 'k'), redis.acl_check_cmd('set', 'k', 'v')}";
    assert_eq!(
        pretty(&answer(script, &mut host)),
        "1) (integer) 1\n2) (nil)"
    );
    assert_eq!(host.log, [(3, b"a 5".to_vec())]);
    assert_eq!(host.replication, Some(1));
    let reply = answer("redis.acl_check_cmd('nope')", &mut host);
    assert!(pretty(&reply).contains("Invalid command passed to redis.acl_check_cmd()"));
}

#[test]
fn a_script_that_is_stopped_can_not_go_on() {
    let forever = "while true do end";
    let catching = "while true do pcall(function() while true do end end) end";
    let swallowing = "pcall(function() while true do end end) return 'done'";
    let elsewhere =
        "local co = coroutine.wrap(function() while true do end end) pcall(co) return 1";
    let mut interpreter = Interpreter::new();
    for script in [forever, catching, swallowing, elsewhere] {
        let mut host = FakeHost {
            stop_after: Some(2),
            ..FakeHost::default()
        };
        let reply = eval(&mut interpreter, script.as_bytes(), &[], &[], &mut host);
        let text = pretty(&reply);
        assert!(
            text.starts_with("(error) ERR Script killed by user with SCRIPT KILL."),
            "{text}"
        );
        // The next script is not concerned.
        let reply = eval(
            &mut interpreter,
            b"return 1",
            &[],
            &[],
            &mut FakeHost::default(),
        );
        assert_eq!(reply, Reply::Int(1));
    }
}

#[test]
fn what_a_script_does_follows_from_its_input_alone() {
    let script = b"local t, f = {}, function() end
        return {tostring(t), tostring(f), tostring(t), tostring(math.random()), math.random(1000),
            collectgarbage('count'), gcinfo(), os.clock() < os.clock(), #redis, cjson.encode(1 / 3)}";
    let first = eval(
        &mut Interpreter::new(),
        script,
        &[],
        &[],
        &mut FakeHost::default(),
    );
    let mut interpreter = Interpreter::new();
    for other in [
        "table.insert(redis, 1)",
        "cjson.encode_number_precision(3)",
        "return tostring({})",
        "math.randomseed(7)",
        "local t = {} for i = 1, 1e5 do t[i] = {} end",
    ] {
        eval(
            &mut interpreter,
            other.as_bytes(),
            &[],
            &[],
            &mut FakeHost::default(),
        );
    }
    let later = eval(&mut interpreter, script, &[], &[], &mut FakeHost::default());
    assert_eq!(first, later);
}

#[test]
fn scripts_are_kept_until_they_are_dropped() {
    let (mut interpreter, mut host) = (Interpreter::new(), FakeHost::default());
    let sha = sha1_hex(b"return 1");
    assert_eq!(sha, "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
    let missing = interpreter.run(&sha, &[], &[], &mut host);
    assert!(pretty(&missing).starts_with("(error) NOSCRIPT "));
    interpreter.load(&sha, b"return 1").unwrap();
    assert_eq!(interpreter.run(&sha, &[], &[], &mut host), Reply::Int(1));
    interpreter.forget(&sha);
    assert!(!interpreter.contains(&sha));
}

#[test]
fn results_nested_too_deep_end_in_an_error() {
    let reply = answer("local t = {} t[1] = t return t", &mut FakeHost::default());
    assert!(pretty(&reply).ends_with("(error) ERR reached lua stack limit"));
}

#[test]
fn an_interpreter_moves_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Interpreter>();
}
