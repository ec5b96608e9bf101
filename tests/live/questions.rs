//! What FAKEREDIS answers about the past, and that nobody else waits for it.

use std::fs::File;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::command::Question;
use fakeredis::engine::Core;
use fakeredis::engine::Engine;
use fakeredis::engine::Outcome;
use fakeredis::resp::Reply;
use fakeredis::resp::pretty;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;
use redis::Value;

use super::Lab;
use super::field;
use super::run;
use super::run_all;
use super::text;
use crate::support::verified::Recorded;

fn ask(con: &mut super::Door, words: &[&str]) -> Value {
    super::send(con, &[&["FAKEREDIS"], words].concat()).unwrap()
}

fn items(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(items) => items,
        other => panic!("no array: {other:?}"),
    }
}

#[test]
fn records_are_told_with_the_names_that_json_has() {
    Lab::through_both_doors(|lab, door| {
        let mut con = door(lab);
        run_all(
            &mut con,
            &[
                "CLIENT SETNAME shop",
                "SET a 1",
                "HSET b f 1 g 2",
                "DEL a",
                "HSET b f 3",
            ],
        );
        let log = items(ask(&mut con, &["LOG", "COUNT", "2"]));
        let seqs: Vec<String> = log.iter().map(|entry| text(&field(entry, "seq"))).collect();
        assert_eq!(seqs, ["4", "5"]);
        assert_eq!(text(&field(&log[0], "commands")), "[[DEL a]]");
        assert_eq!(text(&field(&log[0], "time")), "2026-08-01T12:00:00.000000Z");
        assert_eq!(text(&field(&field(&log[0], "client"), "name")), "shop");
        let of = |con: &mut _, words: &[&str]| items(ask(con, words)).len();
        assert_eq!(of(&mut con, &["LOG"]), 5);
        assert_eq!(of(&mut con, &["log", "key", "b"]), 2);
        assert_eq!(of(&mut con, &["LOG", "CLIENT", "sh*", "COMMAND", "DEL"]), 1);
        assert_eq!(of(&mut con, &["LOG", "FROM", "2", "TO", "@-1"]), 2);
        let shown = ask(&mut con, &["SHOW", "5"]);
        assert_eq!(text(&field(&shown, "effects")), "[[HSET b f 3]]");
        let change = &items(field(&shown, "changes"))[0];
        let part = &items(field(change, "parts"))[0];
        assert_eq!(text(&field(&field(part, "before"), "value")), "[1]");
        assert_eq!(text(&field(&field(part, "after"), "value")), "[3]");
    });
}

#[test]
fn the_past_answers_commands_that_read() {
    Lab::through_both_doors(|lab, door| {
        let mut con = door(lab);
        run_all(&mut con, &["SET a 1", "SET a 2", "SELECT 3", "SET a 9"]);
        assert_eq!(run(&mut con, "FAKEREDIS AT @ GET a"), "9");
        assert_eq!(run(&mut con, "FAKEREDIS AT 3 GET a"), "nil");
        run(&mut con, "SELECT 0");
        assert_eq!(run(&mut con, "FAKEREDIS AT 2 GET a"), "1");
        assert_eq!(run(&mut con, "FAKEREDIS AT @-1 KEYS *"), "[a]");
        assert!(run(&mut con, "FAKEREDIS AT 2 SET a 5").contains("can't run on the past"));
        assert!(run(&mut con, "FAKEREDIS AT 99 GET a").contains("there is no record 99"));
        assert!(run(&mut con, "FAKEREDIS AT nowhere GET a").contains("is no revision"));
        let digest = run(&mut con, "FAKEREDIS DIGEST");
        assert_eq!(run(&mut con, "FAKEREDIS DIGEST @"), digest);
        assert_ne!(run(&mut con, "FAKEREDIS DIGEST 2"), digest);
    });
}

#[test]
fn keys_have_versions_differences_and_reasons() {
    Lab::through_both_doors(|lab, door| {
        let mut con = door(lab);
        run_all(&mut con, &["SET a 1", "SET a 2", "SET b 1", "DEL a"]);
        let versions = items(ask(&mut con, &["HISTORY", "a"]));
        let seqs: Vec<String> = versions.iter().map(|v| text(&field(v, "seq"))).collect();
        assert_eq!(seqs, ["2", "3", "5"]);
        assert_eq!(text(&field(&field(&versions[1], "after"), "value")), "2");
        assert_eq!(
            items(ask(&mut con, &["HISTORY", "a", "COUNT", "1"])).len(),
            1
        );
        let keys = |answer: Value| {
            items(answer)
                .iter()
                .map(|c| text(&field(c, "key")))
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(ask(&mut con, &["DIFF", "2", "@"])), ["a", "b"]);
        assert_eq!(keys(ask(&mut con, &["DIFF", "2", "@", "b*"])), ["b"]);
        let why = ask(&mut con, &["WHY", "a"]);
        assert_eq!(text(&field(&why, "fate")), "deleted");
        assert_eq!(text(&field(&field(&why, "last"), "seq")), "5");
        let why = ask(&mut con, &["WHY", "3"]);
        let replaced = &items(field(&why, "changes"))[0];
        assert_eq!(
            text(&field(&field(replaced, "last_changed_by"), "seq")),
            "2"
        );
        assert!(run(&mut con, "FAKEREDIS WHY").contains("no EXEC was aborted"));
        let never = ask(&mut con, &["WHY", "KEY", "3"]);
        assert_eq!(text(&field(&never, "fate")), "never_there");
    });
}

