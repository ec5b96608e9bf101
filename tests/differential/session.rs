//! Sessions: what a few clients send, drawn from families, and made smaller when it fails.

use std::fmt;

use fakeredis::resp::quote;
use fakeredis::rng::Rng;

use super::families::Family;
use super::grammar;
use super::likeness::Likeness;

/// A command of one of the clients.
#[derive(Clone)]
pub struct Step {
    pub client: usize,
    pub argv: Vec<Vec<u8>>,
    pub likeness: Likeness,
}

impl Step {
    /// A command whose words are given as they are and whose reply leaves nothing open.
    pub fn of<A: AsRef<[u8]>>(client: usize, words: &[A]) -> Step {
        let argv = words.iter().map(|word| word.as_ref().to_vec()).collect();
        Step {
            client,
            argv,
            likeness: Likeness::Same,
        }
    }

    pub fn like(self, likeness: Likeness) -> Step {
        Step { likeness, ..self }
    }

    /// One of the family's forms, from any client.
    fn random(family: &Family, rng: &mut Rng) -> Step {
        let client = [1, 1, 1, 2, 3][rng.below(5)];
        let form = family.forms[rng.below(family.forms.len())];
        let (template, likeness) = Likeness::of(form);
        let mut argv = grammar::command(template, family.kinds, rng);
        // What is left open is so of this very form.
        if likeness == Likeness::Same {
            argv = grammar::misspelt(argv, rng);
        }
        Step {
            client,
            argv,
            likeness,
        }
    }

    pub fn is(&self, name: &str) -> bool {
        self.argv[0].eq_ignore_ascii_case(name.as_bytes())
    }
}

/// As transcripts write it.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let argv: Vec<_> = self.argv.iter().map(|arg| word(arg)).collect();
        match self.client {
            1 => write!(f, "> {}", argv.join(" ")),
            client => write!(f, "[{client}] > {}", argv.join(" ")),
        }
    }
}

/// With quotes where it needs them.
fn word(arg: &[u8]) -> String {
    let is_plain = !arg.is_empty() && arg.iter().all(|byte| byte.is_ascii_alphanumeric());
    match is_plain {
        true => String::from_utf8_lossy(arg).into_owned(),
        false => quote(arg),
    }
}

/// Commands of these families, half of them from the first. Client 2 begins with RESP3, the others with RESP2.
pub fn random(families: &[&Family], rng: &mut Rng) -> Vec<Step> {
    let mut session = vec![Step::of(2, &["HELLO", "3"]).like(Likeness::Kind)];
    session.extend((0..=rng.below(80)).map(|_| {
        let family = match rng.below(2) {
            0 => families[0],
            _ => families[rng.below(families.len())],
        };
        Step::random(family, rng)
    }));
    session
}

/// A session that still fails, of which no step and no argument can be left out.
pub fn smallest(mut session: Vec<Step>, mut fails: impl FnMut(&[Step]) -> bool) -> Vec<Step> {
    let mut len = session.len();
    while len > 0 {
        session = without_chunks(session, len, &mut fails);
        len /= 2;
    }
    for index in 0..session.len() {
        session = with_simpler_step(session, index, &mut fails);
    }
    without_chunks(session, 1, &mut fails)
}

/// Leaves out `len` steps at a time, the last ones first, as long as it fails.
fn without_chunks(
    mut session: Vec<Step>,
    len: usize,
    fails: &mut impl FnMut(&[Step]) -> bool,
) -> Vec<Step> {
    let mut end = session.len();
    while end > 0 {
        let start = end.saturating_sub(len);
        let shorter = [&session[..start], &session[end..]].concat();
        if fails(&shorter) {
            session = shorter;
        }
        end = start;
    }
    session
}

fn with_simpler_step(
    mut session: Vec<Step>,
    index: usize,
    fails: &mut impl FnMut(&[Step]) -> bool,
) -> Vec<Step> {
    while let Some(simpler) = simpler(&session[index]).into_iter().find_map(|step| {
        let mut session = session.clone();
        session[index] = step;
        fails(&session).then_some(session)
    }) {
        session = simpler;
    }
    session
}

/// The step from the first client, with an argument less, or with a shorter one.
fn simpler(step: &Step) -> Vec<Step> {
    let with = |argv| Step {
        argv,
        ..step.clone()
    };
    let mut all = Vec::new();
    if step.client != 1 {
        all.push(Step {
            client: 1,
            ..step.clone()
        });
    }
    if step.likeness != Likeness::Same {
        return all;
    }
    for index in (1..step.argv.len()).rev() {
        let mut argv = step.argv.clone();
        argv.remove(index);
        all.push(with(argv));
    }
    for index in 1..step.argv.len() {
        let mut argv = step.argv.clone();
        let half = argv[index].len() / 2;
        if half > 0 && half < argv[index].len() {
            argv[index].truncate(half);
            all.push(with(argv));
        }
    }
    all
}

#[test]
fn a_session_shrinks_to_what_fails() {
    let words: [&[&str]; 4] = [
        &["SET", "a", "1"],
        &["GET", "b"],
        &["SADD", "a", "x", "y"],
        &["GET", "c"],
    ];
    let session: Vec<Step> = (0..40).map(|n| Step::of(1 + n % 3, words[n % 4])).collect();
    let smallest = smallest(session, |session| {
        let set = session.iter().position(|step| step.is("SET"));
        set.is_some_and(|at| session[at..].iter().any(|step| step.is("SADD")))
    });
    let shown: Vec<_> = smallest.iter().map(Step::to_string).collect();
    assert_eq!(shown, ["> SET", "> SADD"]);
}
