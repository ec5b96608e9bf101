//! Journaled writes beside embedded stores that give the same guarantee, with the same keys and values.

use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::rng::Rng;
use fjall::KeyspaceCreateOptions;
use redb::Database;
use redb::TableDefinition;
use redis::Commands;

use crate::Scale;
use crate::in_process::each;
use crate::in_process::key;
use crate::table::Figure;
use crate::table::Row;
use crate::table::Target;
use crate::table::alternate;

const VALUE: [u8; 64] = [b'x'; 64];
const TABLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");

/// fjall hands its journal to the operating system after each write, as `Fsync::No` does. redb's only durable commit
/// is synced, so that it is compared with `Fsync::Always`.
pub fn writes(scale: Scale) -> Vec<Row> {
    let (buffered, synced) = (scale.of(200_000), scale.of(2_000));
    let row = |what: &str, name, (ours, theirs): (f64, f64)| Row {
        what: what.to_owned(),
        ours: Figure::Rate(1.0 / ours),
        theirs: Some((name, Figure::Rate(1.0 / theirs))),
        target: Target::AtLeast(1.0),
    };
    vec![
        row(
            "SET, survives kill -9",
            "fjall",
            alternate(2, || ours(Fsync::No, buffered), || fjall(buffered)),
        ),
        row(
            "SET, survives power loss",
            "redb",
            alternate(2, || ours(Fsync::Always, synced), || redb(synced)),
        ),
    ]
}

fn ours(fsync: Fsync, count: u64) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let fake = FakeRedis::builder()
        .journal(dir.path())
        .fsync(fsync)
        .build()
        .unwrap();
    let mut con = fake.connection();
    let mut rng = Rng::new(1);
    each(count, |_| con.set(key(&mut rng), &VALUE).unwrap())
}

fn fjall(count: u64) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let database = fjall::Database::builder(dir.path()).open().unwrap();
    let values = database
        .keyspace("values", KeyspaceCreateOptions::default)
        .unwrap();
    let mut rng = Rng::new(1);
    each(count, |_| {
        values.insert(key(&mut rng), VALUE).unwrap();
        database.persist(fjall::PersistMode::Buffer).unwrap();
    })
}

fn redb(count: u64) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::create(dir.path().join("values.redb")).unwrap();
    let mut rng = Rng::new(1);
    each(count, |_| {
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(TABLE).unwrap();
        table.insert(&*key(&mut rng), VALUE.as_slice()).unwrap();
        drop(table);
        transaction.commit().unwrap();
    })
}
