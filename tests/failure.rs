//! What clients see when the journal's disk fails: an error, the last state that was written, and no more writes.

use std::io::ErrorKind;
use std::path::Path;

use fakeredis::Clock;
use fakeredis::Config;
use fakeredis::Fsync;
use fakeredis::commit::CommandList;
use fakeredis::engine::Engine;
use fakeredis::engine::JournalOptions;
use fakeredis::engine::Outcome;
use fakeredis::journal::JournalError;
use fakeredis::resp::Reply;
use fakeredis::resp::pretty;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;

use crate::journal::disk::Luck;
use crate::journal::disk::Plan;
use crate::journal::disk::SimDisk;

fn open(disk: &SimDisk) -> Engine {
    open_limited(disk, usize::MAX)
}

/// With records of at most so many bytes.
fn open_limited(disk: &SimDisk, max_payload: usize) -> Engine {
    let mut options = JournalOptions::new(Path::new("simulated"));
    options.journal.fsync = Fsync::Always;
    options.journal.max_payload = max_payload;
    let opened = Engine::open_on(
        disk.storage(),
        &options,
        Config::default(),
        Clock::system(),
        0,
    );
    opened.unwrap().0
}

/// A request as a front door makes it: the reply, or the error that stands for all of the turn.
fn run(engine: &Engine, session: SessionKey, line: &str) -> String {
    let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    match engine.requests(|turn| turn.run(Some(session), &argv)) {
        Ok(Outcome::Reply(reply, _)) => pretty(&reply),
        Ok(Outcome::Blocked) => "blocked".to_owned(),
        Ok(Outcome::Closed | Outcome::Cut(_)) => "closed".to_owned(),
        Err(error) => pretty(&Reply::Error(format!("MISCONF {error}").into())),
    }
}

/// The write fails, or the sync does; each is one operation of the disk.
#[test]
fn a_failed_write_is_undone_and_writes_are_refused_from_then_on() {
    for failing in 1..=2 {
        let disk = SimDisk::empty();
        let engine = open(&disk);
        let session = engine.lock().connect(Address::default());
        assert_eq!(run(&engine, session, "SET kept 1"), "OK");
        assert_eq!(run(&engine, session, "WATCH kept"), "OK");

        disk.set_plan(Plan::Once(
            disk.operations() + failing,
            ErrorKind::StorageFull,
        ));
        let refused = run(&engine, session, "SET lost 1");
        assert!(
            refused.starts_with("(error) MISCONF"),
            "operation {failing}: {refused}"
        );
        assert_eq!(
            run(&engine, session, "GET lost"),
            "(nil)",
            "its effect is gone"
        );
        assert_eq!(
            run(&engine, session, "GET kept"),
            "\"1\"",
            "reads still work"
        );
        for line in ["SET more 1", "INCR kept", "FLUSHALL"] {
            let refused = run(&engine, session, line);
            assert!(refused.starts_with("(error) MISCONF"), "{line}: {refused}");
        }
        assert_eq!(run(&engine, session, "DBSIZE"), "(integer) 1");
        drop(engine);

        let engine = open(&disk);
        let session = engine.lock().connect(Address::default());
        assert_eq!(run(&engine, session, "GET kept"), "\"1\"");
        assert_eq!(run(&engine, session, "SET more 1"), "OK");
    }
}

/// Whatever was read of it: memory went back, and nobody knows which copies are still right.
#[test]
fn who_tracks_drops_all_copies_when_memory_goes_back_and_when_it_is_healed() {
    let disk = SimDisk::empty();
    let engine = open(&disk);
    let [writer, tracker] = [(); 2].map(|()| engine.lock().connect(Address::default()));
    run(&engine, tracker, "HELLO 3");
    run(&engine, tracker, "CLIENT TRACKING ON");
    let told = || {
        let mut core = engine.lock();
        let pushes = std::mem::take(&mut core.session(tracker).unwrap().pushes);
        pushes.iter().map(pretty).collect::<Vec<_>>()
    };
    let all = pretty(&Reply::Push(vec![Reply::bulk("invalidate"), Reply::Null]));
    disk.set_plan(Plan::From(disk.operations() + 1, ErrorKind::Other));
    run(&engine, writer, "SET lost 1");
    assert_eq!(told(), [&*all]);
    disk.set_plan(Plan::Never);
    assert_eq!(run(&engine, writer, "FAKEREDIS JOURNAL HEAL"), "OK");
    assert_eq!(told(), [&*all]);
}