#[test]
fn a_wait_has_its_reason() {
    Lab::through_both_doors(|lab, door| {
        lab.fake.set_recording(Recording::Session).unwrap();
        let engine = lab.fake.engine();
        let worker = engine.lock().connect(Address::default());
        let waited = engine.lock().run(worker, &[b"BLPOP", b"jobs", b"5"]);
        assert!(matches!(waited, Outcome::Blocked));
        lab.fake.clock().advance(Duration::from_secs(5));
        engine.lock().expire_now();
        let mut con = door(lab);
        let log = items(ask(&mut con, &["LOG", "COMMAND", "BLPOP"]));
        for record in log {
            let why = ask(&mut con, &["WHY", &text(&field(&record, "seq"))]);
            assert_eq!(text(&field(&why, "wait")), "timed_out");
            assert_eq!(text(&field(&why, "waited_us")), "5000000");
            let awaited = &items(field(&why, "awaited"))[0];
            assert_eq!(text(&field(awaited, "last_changed_by")), "nil");
        }
    });
}

#[test]
fn each_part_of_a_key_has_its_writer() {
    Lab::through_both_doors(|lab, door| {
        let mut con = door(lab);
        run_all(&mut con, &["HSET h f 1 g 1", "HSET h g 2"]);
        let blamed = run(&mut con, "FAKEREDIS BLAME h");
        assert!(
            blamed.contains("f 1 g 1") && blamed.contains("HSET h g 2"),
            "{blamed}"
        );
        assert_eq!(run(&mut con, "FAKEREDIS BLAME other"), "nil");
    });
}

#[test]
fn what_cannot_wait_cannot_ask() {
    Lab::through_both_doors(|lab, door| {
        let mut con = door(lab);
        run(&mut con, "MULTI");
        assert!(run(&mut con, "FAKEREDIS AT @ PING").contains("not allowed inside a transaction"));
        run(&mut con, "DISCARD");
        let script = "return redis.call('FAKEREDIS', 'UNDO')";
        let refused = super::send(&mut con, &["EVAL", script, "0"]).unwrap_err();
        assert!(
            refused.to_string().contains("not allowed from script"),
            "{refused}"
        );
    });
}

#[test]
fn a_fake_without_history_says_how_to_get_it() {
    let lab = Lab::of(FakeRedis::new());
    for mut con in [lab.inside(), lab.outside()] {
        for line in [
            "LOG",
            "SHOW 1",
            "AT @ PING",
            "DIFF 1 2",
            "HISTORY a",
            "WHY",
            "MARK x",
            "REWIND 1",
            "UNDO",
            "REDO 2",
            "DIGEST @",
        ] {
            let answer = run(&mut con, &format!("FAKEREDIS {line}"));
            assert!(answer.contains("--history yes"), "{line}: {answer}");
        }
        assert_eq!(
            run(&mut con, "FAKEREDIS LOG COUNT"),
            run(&mut con, "FAKEREDIS LOG")
        );
    }
    let told = lab.fake.undo(1).unwrap_err().to_string();
    assert!(told.contains("journal_in_memory"), "{told}");
}

#[test]
fn arguments_are_checked() {
    let lab = Lab::new();
    let mut con = lab.inside();
    for line in [
        "LOG COUNT",
        "LOG COUNT x",
        "LOG NONSENSE",
        "SHOW 1 2",
        "DIFF 1",
        "UNDO 0",
        "UNDO -1",
        "UNDO 1 2",
        "WHY a b",
        "HISTORY a COUNT",
        "FIXTURE DROP",
        "MARK",
    ] {
        let answer = run(&mut con, &format!("FAKEREDIS {line}"));
        assert!(answer.starts_with('('), "{line}: {answer}");
    }
    let help = run(&mut con, "FAKEREDIS HELP");
    for word in [
        "AT ",
        "DIFF ",
        "DIGEST ",
        "FIXTURE ",
        "HISTORY ",
        "LOG ",
        "MARK ",
        "REDO ",
        "RESET",
        "RESTORE ",
        "REWIND ",
        "SHOW ",
        "SNAPSHOT ",
        "UNDO ",
        "WHY ",
    ] {
        assert!(help.contains(word), "{word}");
    }
}

/// Finds the answer once somebody else has set the key `go`.
fn when_others_go_on(engine: &Engine, question: &Question) -> Reply {
    while engine.lock().world().keyspace.db(0).get(b"go").is_none() {
        thread::yield_now();
    }
    Reply::Bulk(question.words[0].clone())
}

