//! Random pairs of strings, judged by LCS.

use fakeredis::resp::Reply;
use fakeredis::rng::Rng;
use fakeredis::value::lcs;
use fakeredis::value::lcs_text;

use super::Real;
use super::argv;
use super::bulk;
use super::pick;

#[test]
fn among_equals_the_choice_is_that_of_redis() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(4);
    for _ in 0..1500 {
        let (a, b) = (random(&mut rng), random(&mut rng));
        let replies = real.ask(&[
            argv([b"MSET", b"a", &a, b"b", &b]),
            argv([b"LCS", b"a", b"b"]),
            argv([b"LCS", b"a", b"b", b"IDX", b"WITHMATCHLEN"]),
        ]);
        let runs = lcs(&a, &b);
        let text = lcs_text(&a, &runs);
        assert_eq!(replies[1], bulk(&text));
        let range = |start: usize, len: usize| Reply::Array(vec![int(start), int(start + len - 1)]);
        let matches = runs.iter().map(|run| {
            Reply::Array(vec![
                range(run.a, run.len),
                range(run.b, run.len),
                int(run.len),
            ])
        });
        let expected = vec![
            bulk(b"matches"),
            Reply::Array(matches.collect()),
            bulk(b"len"),
            int(text.len()),
        ];
        assert_eq!(replies[2], Reply::Array(expected), "{a:?} {b:?}");
    }
}

fn random(rng: &mut Rng) -> Vec<u8> {
    let len = rng.below(40);
    (0..len).map(|_| pick(rng, b"abc")).collect()
}

fn int(number: usize) -> Reply {
    Reply::Int(number as i64)
}
