//! Random commands, after templates that read like Redis's own documentation.
//!
//! In a template, the name of a kind of arguments stands for one of them, and other words for themselves.
//! `[ A | B ]` may be missing, and several of them come in any order; `{ A | B }` is there; `< A >` is there once or
//! more often. This file knows no server.

use fakeredis::rng::Rng;

use super::arguments::Kinds;
use super::arguments::argument;

/// An argument vector that follows `template`.
pub fn command(template: &str, kinds: Kinds, rng: &mut Rng) -> Vec<Vec<u8>> {
    let [parts] = &alternatives(&mut template.split(' '))[..] else {
        panic!("one command: {template}");
    };
    let mut command = Expansion {
        kinds,
        rng,
        argv: Vec::new(),
    };
    command.all_of(parts);
    command.argv
}

/// Now and then an argument too few or too many.
pub fn misspelt(mut argv: Vec<Vec<u8>>, rng: &mut Rng) -> Vec<Vec<u8>> {
    match rng.below(60) {
        0 if argv.len() > 1 => drop(argv.pop()),
        1 => argv.push(argv[rng.below(argv.len())].clone()),
        2 => argv.extend(argument("value", &[], rng)),
        _ => {}
    }
    argv
}

/// A part of a template, each choice of which is a sequence of parts.
enum Part<'a> {
    Word(&'a str),
    Choice(Vec<Vec<Part<'a>>>),
    Optional(Vec<Vec<Part<'a>>>),
    Repeat(Vec<Vec<Part<'a>>>),
}

/// Reads up to the bracket that closes the alternatives, or to the end.
fn alternatives<'a>(words: &mut impl Iterator<Item = &'a str>) -> Vec<Vec<Part<'a>>> {
    let mut all = vec![Vec::new()];
    while let Some(word) = words.next() {
        let part = match word {
            "]" | "}" | ">" => break,
            "|" => {
                all.push(Vec::new());
                continue;
            }
            "[" => Part::Optional(alternatives(words)),
            "{" => Part::Choice(alternatives(words)),
            "<" => Part::Repeat(alternatives(words)),
            word => Part::Word(word),
        };
        all.last_mut().expect("never empty").push(part);
    }
    all
}

struct Expansion<'a> {
    kinds: Kinds,
    rng: &'a mut Rng,
    argv: Vec<Vec<u8>>,
}

impl Expansion<'_> {
    fn all_of(&mut self, parts: &[Part<'_>]) {
        let both_optional =
            |a: &Part<'_>, b: &Part<'_>| matches!((a, b), (Part::Optional(_), Part::Optional(_)));
        for run in parts.chunk_by(both_optional) {
            for index in self.shuffled(run.len()) {
                self.part(&run[index]);
            }
        }
    }

    fn part(&mut self, part: &Part<'_>) {
        match part {
            Part::Word(word) => self.word(word),
            Part::Choice(all) => self.one_of(all),
            Part::Optional(all) if self.rng.below(3) == 0 => self.one_of(all),
            Part::Optional(_) => {}
            Part::Repeat(all) => (0..=self.rng.below(4)).for_each(|_| self.one_of(all)),
        }
    }

    fn one_of(&mut self, all: &[Vec<Part<'_>>]) {
        let chosen = self.rng.below(all.len());
        self.all_of(&all[chosen]);
    }

    /// An argument of a kind, or a word that stands for itself, in any case.
    fn word(&mut self, word: &str) {
        let argument = argument(word, self.kinds, self.rng);
        let own = |rng: &mut Rng| match rng.below(4) {
            0 => word.to_lowercase().into(),
            _ => word.into(),
        };
        let argument = argument.unwrap_or_else(|| own(self.rng));
        self.argv.push(argument);
    }

    fn shuffled(&mut self, len: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..len).collect();
        (1..len).for_each(|last| order.swap(last, self.rng.below(last + 1)));
        order
    }
}
