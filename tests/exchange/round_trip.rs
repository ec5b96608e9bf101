//! What is exported and imported again is the same history, but for who did it and what a rewind took back.

use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::commit::Record;
use fakeredis::exchange::AofWriter;
use fakeredis::exchange::import_aof;
use fakeredis::timeline::Filter;

use super::PAST;
use super::digest_at;
use super::exported;
use super::recorded;
use crate::determinism::sessions;
use crate::support::verified::Recorded;

/// The records that an export tells: commits with an effect that no rewind took back.
fn told(past: &Timeline) -> Vec<u64> {
    let all = past.range(&"..".parse().unwrap()).unwrap();
    let stretches = past.lineage(all).unwrap().into_iter();
    let entries = stretches.flat_map(|stretch| past.log(stretch, &Filter::default()));
    let entries = entries.map(Result::unwrap);
    let told = entries.filter(|entry| match &entry.record {
        Record::Commit(commit) => {
            let mut effects = 0;
            commit.each_effect(|_| effects += 1);
            effects > 0
        }
        _ => false,
    });
    told.map(|entry| entry.seq).collect()
}

#[test]
fn a_history_comes_back_record_by_record() {
    for (seed, (name, session)) in sessions().into_iter().enumerate() {
        let dir = Recorded::new();
        let past = recorded(&dir.path().join("data"), &session, seed as u64, PAST);
        let file = dir.path().join("history.aof");
        std::fs::write(&file, exported(&past, "..")).unwrap();
        let copy = dir.path().join("copy");
        let imported = import_aof(&file, &copy, &Default::default()).unwrap();
        let last = past.resolve(&Rev::LAST).unwrap();
        assert_eq!(imported.journal.digest, digest_at(&past, last), "{name}");
        let again = Timeline::open(&copy).unwrap();
        let (theirs, ours) = (told(&past), told(&again));
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (theirs, ours) in std::iter::zip(theirs, ours).step_by(30) {
            let digests = (digest_at(&past, theirs), digest_at(&again, ours));
            assert_eq!(digests.0, digests.1, "{name}: records {theirs} and {ours}");
        }
    }
}

/// A range begins with the state before it, and a state alone is one too.
#[test]
fn a_range_and_a_state_give_the_same_data() {
    for (seed, (name, session)) in sessions().into_iter().enumerate().step_by(3) {
        let dir = Recorded::new();
        let past = recorded(&dir.path().join("data"), &session, 1000 + seed as u64, PAST);
        let last = past.resolve(&Rev::LAST).unwrap();
        let mut state = Vec::new();
        let view = past.at(&Rev::seq(last)).unwrap();
        AofWriter::new(&mut state)
            .state(&view.world().keyspace)
            .unwrap();
        let middle = last / 2;
        let mut aofs = vec![state];
        // A rewind may go back to before the range: then there is no such export.
        if past.lineage(middle + 1..=last).is_ok() {
            aofs.push(exported(&past, &format!("{middle}..")));
        }
        for (index, aof) in aofs.into_iter().enumerate() {
            let file = dir.path().join("part.aof");
            std::fs::write(&file, aof).unwrap();
            let copy = dir.path().join(format!("copy{index}"));
            let imported = import_aof(&file, &copy, &Default::default()).unwrap();
            assert_eq!(
                imported.journal.digest,
                digest_at(&past, last),
                "{name} {index}"
            );
        }
    }
}
