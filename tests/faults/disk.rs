//! A disk that fails on demand: what the code of users meets, and how a journal is healed.

use fakeredis::FakeRedis;
use fakeredis::Fault;
use fakeredis::Fsync;
use redis::Commands;
use redis::ConnectionLike;

use super::told;
use crate::support::verified::Recorded;

fn fails_and_heals<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
    (fault, reason): (Fault, &str),
) {
    let mut con = connect();
    let _: () = con.set("kept", 1).unwrap();
    let fault = fake.inject(fault.times(1)).unwrap();
    assert_eq!(con.get("kept"), Ok(1), "a read needs no disk");
    assert_eq!(fault.hits(), 0);
    let refused = con.set::<_, _, ()>("lost", 1).unwrap_err();
    assert_eq!(refused.code(), Some("MISCONF"));
    assert!(refused.to_string().contains(reason), "{refused}");
    assert_eq!(fault.hits(), 1);
    // Nobody sees what was not recorded; reads go on, writes are refused.
    let mut other = connect();
    assert_eq!(other.mget(&["kept", "lost"]), Ok((Some(1), None::<i64>)));
    assert_eq!(
        other.set::<_, _, ()>("k", 1).unwrap_err().code(),
        Some("MISCONF")
    );
    assert!(told(&mut other, "INFO persistence").contains("journal_write_error"));
    assert_eq!(told(&mut other, "FAKEREDIS JOURNAL HEAL"), "OK");
    assert_eq!(other.set("after", 2), Ok(()));
}

#[test]
fn a_full_or_broken_disk_refuses_writes_until_it_is_healed() {
    let kinds = || {
        [
            (Fault::disk_full(), "No space left on device"),
            (Fault::disk_error(), "Input/output error"),
        ]
    };
    for fsync in [Fsync::Always, Fsync::EverySec, Fsync::No] {
        for kind in kinds() {
            let dir = Recorded::new();
            let builder = FakeRedis::builder().journal(dir.path()).fsync(fsync);
            let fake = builder.build().unwrap();
            fails_and_heals(&fake, &|| fake.connection(), kind.clone());
            let server = fake.serve("127.0.0.1:0").unwrap();
            let client = redis::Client::open(server.url()).unwrap();
            let _: () = fake.connection().del("lost").unwrap();
            fails_and_heals(&fake, &|| client.get_connection().unwrap(), kind);
            server.stop();
            fake.close().unwrap();
            drop(fake);
            let fake = FakeRedis::open(dir.path()).unwrap();
            let mut con = fake.connection();
            assert_eq!(
                con.mget(&["kept", "lost", "after"]),
                Ok((1, None::<i64>, 2))
            );
        }
    }
}

#[test]
fn a_disk_can_fail_the_nth_time_and_for_one_key() {
    let dir = Recorded::new();
    let fake = FakeRedis::open(dir.path()).unwrap();
    let mut con = fake.connection();
    let fault = Fault::disk_full().on_key("order:*").after(2).times(1);
    let _fault = fake.inject(fault).unwrap();
    for number in 0..2 {
        assert_eq!(con.set("order:1", number), Ok(()));
        assert_eq!(con.set("other", number), Ok(()));
    }
    assert!(con.set::<_, _, ()>("order:1", 2).is_err());
    assert_eq!(con.get("order:1"), Ok(1));
    fake.heal().unwrap();
    assert_eq!(con.set("order:1", 3), Ok(()));
}

#[test]
fn a_disk_without_a_journal_cannot_fail() {
    let fake = FakeRedis::new();
    let error = fake.inject(Fault::disk_full()).unwrap_err();
    assert!(error.to_string().contains("no journal"), "{error}");
}

#[test]
fn a_disk_that_stays_full_is_healed_only_when_there_is_space() {
    let fake = FakeRedis::builder().journal_in_memory().build().unwrap();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut con = client.get_connection().unwrap();
    let _: () = con.set("kept", 1).unwrap();
    let full = fake.inject(Fault::disk_full().lasting()).unwrap();
    for _ in 0..2 {
        let refused = con.set::<_, _, ()>("lost", 1).unwrap_err();
        assert_eq!(refused.code(), Some("MISCONF"));
        let told = told(&mut con, "FAKEREDIS JOURNAL HEAL");
        assert!(told.contains("No space left on device"), "{told}");
        assert!(fake.heal().is_err());
    }
    assert_eq!(con.get("kept"), Ok(1), "reads go on");
    drop(full);
    assert_eq!(told(&mut con, "FAKEREDIS JOURNAL HEAL"), "OK");
    assert_eq!(con.set("kept", 2), Ok(()));

    told(&mut con, "FAKEREDIS FAULT ADD TIMES 1 DISK EIO LASTING");
    assert!(con.set::<_, _, ()>("lost", 1).is_err());
    let still = told(&mut con, "FAKEREDIS JOURNAL HEAL");
    assert!(still.contains("Input/output error"), "{still}");
    assert_eq!(told(&mut con, "FAKEREDIS FAULT CLEAR"), "OK");
    assert_eq!(told(&mut con, "FAKEREDIS JOURNAL HEAL"), "OK");
    assert_eq!(con.mget(&["kept", "lost"]), Ok((2, None::<i64>)));
}

/// The record is in the file, and nobody knows whether it will be there after a power failure.
#[test]
fn a_sync_that_fails_takes_the_write_back() {
    let dir = Recorded::new();
    let builder = FakeRedis::builder().journal(dir.path());
    let fake = builder.fsync(Fsync::Always).build().unwrap();
    let mut con = fake.connection();
    let fault = fake.inject(Fault::sync_error().times(1)).unwrap();
    let refused = con.set::<_, _, ()>("lost", 1).unwrap_err();
    assert_eq!(refused.code(), Some("MISCONF"));
    let why = told(&mut con, "INFO persistence");
    let why = why
        .lines()
        .find(|line| line.starts_with("journal_write_error"));
    assert!(why.unwrap().contains("sync"), "{why:?}");
    assert_eq!(fault.hits(), 1);
    assert_eq!(told(&mut con, "FAKEREDIS JOURNAL HEAL"), "OK");
    assert_eq!(con.set("after", 2), Ok(()));
    drop((con, fault, fake));
    let again = FakeRedis::open(dir.path()).unwrap();
    let values = again.connection().mget(&["lost", "after"]);
    assert_eq!(values, Ok((None::<i64>, 2)));
}

#[test]
fn without_a_sync_the_write_stays_until_there_is_one() {
    let fake = FakeRedis::builder().journal_in_memory().build().unwrap();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut con = client.get_connection().unwrap();
    told(&mut con, "FAKEREDIS FAULT ADD TIMES 1 DISK EIO SYNC");
    assert_eq!(con.set("k", 1), Ok(()), "it is written, and nobody syncs");
    let waited = told(&mut con, "SAVE");
    assert!(waited.contains("Input/output error"), "{waited}");
    assert_eq!(
        con.set::<_, _, ()>("k", 2).unwrap_err().code(),
        Some("MISCONF")
    );
    assert_eq!(con.get("k"), Ok(1));
}

#[test]
fn only_disks_stay_broken() {
    let fake = FakeRedis::builder().journal_in_memory().build().unwrap();
    assert!(fake.inject(Fault::disconnect_after().lasting()).is_err());
    let mut con = fake.connection();
    for words in ["DISK SYNC", "DISK EIO LASTING SYNC", "DELAY 5 LASTING"] {
        let told = told(&mut con, &format!("FAKEREDIS FAULT ADD {words}"));
        assert!(told.contains("syntax error"), "{words}: {told}");
    }
}