/// Only when it is asked to does the fake write again: what was acknowledged is there, what was not is not.
#[test]
fn a_mended_disk_is_healed_on_request() {
    for by_command in [true, false] {
        for failing in 1..=2 {
            let disk = SimDisk::empty();
            let engine = open(&disk);
            let session = engine.lock().connect(Address::default());
            assert_eq!(run(&engine, session, "SET kept 1"), "OK");
            disk.set_plan(Plan::From(disk.operations() + failing, ErrorKind::Other));
            run(&engine, session, "SET lost 1");
            let why = run(&engine, session, "INFO persistence");
            assert!(why.contains("journal_write_error:cannot "), "{why}");
            let still = run(&engine, session, "FAKEREDIS JOURNAL HEAL");
            assert!(still.starts_with("(error) MISCONF cannot "), "{still}");
            let refused = run(&engine, session, "SET more 1");
            assert!(refused.starts_with("(error) MISCONF"), "{refused}");

            disk.set_plan(Plan::Never);
            match by_command {
                true => assert_eq!(run(&engine, session, "FAKEREDIS JOURNAL HEAL"), "OK"),
                false => engine.lock().heal().unwrap(),
            }
            assert_eq!(
                run(&engine, session, "MGET kept lost"),
                "1) \"1\"\n2) (nil)"
            );
            assert_eq!(run(&engine, session, "INCR kept"), "(integer) 2");
            let why = run(&engine, session, "INFO persistence");
            assert!(!why.contains("journal_write_error"), "{why}");
            drop(engine);

            let engine = open(&SimDisk::new(
                &disk.after_power_failure(&mut Luck::None),
                Plan::Never,
                0,
            ));
            let session = engine.lock().connect(Address::default());
            assert_eq!(
                run(&engine, session, "MGET kept lost"),
                "1) \"2\"\n2) (nil)"
            );
        }
    }
}

/// A request that waits for its record while the journal fails and is healed: its number may be another's by then.
#[test]
fn a_record_that_was_given_up_is_not_taken_for_the_next_of_its_number() {
    let disk = SimDisk::empty();
    let engine = open(&disk);
    let [late, other] = [(); 2].map(|()| engine.lock().connect(Address::default()));
    assert_eq!(run(&engine, other, "SET kept 1"), "OK");
    let mut turn = engine.turn();
    let answered = turn.run(Some(late), &[b"SET", b"lost", b"1"]);
    assert!(matches!(answered, Outcome::Reply(Reply::Simple(_), _)));
    let record = turn.last_record();
    drop(turn);

    disk.set_plan(Plan::Once(disk.operations() + 1, ErrorKind::StorageFull));
    let refused = run(&engine, other, "SET more 1");
    assert!(refused.starts_with("(error) MISCONF"), "{refused}");
    assert_eq!(run(&engine, other, "FAKEREDIS JOURNAL HEAL"), "OK");
    let numbered = engine.lock().last_seq();
    assert_eq!(run(&engine, other, "SET next 1"), "OK");
    assert_eq!(engine.lock().last_seq(), numbered + 1);
    assert!(matches!(engine.settle(record), Err(JournalError::Lost)));
    assert_eq!(
        run(&engine, other, "MGET kept lost next"),
        "1) \"1\"\n2) (nil)\n3) \"1\""
    );
}

