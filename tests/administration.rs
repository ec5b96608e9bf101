//! The connection and server groups: what needs several connections, or a look behind the replies.

use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::command::Config;
use fakeredis::engine::Engine;
use fakeredis::engine::Outcome;
use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::pretty;
use fakeredis::resp::split_quoted;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;

struct Bench {
    engine: Engine,
    clients: Vec<SessionKey>,
}

impl Bench {
    fn new(flags: &[(&str, &str)]) -> Bench {
        let mut config = Config::default();
        for (name, value) in flags {
            config.set_flag(name, &[value]).unwrap();
        }
        let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        let engine = Engine::in_memory(config, clock, 0);
        let address = |port: u16| Address {
            peer: format!("127.0.0.1:{port}"),
            local: "127.0.0.1:6379".into(),
            unix: false,
        };
        let clients = (1..=3)
            .map(|port| engine.lock().connect(address(port)))
            .collect();
        Bench { engine, clients }
    }

    fn reply(&self, client: usize, line: &str) -> Reply {
        let mut argv = Vec::new();
        split_quoted(line.as_bytes(), |arg| argv.push(arg.to_vec())).unwrap();
        let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
        match self.engine.lock().run(self.clients[client], &argv) {
            Outcome::Reply(reply, _) => reply,
            Outcome::Blocked => Reply::simple("(blocked)"),
            Outcome::Closed | Outcome::Cut(_) => Reply::simple("(closed)"),
        }
    }

    fn run(&self, client: usize, line: &str) -> String {
        pretty(&self.reply(client, line))
    }

