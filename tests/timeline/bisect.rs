//! The record that made the difference.

use redis::Commands;

use super::*;

fn stock(walk: &mut fakeredis::View) -> Result<bool, timeline::Error> {
    Ok(walk.get::<_, i64>("stock").unwrap() >= 0)
}

#[test]
fn the_record_that_made_the_difference_is_found_by_halves() {
    let mut lab = Lab::new();
    (0..300).for_each(|_| drop(run(&mut lab.con, "INCR other")));
    lab.run("SET stock 1\nDECR stock\nDECR stock");
    (0..300).for_each(|_| drop(run(&mut lab.con, "INCR other")));
    let past = lab.past();
    let flip = past
        .bisect(&Rev::seq(302), &Rev::LAST, stock)
        .unwrap()
        .unwrap();
    assert_eq!(flip.seq, 304);
    assert!(flip.asked <= 12 + 20, "{flip:?}");
    assert_eq!(flip.stray, None);
    let mended = past.bisect(&Rev::LAST, &Rev::seq(302), |then| {
        Ok::<_, timeline::Error>(!stock(then)?)
    });
    assert_eq!(mended.unwrap(), Some(flip), "whichever side is called good");
}

#[test]
fn an_answer_that_goes_to_and_fro_is_noticed() {
    let mut lab = Lab::new();
    lab.run("SET stock 1\nSET stock -1\nSET stock 1\nSET stock -1");
    let past = lab.past();
    let flip = past.bisect(&Rev::seq(2), &Rev::LAST, stock);
    let flip = flip.unwrap().unwrap();
    let stray = flip.stray.unwrap();
    let is_early = stray < flip.seq;
    let is_good = stock(&mut past.at(&Rev::seq(stray)).unwrap()).unwrap();
    assert_ne!(is_good, is_early, "{flip:?}");
}

#[test]
fn nothing_is_found_where_nothing_differs() {
    let mut lab = Lab::new();
    lab.run("SET stock 1\nDECR stock");
    assert_eq!(
        lab.past().bisect(&Rev::seq(2), &Rev::LAST, stock).unwrap(),
        None
    );
    assert_eq!(
        lab.past().bisect(&Rev::LAST, &Rev::LAST, stock).unwrap(),
        None
    );
}

#[test]
fn a_script_may_judge_and_its_errors_are_told() {
    let mut lab = Lab::new();
    lab.run("SET stock 1\nDECR stock\nDECR stock\nDEL stock");
    let past = lab.past();
    let script = "return redis.call('get', 'stock') + 0 >= 0";
    let holds = |seq| past.at(&Rev::seq(seq)).unwrap().holds(script);
    assert_eq!((holds(3), holds(4)), (Ok(true), Ok(false)));
    assert!(holds(5).unwrap_err().contains("arithmetic"));
}