#[test]
fn others_go_on_while_an_answer_is_found_and_the_connection_keeps_its_order() {
    let lab = Lab::new();
    lab.fake.engine().answer_with(when_others_go_on);
    let mut asking = TcpStream::connect(lab.server.address().unwrap()).unwrap();
    asking.write_all(b"FAKEREDIS LOG\r\nGET go\r\n").unwrap();
    let mut inside = lab.inside();
    let also = thread::spawn(move || run(&mut inside, "FAKEREDIS UNDO"));
    let mut other = lab.outside();
    while !run(&mut other, "INFO clients").contains("blocked_clients:2") {}
    assert_eq!(run(&mut other, "SET go 1"), "OK");
    assert_eq!(also.join().unwrap(), "UNDO");
    let expected = b"$3\r\nLOG\r\n$1\r\n1\r\n";
    let mut received = vec![0; expected.len()];
    asking.read_exact(&mut received).unwrap();
    assert_eq!(received, expected);
}

#[test]
fn an_answer_that_comes_too_late_is_nobodys() {
    let lab = Lab::new();
    lab.fake.engine().answer_with(when_others_go_on);
    let mut asking = lab.inside();
    let id = run(&mut asking, "CLIENT ID");
    let asked = thread::spawn(move || {
        let first = run(&mut asking, "FAKEREDIS LOG");
        (first, run(&mut asking, "FAKEREDIS SHOW 1"))
    });
    let mut other = lab.outside();
    while run(&mut other, &format!("CLIENT UNBLOCK {id}")) != "1" {}
    while !run(&mut other, "INFO clients").contains("blocked_clients:1") {}
    run(&mut other, "SET go 1");
    assert_eq!(asked.join().unwrap(), ("nil".to_owned(), "SHOW".to_owned()));
}

/// Waits for what a connection that asked is answered.
fn answer(fake: &FakeRedis, session: SessionKey) -> Reply {
    loop {
        match fake.engine().batch(|core| core.answer(session)).unwrap() {
            Outcome::Reply(reply, _) => return reply,
            Outcome::Blocked => thread::yield_now(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_last_record_is_that_of_when_the_question_was_asked() {
    let lab = Lab::new();
    let [asking, other] = [(); 2].map(|()| lab.fake.engine().lock().connect(Address::default()));
    // The answer can't be found while somebody has the engine.
    let ask = |words: &str, more: &[&str]| {
        let run = |core: &mut Core, session, line: &str| {
            let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            core.run(session, &argv)
        };
        let turn = |core: &mut Core| {
            assert!(matches!(run(core, asking, words), Outcome::Blocked));
            more.iter().for_each(|line| drop(run(core, other, line)));
        };
        lab.fake.engine().batch(turn).unwrap();
        pretty(&answer(&lab.fake, asking))
    };
    run_all(&mut lab.inside(), &["SET a 1", "FAKEREDIS MARK there"]);
    assert_eq!(ask("FAKEREDIS AT @ GET a", &["SET a 2"]), "\"1\"");
    assert_eq!(ask("FAKEREDIS AT @-1 GET a", &["SET a 3"]), "\"1\"");
    let later = ask("FAKEREDIS AT mark:soon GET a", &["FAKEREDIS SNAPSHOT soon"]);
    assert!(later.contains("mark"), "{later}");
    let log = ask("FAKEREDIS LOG", &["SET a 4"]);
    assert!(log.contains("\"3\"") && !log.contains("\"4\""), "{log}");
    assert_eq!(ask("FAKEREDIS REWIND @", &["SET a 5"]), "(integer) 9");
    assert_eq!(run(&mut lab.inside(), "GET a"), "4");
    // An undo takes back what is there when it comes about.
    ask("FAKEREDIS UNDO", &["SET a 6"]);
    assert_eq!(run(&mut lab.inside(), "GET a"), "4");
}

#[test]
fn whoever_asks_is_told_that_the_answer_failed() {
    let lab = Lab::new();
    lab.fake.engine().answer_with(|_, _| panic!("on purpose"));
    for mut con in [lab.inside(), lab.outside()] {
        let told = run(&mut con, "FAKEREDIS LOG");
        assert!(told.contains("internal fault"), "{told}");
        assert_eq!(run(&mut con, "PING"), "PONG");
    }
}

/// A record that was verified and is damaged since shows only to those who read it.
#[test]
fn what_was_read_of_history_is_not_read_again_for_the_next_question() {
    let dir = Recorded::new();
    let lab = Lab::of(FakeRedis::open(dir.path()).unwrap());
    let mut con = lab.inside();
    run_all(&mut con, &["SET first 1", "SET a 1"]);
    let newest = "FAKEREDIS LOG FROM @-1";
    assert!(run(&mut con, newest).contains("SET a 1"));
    let segment = dir.path().join("seg-00000000000000000001.frj");
    let bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(5).position(|part| part == b"first").unwrap();
    let mut file = File::options().write(true).open(&segment).unwrap();
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(b"F").unwrap();
    run(&mut con, "SET a 2");
    assert!(run(&mut con, newest).contains("SET a 2"));
    assert!(run(&mut con, "FAKEREDIS LOG").contains("damaged"));
    assert_eq!(lab.fake.timeline().unwrap().last_seq(), 4);
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(b"f").unwrap();
}