    /// The text of a verbatim reply.
    fn text(&self, client: usize, line: &str) -> String {
        match self.reply(client, line) {
            Reply::Verbatim(_, text) => String::from_utf8(text.to_vec()).unwrap(),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn pushes(&self, client: usize) -> Vec<Reply> {
        let mut core = self.engine.lock();
        std::mem::take(&mut core.session(self.clients[client]).unwrap().pushes)
    }
}

#[test]
fn without_the_password_only_auth_and_hello_run() {
    let bench = Bench::new(&[("requirepass", "pw")]);
    let noauth = "(error) NOAUTH Authentication required.";
    assert_eq!(bench.run(0, "GET a"), noauth);
    assert_eq!(
        bench.run(0, "GET"),
        "(error) ERR wrong number of arguments for 'get' command"
    );
    assert!(bench.run(0, "HELLO 3 AUTH default x").contains("WRONGPASS"));
    assert!(
        bench
            .run(0, "HELLO 3")
            .contains("NOAUTH HELLO must be called")
    );
    assert_eq!(
        bench.run(0, "EXEC"),
        "(error) EXECABORT Transaction discarded because of: NOAUTH Authentication required."
    );
    assert_eq!(bench.run(0, "AUTH pw"), "OK");
    assert_eq!(bench.run(0, "GET a"), "(nil)");
    assert_eq!(bench.run(0, "RESET"), "RESET");
    assert_eq!(bench.run(0, "GET a"), noauth);
    assert_eq!(bench.run(1, "AUTH default pw"), "OK");
    bench.run(1, "CONFIG SET requirepass ''");
    assert_eq!(
        bench.run(0, "GET a"),
        "(nil)",
        "nobody wants a password any more"
    );
    assert!(
        bench
            .text(1, "INFO errorstats")
            .contains("errorstat_NOAUTH:count=3")
    );
    let stats = bench.text(1, "INFO commandstats");
    assert!(
        stats.contains("cmdstat_get:calls=2,") && stats.contains("rejected_calls=3,"),
        "{stats}"
    );
}

#[test]
fn client_reply_keeps_replies_back() {
    let bench = Bench::new(&[]);
    let replies = |lines: &[&str]| -> Vec<Reply> {
        let replies = lines.iter().map(|line| bench.reply(0, line));
        replies.filter(|reply| *reply != Reply::Silence).collect()
    };
    let echo = |text: &str| Reply::bulk(text);
    assert_eq!(
        replies(&["CLIENT REPLY SKIP", "PING", "ECHO x"]),
        [echo("x")]
    );
    assert_eq!(
        replies(&[
            "CLIENT REPLY OFF",
            "PING",
            "CLIENT REPLY SKIP",
            "FOO",
            "CLIENT REPLY ON",
            "ECHO y"
        ]),
        [Reply::OK, echo("y")]
    );
    assert_eq!(
        replies(&["CLIENT REPLY SKIP", "CLIENT REPLY SKIP", "ECHO z", "ECHO w"]),
        [echo("w")]
    );
    assert_eq!(
        replies(&["CLIENT REPLY OFF", "RESET", "ECHO r"]),
        [Reply::simple("RESET"), echo("r")]
    );
}

#[test]
fn kill_ends_what_the_filter_matches_but_not_oneself() {
    let bench = Bench::new(&[]);
    assert_eq!(
        bench.run(0, "CLIENT KILL TYPE normal ADDR 127.0.0.1:9"),
        "(integer) 0"
    );
    assert_eq!(bench.run(0, "CLIENT KILL 127.0.0.1:2"), "OK");
    assert_eq!(
        bench.run(0, "CLIENT KILL 127.0.0.1:2"),
        "(error) ERR No such client"
    );
    let ids = |text: String| -> Vec<String> {
        text.lines()
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(bench.text(0, "CLIENT LIST")), ["id=1", "id=3"]);
    assert_eq!(bench.run(0, "CLIENT KILL TYPE normal"), "(integer) 1");
    assert_eq!(bench.run(0, "CLIENT KILL SKIPME no ID 1"), "(integer) 1");
}

#[test]
fn hello_chooses_the_protocol_of_its_own_reply() {
    let bench = Bench::new(&[]);
    let mut core = bench.engine.lock();
    match core.run(bench.clients[0], &[b"HELLO", b"3", b"SETNAME", b"me"]) {
        Outcome::Reply(Reply::Map(fields), Protocol::Resp3) => {
            assert_eq!(fields[2], (Reply::bulk("proto"), Reply::Int(3)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn flushing_and_swapping_touch_the_watched_keys_that_exist() {
    let bench = Bench::new(&[]);
    let aborts = |watched: &str, change: &str| {
        bench.run(0, "FLUSHALL");
        bench.run(0, "SET a 1");
        bench.run(0, &format!("WATCH {watched}"));
        bench.run(1, change);
        bench.run(0, "MULTI");
        bench.run(0, "EXEC") == "(nil)"
    };
    assert!(aborts("a", "FLUSHALL") && aborts("a", "FLUSHDB ASYNC") && aborts("a", "SWAPDB 0 1"));
    assert!(!aborts("b", "FLUSHALL") && !aborts("b", "SWAPDB 0 1") && !aborts("a", "SWAPDB 1 2"));
    assert!(!aborts("a", "SWAPDB 0 0"));
    bench.run(0, "FLUSHALL");
    let before = bench.engine.lock().last_seq();
    bench.run(0, "FLUSHALL");
    assert_eq!(bench.engine.lock().last_seq(), before, "nothing to record");
}

#[test]
fn slow_commands_are_logged_without_passwords() {
    let bench = Bench::new(&[("slowlog-log-slower-than", "0"), ("slowlog-max-len", "3")]);
    bench.run(0, "SET a 1");
    bench.run(0, "CONFIG SET requirepass x maxmemory 0");
    bench.run(0, "HELLO 3 AUTH default x SETNAME n");
    bench.run(0, "AUTH x");
    let core = bench.engine.lock();
    let logged = core
        .world()
        .slowlog
        .iter()
        .map(|entry| (entry.id, entry.argv.join(&b' ')));
    let logged: Vec<_> = logged
        .map(|(id, argv)| (id, String::from_utf8(argv).unwrap()))
        .collect();
    assert_eq!(
        logged,
        [
            (3, "AUTH (redacted)".to_owned()),
            (2, "HELLO 3 AUTH (redacted) (redacted) SETNAME n".to_owned()),
            (
                1,
                "CONFIG SET requirepass (redacted) maxmemory 0".to_owned()
            ),
        ]
    );
}

#[test]
fn monitors_see_commands_but_not_administration() {
    let bench = Bench::new(&[]);
    assert_eq!(bench.run(2, "MONITOR"), "OK");
    bench.run(0, "SELECT 3");
    bench.run(0, "SET a \"b\\n\"");
    bench.run(0, "CONFIG GET a");
    bench.run(0, "GET");
    let seen: Vec<_> = bench.pushes(2).iter().map(pretty).collect();
    assert_eq!(
        seen,
        [
            "1700000000.000000 [3 127.0.0.1:1] \"SELECT\" \"3\"",
            "1700000000.000000 [3 127.0.0.1:1] \"SET\" \"a\" \"b\\n\"",
        ]
    );
    bench.run(2, "RESET");
    bench.run(0, "PING");
    assert!(bench.pushes(2).is_empty());
}

#[test]
fn debug_runs_only_where_it_is_allowed() {
    let refused = Bench::new(&[]);
    assert!(
        refused
            .run(0, "DEBUG SLEEP 0")
            .starts_with("(error) ERR DEBUG command not allowed.")
    );
    let bench = Bench::new(&[("enable-debug-command", "local")]);
    assert_eq!(bench.run(0, "DEBUG DIGEST"), "0".repeat(40));
    assert_eq!(bench.run(0, "DEBUG POPULATE 2 p 10"), "OK");
    assert_eq!(bench.run(0, "GET p:1"), "\"value:1\\x00\\x00\\x00\"");
    assert_ne!(bench.run(0, "DEBUG DIGEST"), "0".repeat(40));
    assert!(
        bench
            .run(0, "DEBUG SEGFAULT")
            .starts_with("(error) ERR unknown subcommand or wrong number")
    );
    assert_eq!(bench.run(0, "DEBUG ERROR \"MY way\""), "(error) MY way");
}

#[test]
fn config_set_reaches_what_it_configures() {
    let bench = Bench::new(&[]);
    assert!(
        bench
            .run(0, "CONFIG SET maxmemory 1mb timeout x")
            .contains("'timeout'")
    );
    assert_eq!(
        bench.run(0, "CONFIG GET maxmemory"),
        "1# \"maxmemory\" => \"0\""
    );
    assert_eq!(
        bench.run(0, "CONFIG SET maxmemory"),
        "(error) ERR wrong number of arguments for 'config|set' command"
    );
    assert_eq!(
        bench.run(0, "CONFIG SET maxmemory 1 x"),
        "(error) ERR syntax error"
    );
    assert_eq!(bench.run(0, "CONFIG SET maxmemory 1mb"), "OK");
    assert!(
        bench
            .text(0, "INFO memory")
            .contains("\r\nmaxmemory:1048576\r\nmaxmemory_human:1.00M\r\n")
    );
}

#[test]
fn info_shows_the_sections_that_are_asked_for() {
    let bench = Bench::new(&[]);
    bench.run(0, "SET a 1");
    let titles = |line: &str| -> Vec<String> {
        let text = bench.text(0, line);
        text.lines()
            .filter_map(|line| line.strip_prefix("# "))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        titles("INFO keyspace SERVER nosuch"),
        ["Server", "Keyspace"]
    );
    assert_eq!(bench.text(0, "INFO nosuch"), "");
    assert_eq!(
        bench.text(0, "INFO keyspace"),
        "# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0,subexpiry=0\r\n"
    );
    assert_eq!((titles("INFO").len(), titles("INFO all").len()), (12, 14));
    assert!(
        bench
            .text(0, "INFO stats")
            .contains("total_commands_processed:6\r\n")
    );
}

#[test]
fn command_list_has_subcommands_and_command_count_has_not() {
    let bench = Bench::new(&[]);
    let Reply::Array(names) = bench.reply(0, "COMMAND LIST") else {
        panic!("a list")
    };
    let is_subcommand = |name: &Reply| pretty(name).contains('|');
    let top_level = names.iter().filter(|name| !is_subcommand(name)).count();
    assert_eq!(
        bench.reply(0, "COMMAND COUNT"),
        Reply::Int(top_level as i64)
    );
    assert!(names.contains(&Reply::bulk("config|get")));
}
