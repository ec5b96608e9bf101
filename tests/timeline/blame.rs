//! Who wrote each part of a value.

use fakeredis::timeline::Blame;

use super::*;

impl Lab {
    fn blame(&self, key: &str) -> Blame {
        let blame = self.past().blame(0, key.as_bytes(), &Rev::LAST).unwrap();
        blame.unwrap()
    }

    /// Each part with the record that wrote it.
    fn authors(&self, key: &str) -> Vec<(String, u64)> {
        let name = |part: &timeline::Blamed| match (&part.place, part.part.value.as_slice()) {
            (Place::Name(name), _) | (_, [name]) => String::from_utf8_lossy(name).into_owned(),
            _ => unreachable!("elements and strings are one word"),
        };
        let parts = self.blame(key).parts.into_iter();
        parts.map(|part| (name(&part), part.by.seq)).collect()
    }
}

fn expected(parts: &[(&str, u64)]) -> Vec<(String, u64)> {
    parts
        .iter()
        .map(|(name, seq)| (name.to_string(), *seq))
        .collect()
}

#[test]
fn each_part_is_the_work_of_who_changed_it_last() {
    let mut lab = Lab::new();
    lab.run("HSET h a 1 b 2 c 3\nHSET h b 9 a 1\nHPEXPIREAT h 1985585600000 FIELDS 1 c");
    assert_eq!(lab.authors("h"), expected(&[("c", 4), ("a", 2), ("b", 3)]));
    lab.run("SADD s x y\nSREM s x\nSADD s x");
    assert_eq!(lab.authors("s"), expected(&[("y", 5), ("x", 7)]));
    lab.run("ZADD z 1 a 2 b\nZINCRBY z 5 a");
    assert_eq!(lab.authors("z"), expected(&[("b", 8), ("a", 9)]));
    lab.run("SET str a\nAPPEND str b\nGET str");
    assert_eq!(lab.authors("str"), expected(&[("ab", 11)]));
    lab.run("XADD x 1-1 f v\nXADD x 2-1 f v\nXDEL x 1-1\nXGROUP CREATE x g $");
    assert_eq!(lab.authors("x"), expected(&[("2-1", 13), ("group g", 15)]));
}

#[test]
fn elements_of_a_list_keep_their_author_wherever_they_move() {
    let mut lab = Lab::new();
    lab.run("RPUSH l a b c\nLPUSH l x\nRPUSH l y\nLINSERT l BEFORE b n\nLPOP l\nLREM l 1 c");
    assert_eq!(
        lab.authors("l"),
        expected(&[("a", 2), ("n", 5), ("b", 2), ("y", 4)])
    );
    lab.run("LSET l 0 z\nLTRIM l 0 2\nLMOVE l l LEFT RIGHT");
    assert_eq!(lab.authors("l"), expected(&[("n", 5), ("b", 2), ("z", 10)]));
}

#[test]
fn a_key_begins_anew_when_it_is_made_anew() {
    let mut lab = Lab::new();
    lab.run("HSET k a 1\nDEL k\nHSET k a 1 b 2\nSET other 1\nRENAME k r");
    assert_eq!(lab.authors("r"), expected(&[("a", 6), ("b", 6)]));
    assert!(lab.past().blame(0, b"k", &Rev::LAST).unwrap().is_none());
    let then = lab.past().blame(0, b"k", &Rev::seq(4)).unwrap().unwrap();
    assert_eq!(
        (then.seq, then.parts.len(), then.parts[0].by.seq),
        (4, 2, 4)
    );
    lab.run("HSET r c 3");
    lab.fake.rewind(Rev::before(1)).unwrap();
    assert_eq!(lab.authors("r"), expected(&[("a", 6), ("b", 6)]));
}

#[test]
fn the_time_to_live_has_its_own_author() {
    let mut lab = Lab::new();
    lab.run("SET k 1\nEXPIRE k 100\nAPPEND k 2\nSET n 1 EX 5");
    let seq = |key: &str| lab.blame(key).expiry.map(|entry| entry.seq);
    assert_eq!((seq("k"), seq("n")), (Some(3), Some(5)));
    lab.run("PERSIST k");
    assert!(lab.blame("k").expiry.is_none());
}

#[test]
fn the_commands_that_wrote_a_part_are_told() {
    let mut lab = Lab::new();
    lab.run("MULTI\nHSET h a 1\nHSET h b 2\nSET other b\nEXEC");
    let blame = lab.blame("h");
    let commands: Vec<String> = blame
        .parts
        .iter()
        .map(|part| {
            let words = blame.commands(part);
            let words: Vec<_> = words
                .iter()
                .flatten()
                .map(String::from_utf8_lossy)
                .map(String::from)
                .collect();
            words.join(" ")
        })
        .collect();
    assert_eq!(commands, ["HSET h a 1", "HSET h b 2"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Every part has an author, whose record did change the key.
    #[test]
    fn every_part_has_an_author(lines in prop::collection::vec(any_line(), 1..60)) {
        let mut lab = Lab::new();
        lab.run_any(&lines);
        let past = lab.past();
        for key in ["a", "b", "c"] {
            let slot = past.at(&Rev::LAST).unwrap().world().keyspace.db(0).get(key.as_bytes()).cloned();
            let blame = past.blame(0, key.as_bytes(), &Rev::LAST).unwrap();
            prop_assert_eq!(blame.as_ref().map(|blame| blame.slot.clone()), slot.clone());
            let Some((blame, slot)) = blame.zip(slot) else { continue };
            prop_assert_eq!(blame.parts.len(), timeline::Contents::of(&slot).len());
            prop_assert_eq!(blame.expiry.is_some(), slot.expires_at().is_some());
            for part in &blame.parts {
                let changes = past.show(part.by.seq).unwrap().changes;
                prop_assert!(changes.iter().any(|change| *change.key == *key.as_bytes()));
            }
        }
    }
}
