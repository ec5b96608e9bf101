//! The seed: what is random follows from it, faults with a probability too.

use fakeredis::FakeRedis;
use fakeredis::Fault;
use proptest::prelude::*;
use redis::Commands;

use super::run;
use super::told;

/// Which of so many commands fail.
fn failures(fake: &FakeRedis, count: usize) -> Vec<bool> {
    let mut con = fake.connection();
    (0..count)
        .map(|_| run(&mut con, "GET k").is_err())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_seed_gives_the_same_faults(
        seed: u64,
        probability in 0.0..=1.0,
        other in 0.0..=1.0,
        draws in 0..5,
    ) {
        let fake = FakeRedis::builder().seed(seed).build().unwrap();
        let again = FakeRedis::new();
        again.seed(seed).unwrap();
        // What commands draw makes no difference to faults.
        for _ in 0..draws {
            run(&mut again.connection(), "RANDOMKEY").unwrap();
        }
        let of = |fake: &FakeRedis| {
            let _first = fake.inject(Fault::error("ERR no").probability(probability)).unwrap();
            let _second = fake.inject(Fault::error("ERR no").probability(other)).unwrap();
            failures(fake, 40)
        };
        let first = of(&fake);
        prop_assert_eq!(&first, &of(&again));
        fake.seed(seed).unwrap();
        prop_assert_eq!(&first, &of(&fake));
    }

    #[test]
    fn a_fault_hits_about_as_often_as_its_probability_says(seed: u64, percent in 0..=100_u32) {
        let fake = FakeRedis::builder().seed(seed).build().unwrap();
        let probability = f64::from(percent) / 100.0;
        let fault = fake.inject(Fault::error("ERR no").probability(probability)).unwrap();
        let failed = failures(&fake, 400).into_iter().filter(|failed| *failed).count();
        prop_assert_eq!(fault.hits(), failed as u64);
        // Five standard deviations, and more: no seed is further off.
        prop_assert!((failed as f64 - 400.0 * probability).abs() <= 60.0, "{} of 400", failed);
    }
}

/// Everything random that one can ask for.
fn random(fake: &FakeRedis) -> Vec<String> {
    let mut con = fake.connection();
    let _: () = con.del(&["s", "h", "z"]).unwrap();
    let names: Vec<String> = (0..50).map(|number| format!("m{number}")).collect();
    let _: () = con.sadd("s", &names).unwrap();
    for name in &names {
        let _: () = con.hset("h", name, name).unwrap();
        let _: () = con.zadd("z", name, 1).unwrap();
    }
    let lines = [
        "SPOP s",
        "SRANDMEMBER s",
        "HRANDFIELD h",
        "ZRANDMEMBER z",
        "RANDOMKEY",
        "ACL GENPASS",
    ];
    let mut answers: Vec<String> = lines.iter().map(|line| told(&mut con, line)).collect();
    let script =
        redis::Script::new("return tostring(math.random()) .. redis.call('SPOP', KEYS[1])");
    answers.push(script.key("s").invoke(&mut con).unwrap());
    answers
}

#[test]
fn everything_random_follows_from_the_seed() {
    let fake = FakeRedis::new();
    let told = |seed: u64| {
        fake.seed(seed).unwrap();
        random(&fake)
    };
    let (first, other, again) = (told(1), told(2), told(1));
    assert_eq!(first, again);
    assert_ne!(first, other);
    let built = FakeRedis::builder().seed(1).build().unwrap();
    assert_eq!(random(&built), first);
}

#[test]
fn a_seed_is_set_over_the_wire_too() {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    assert_eq!(told(&mut con, "FAKEREDIS SEED 18446744073709551615"), "OK");
    let first = random(&fake);
    fake.seed(u64::MAX).unwrap();
    assert_eq!(random(&fake), first);
    for wrong in ["-1", "x", "18446744073709551616"] {
        let told = told(&mut con, &format!("FAKEREDIS SEED {wrong}"));
        assert!(told.contains("not an integer"), "{told}");
    }
}
