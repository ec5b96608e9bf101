//! The server as it is started and stopped: its flags, its files, its log and its exit codes.

// A test fails by panicking.
#![expect(clippy::unwrap_used)]

mod support;

use std::process::Output;

use fakeredis::FakeRedis;
use fakeredis::RecoveryReport;
use redis::Commands;
use support::Running;
use support::run;
use support::verified::Recorded;

/// Opens the journal that a server left behind.
fn report(dir: &Recorded) -> RecoveryReport {
    let opened = FakeRedis::builder().journal(dir.path()).build_with_report();
    opened.unwrap().1.unwrap()
}

fn path(dir: &Recorded, name: &str) -> String {
    dir.path().join(name).to_str().unwrap().to_owned()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Checks that the server did not start, and why.
#[track_caller]
fn refuses(args: &[&str], why: &str) {
    let output = run(args);
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(error.starts_with("fakeredis-server: "), "{error}");
    assert!(error.contains(why), "{error}");
}

#[test]
fn version_reads_as_redis_servers() {
    for flag in ["-v", "--version"] {
        let output = run(&[flag]);
        assert!(output.status.success());
        assert!(out(&output).starts_with("Redis server v=8.2.3 sha="));
    }
}

#[test]
fn history_without_a_directory_is_in_memory() {
    let server = Running::start(&["--history", "yes"]);
    let mut con = server.connect();
    let _: () = con.set("stock", 10).unwrap();
    let _: () = con.set("stock", 7).unwrap();
    let undone = redis::cmd("FAKEREDIS").arg("UNDO").query(&mut con);
    assert_eq!(undone, Ok(4));
    assert_eq!(con.get("stock"), Ok(10));
    refuses(&["--history", "maybe"], "takes yes or no");
}

#[test]
fn help_has_the_options_and_examples() {
    for flag in ["-h", "--help"] {
        let output = run(&[flag]);
        assert!(output.status.success());
        let help = out(&output);
        for word in ["--port-file FILE", "--fixture NAME|FILE", "Examples:"] {
            assert!(help.contains(word), "{word} is not in {help}");
        }
    }
}

#[test]
fn what_it_does_not_understand_it_refuses() {
    refuses(&["--nosuch", "1"], "--nosuch: no such option");
    refuses(&["--port", "many"], "--port: argument couldn't be parsed");
    refuses(&["--seed", "x"], "--seed takes a number, not 'x'");
    refuses(&["--seed"], "--seed takes one value");
    refuses(&["--bind", "here.and.now"], "'here.and.now' is no IP");
    refuses(&["-x"], "'-x' is no option");
    refuses(&["no-such.conf"], "can't read no-such.conf");
    refuses(
        &["--fixture", "nosuch", "--port", "0"],
        "fixture nosuch: no built-in dataset",
    );
}

#[test]
fn a_line_of_redis_conf_that_is_wrong_is_named() {
    let dir = Recorded::new();
    let conf = path(&dir, "redis.conf");
    std::fs::write(&conf, "# fine\n\nnosuch 1\n").unwrap();
    refuses(&[&conf], "line 3");
}

#[test]
fn a_port_that_is_taken_is_refused() {
    let server = Running::start(&[]);
    refuses(
        &["--port", &server.port.to_string()],
        "Address already in use",
    );
}

#[test]
fn the_port_file_names_a_free_port_and_goes_with_the_server() {
    let mut server = Running::start(&[]);
    let pong: String = redis::cmd("PING").query(&mut server.connect()).unwrap();
    assert_eq!(pong, "PONG");
    assert!(server.port_file.exists());
    assert_eq!(server.terminate(), Some(0));
    assert!(!server.port_file.exists());
}

#[test]
fn a_unix_socket_alone_opens_no_port() {
    let dir = Recorded::new();
    let socket = path(&dir, "redis.sock");
    let mut server = Running::spawn(&["--port", "0", "--unixsocket", &socket]);
    server.wait_for(|| std::path::Path::new(&socket).exists());
    let client = redis::Client::open(format!("redis+unix://{socket}")).unwrap();
    let mut con = client.get_connection().unwrap();
    let info: String = redis::cmd("INFO").arg("server").query(&mut con).unwrap();
    assert!(info.contains("tcp_port:0\r\n"), "{info}");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn redis_conf_comes_first_and_flags_win() {
    let dir = Recorded::new();
    let conf = path(&dir, "redis.conf");
    std::fs::write(&conf, "databases 3\nmaxclients 77\nsave \"\"\n").unwrap();
    let server = Running::start_with(&[&conf], &["--maxclients", "78"], None);
    let mut con = server.connect();
    assert_eq!(server.config(&mut con, "databases"), "3");
    assert_eq!(server.config(&mut con, "maxclients"), "78");
}

#[test]
fn a_configuration_comes_from_standard_input() {
    let server = Running::start_with(&[], &["-"], Some("databases 5\n"));
    assert_eq!(server.config(&mut server.connect(), "databases"), "5");
}

#[test]
fn save_takes_nothing_and_pairs() {
    for (values, shown) in [
        (&["--save", ""][..], ""),
        (&["--save", "3600 1 300 100"], "3600 1 300 100"),
        (&["--save", "60", "1000"], "60 1000"),
    ] {
        let server = Running::start(values);
        assert_eq!(server.config(&mut server.connect(), "save"), shown);
    }
}

#[test]
fn daemonize_returns_at_once_and_serves_on() {
    let dir = Recorded::new();
    let pid_file = path(&dir, "redis.pid");
    let args = ["--daemonize", "yes", "--pidfile", &pid_file, "-"];
    let mut server = Running::start_with(&[], &args, Some("databases 5\n"));
    assert_eq!(server.exit_code(), Some(0), "the foreground is done");
    let pid = std::fs::read_to_string(&pid_file).unwrap();
    let mut con = server.connect();
    let info: String = redis::cmd("INFO").arg("server").query(&mut con).unwrap();
    assert!(info.contains(&format!("process_id:{}\r\n", pid.trim())));
    assert_eq!(server.config(&mut con, "databases"), "5");
    support::signal("TERM", pid.trim());
    support::eventually(|| !std::path::Path::new(&pid_file).exists());
}

#[test]
fn a_signal_and_shutdown_close_the_journal_in_good_order() {
    for signal in [Some("TERM"), Some("INT"), None] {
        let dir = Recorded::new();
        let mut server = Running::start(&["--dir", &path(&dir, "")]);
        let _: () = server.connect().set("k", "v").unwrap();
        match signal {
            Some(name) => support::signal(name, &server.id()),
            None => server.shut_down(),
        }
        assert_eq!(server.exit_code(), Some(0), "{signal:?}");
        let report = report(&dir);
        assert!(report.clean && !report.created, "{signal:?}: {report:?}");
    }
}

#[test]
fn a_killed_server_loses_nothing_that_was_answered() {
    let dir = Recorded::new();
    let dir_arg = path(&dir, "");
    let args = ["--dir", &dir_arg, "--appendfsync", "always"];
    let mut server = Running::start(&args);
    let _: () = server.connect().set("k", "v").unwrap();
    support::signal("KILL", &server.id());
    assert_eq!(server.exit_code(), None, "a signal, no code");
    let mut server = Running::start(&args);
    assert_eq!(server.connect().get("k"), Ok("v".to_owned()));
    assert_eq!(server.terminate(), Some(0));
    assert!(server.log().contains("not closed in good order"));
}

#[test]
fn a_password_is_required() {
    let server = Running::start(&["--requirepass", "secret"]);
    let client = redis::Client::open(server.url()).unwrap();
    let mut con = client.get_connection().unwrap();
    let error = con.get::<_, String>("k").unwrap_err();
    assert_eq!(error.code(), Some("NOAUTH"), "{error}");
    let url = format!("redis://:secret@127.0.0.1:{}", server.port);
    let mut con = redis::Client::open(url).unwrap().get_connection().unwrap();
    assert_eq!(con.set("k", "v"), Ok("OK".to_owned()));
}

#[test]
fn a_fixture_is_loaded_only_where_there_are_no_keys() {
    let dir = Recorded::new();
    let dir_arg = path(&dir, "");
    let args = ["--dir", &dir_arg, "--fixture", "inventory"];
    let mut server = Running::start(&args);
    let mut con = server.connect();
    assert_eq!(con.hget("product:product_1", "stock"), Ok(10));
    let _: () = con.hset("product:product_1", "stock", 3).unwrap();
    assert_eq!(server.terminate(), Some(0));

    let mut server = Running::start(&args);
    assert_eq!(
        server.connect().hget("product:product_1", "stock"),
        Ok(3),
        "what happened since stays"
    );
    assert_eq!(server.terminate(), Some(0));
    assert!(server.log().contains("Fixture inventory is not loaded"));
}

#[test]
fn a_second_server_on_the_same_journal_is_refused() {
    let dir = Recorded::new();
    let dir_arg = path(&dir, "");
    let server = Running::start(&["--dir", &dir_arg]);
    let args = ["--dir", &dir_arg, "--port", "0"];
    refuses(&args, &format!("pid={}", server.id()));
    refuses(&args, &dir_arg);
    let pong: String = redis::cmd("PING").query(&mut server.connect()).unwrap();
    assert_eq!(pong, "PONG", "the first is not disturbed");
}

#[test]
fn appendonly_no_keeps_everything_in_memory() {
    let dir = Recorded::new();
    let mut server = Running::start(&["--dir", &path(&dir, ""), "--appendonly", "no"]);
    let _: () = server.connect().set("k", "v").unwrap();
    assert_eq!(server.terminate(), Some(0));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn the_log_goes_to_its_file_as_loud_as_asked() {
    let dir = Recorded::new();
    for (level, notices, warnings) in [
        ("notice", true, true),
        ("warning", false, true),
        ("nothing", false, false),
    ] {
        let file = path(&dir, level);
        // An option that means nothing here is a warning.
        let args = ["--logfile", &file, "--loglevel", level, "--io-threads", "4"];
        let mut server = Running::start(&args);
        assert_eq!(server.terminate(), Some(0));
        assert_eq!(server.log(), "", "nothing on standard output");
        let log = std::fs::read_to_string(&file).unwrap();
        assert_eq!(log.contains("Ready to accept"), notices, "{level}: {log}");
        assert_eq!(log.contains(" # "), warnings, "{level}: {log}");
    }
}

#[test]
fn debug_needs_to_be_enabled() {
    let sleep = || redis::cmd("DEBUG").arg("SLEEP").arg(0).to_owned();
    let server = Running::start(&[]);
    let refused = sleep().query::<String>(&mut server.connect());
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("enable-debug-command"), "{error}");
    let server = Running::start(&["--enable-debug-command", "yes"]);
    let allowed = sleep().query(&mut server.connect());
    assert_eq!(allowed, Ok("OK".to_owned()));
}