/// The journal may be healed before anybody noticed that it failed: by then the data holds what was lost.
#[test]
fn who_heals_first_makes_the_data_what_the_journal_says() {
    let disk = SimDisk::empty();
    let engine = open(&disk);
    let session = engine.lock().connect(Address::default());
    assert_eq!(run(&engine, session, "SET kept 1"), "OK");
    let mut turn = engine.turn();
    turn.run(Some(session), &[b"SET", b"lost", b"1"]);
    let lost = turn.last_record();
    disk.set_plan(Plan::Once(disk.operations() + 1, ErrorKind::StorageFull));
    let journal = engine.journal().unwrap();
    assert!(journal.sync().is_err());
    let healed = turn.run(Some(session), &[b"FAKEREDIS", b"JOURNAL", b"HEAL"]);
    assert!(matches!(healed, Outcome::Reply(Reply::Simple(_), _)));
    drop(turn);
    assert_eq!(run(&engine, session, "EXISTS kept lost"), "(integer) 1");
    assert_eq!(run(&engine, session, "SET next 1"), "OK");
    assert!(matches!(engine.settle(lost), Err(JournalError::Lost)));
}

#[test]
fn there_is_nothing_to_heal_where_nothing_failed() {
    let engine = open(&SimDisk::empty());
    let session = engine.lock().connect(Address::default());
    assert_eq!(run(&engine, session, "FAKEREDIS JOURNAL HEAL"), "OK");
    let status = run(&engine, session, "FAKEREDIS JOURNAL STATUS");
    assert!(
        status.contains("\"durable_record\" => (integer) 1"),
        "{status}"
    );
    let refused = run(&engine, session, "FAKEREDIS JOURNAL MEND");
    assert_eq!(refused, "(error) ERR syntax error");
}

/// What a command before the failed one of the same turn did is not acknowledged either.
#[test]
fn a_batch_fails_as_a_whole() {
    let disk = SimDisk::empty();
    let engine = open(&disk);
    let session = engine.lock().connect(Address::default());
    disk.set_plan(Plan::Once(disk.operations() + 1, ErrorKind::Other));
    let batch = engine.requests(|turn| {
        turn.run(Some(session), &[b"SET", b"a", b"1"]);
        turn.run(Some(session), &[b"SET", b"b", b"1"]);
    });
    assert!(batch.is_err());
    assert_eq!(run(&engine, session, "EXISTS a b"), "(integer) 0");
}

