//! Random patterns, judged by KEYS.

use fakeredis::resp::Reply;
use fakeredis::rng::Rng;
use fakeredis::value::glob_match;

use super::Real;
use super::argv;
use super::pick;

#[test]
fn patterns_find_the_keys_that_redis_finds() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(1);
    let keys: Vec<_> = (0..60).map(|_| random(&mut rng, b"ab-]^\\", 7)).collect();
    let set: Vec<_> = keys.iter().map(|key| argv([b"SET", key, b""])).collect();
    real.ask(&set);
    let patterns: Vec<_> = (0..5000)
        .map(|_| random(&mut rng, b"aabb**??[[[]]^--\\", 12))
        // Without a look at the pattern, KEYS takes a lone star for everything.
        .filter(|pattern| pattern != b"*")
        .collect();
    let asked: Vec<_> = patterns.iter().map(|p| argv([b"KEYS", p])).collect();
    for (pattern, reply) in patterns.iter().zip(real.ask(&asked)) {
        let Reply::Array(found) = reply else {
            panic!("KEYS answered {reply:?}");
        };
        for key in &keys {
            let expected = found
                .iter()
                .any(|item| matches!(item, Reply::Bulk(name) if **name == **key));
            let (shown, text) = (pattern.escape_ascii(), key.escape_ascii());
            assert_eq!(
                glob_match(pattern, key, false),
                expected,
                "{shown} on {text}"
            );
        }
    }
}

fn random(rng: &mut Rng, alphabet: &[u8], most: usize) -> Vec<u8> {
    let len = rng.below(most + 1);
    (0..len).map(|_| pick(rng, alphabet)).collect()
}