/// Whoever was served by a record that is lost was not served, and is told so.
#[test]
fn who_was_served_in_vain_learns_it() {
    for failing in 1..=2 {
        let disk = SimDisk::empty();
        let engine = open(&disk);
        let [waiting, pushing] = [0, 1].map(|_| engine.lock().connect(Address::default()));
        assert_eq!(run(&engine, waiting, "BLPOP jobs 0"), "blocked");
        disk.set_plan(Plan::Once(disk.operations() + failing, ErrorKind::Other));
        let refused = run(&engine, pushing, "RPUSH jobs a b");
        assert!(refused.starts_with("(error) MISCONF"), "{refused}");
        match engine.lock().answer(waiting) {
            Outcome::Reply(Reply::Error(text), _) => assert!(text.starts_with("MISCONF"), "{text}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(run(&engine, waiting, "EXISTS jobs"), "(integer) 0");
    }
}

/// A dataset is a unit too: one that can't be recorded leaves nothing, and one that changes nothing no record.
#[test]
fn a_dataset_is_recorded_or_leaves_nothing() {
    let disk = SimDisk::empty();
    let engine = open(&disk);
    let before = engine.lock().last_seq();
    let mut refused = CommandList::new();
    refused.push(&[b"INCR", b"a".as_slice(), b"b"]);
    assert!(
        engine
            .batch(|core| core.load(0, &refused))
            .unwrap()
            .is_err()
    );
    assert_eq!(engine.lock().last_seq(), before);

    let mut dataset = CommandList::new();
    dataset.push(&[b"SET", b"a".as_slice(), b"1"]);
    disk.set_plan(Plan::Once(disk.operations() + 1, ErrorKind::Other));
    assert!(
        engine.batch(|core| core.load(0, &dataset)).is_err(),
        "the disk fails"
    );
    assert!(
        engine
            .batch(|core| core.load(0, &dataset))
            .unwrap()
            .is_err(),
        "and is refused"
    );
    assert!(engine.lock().world().keyspace.used().next().is_none());
}

/// What can be no record is refused before it runs: a request, a transaction, a script, a dataset.
#[test]
fn what_is_too_large_for_a_record_does_not_run() {
    let disk = SimDisk::empty();
    let engine = open_limited(&disk, 1000);
    let [session, other] = [(); 2].map(|()| engine.lock().connect(Address::default()));
    assert_eq!(run(&engine, session, "SET kept 1"), "OK");
    let before = engine.lock().last_seq();
    let operations = disk.operations();
    let (half, whole) = ("x".repeat(600), "x".repeat(1000));
    for line in [
        format!("SET kept {whole}"),
        format!("MSET kept {half} b {half}"),
        format!("EVAL return 0 {whole}"),
        format!("EVAL_RO return 0 {whole}"),
        format!("SCRIPT LOAD --{whole}"),
        format!("CONFIG SET requirepass {whole}"),
        format!("ACL SETUSER default >{whole}"),
    ] {
        let refused = run(&engine, session, &line);
        assert!(refused.ends_with("can be: 1000 bytes"), "{refused}");
    }
    assert_eq!(
        run(&engine, session, &format!("ECHO {whole}")).len(),
        whole.len() + 2
    );
    assert_eq!(run(&engine, session, "MULTI"), "OK");
    assert_eq!(run(&engine, session, "INCR kept"), "QUEUED");
    let set = format!("SET b {half}");
    assert_eq!(run(&engine, session, &set), "QUEUED");
    let refused = run(&engine, session, &set);
    assert!(refused.ends_with("can be: 1000 bytes"), "{refused}");
    let aborted = run(&engine, session, "EXEC");
    assert!(aborted.starts_with("(error) EXECABORT"), "{aborted}");
    let mut dataset = CommandList::new();
    dataset.push(&[b"SET", b"kept".as_slice(), whole.as_bytes()]);
    assert!(
        engine
            .batch(|core| core.load(0, &dataset))
            .unwrap()
            .is_err()
    );

    assert_eq!(engine.lock().last_seq(), before, "there is no record of it");
    assert_eq!(
        disk.operations(),
        operations,
        "nor was the journal asked, or read"
    );
    assert_eq!(run(&engine, other, "INCR kept"), "(integer) 2");
    assert_eq!(run(&engine, other, "DBSIZE"), "(integer) 1");
    drop(engine);
    let engine = open(&disk);
    let session = engine.lock().connect(Address::default());
    assert_eq!(run(&engine, session, "GET kept"), "\"2\"");
    assert_eq!(run(&engine, session, "DBSIZE"), "(integer) 1");
}

/// What grows too large only while it runs is undone, and hurts nobody else.
#[test]
fn what_grows_too_large_is_undone() {
    let disk = SimDisk::empty();
    let engine = open_limited(&disk, 1000);
    let [session, other] = [(); 2].map(|()| engine.lock().connect(Address::default()));
    assert_eq!(run(&engine, other, "SET kept 1"), "OK");
    let script = "for i=1,99 do redis.call('SET','kept',string.rep('x',100)) end";
    let argv = [b"EVAL".as_slice(), script.as_bytes(), b"0"];
    let refused = engine.requests(|turn| turn.run(Some(session), &argv));
    match refused.unwrap() {
        Outcome::Reply(Reply::Error(text), _) => {
            assert_eq!(text, "MISCONF the record is larger than 1000 bytes");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(run(&engine, other, "INCR kept"), "(integer) 2");
    drop(engine);
    let engine = open(&disk);
    let session = engine.lock().connect(Address::default());
    assert_eq!(run(&engine, session, "GET kept"), "\"2\"");
}
