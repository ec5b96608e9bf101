//! Datasets: which there are, and loading one. Only built-in ones: a client names no files.

use super::Asked;
use crate::command::ReplyError;
use crate::command::Result;
use crate::fixtures;
use crate::fixtures::BUILT_IN;
use crate::fixtures::Dataset;
use crate::fixtures::FixtureError;
use crate::fixtures::Size;
use crate::resp::Reply;

/// `FIXTURE LIST | LOAD name [SEED n] [SCALE k]`
pub(super) fn fixture(mut asked: Asked<'_>) -> Result {
    if asked.args.keyword("LIST") {
        asked.args.finish()?;
        list()
    } else if asked.args.keyword_with("LOAD", 1) {
        load(asked)
    } else {
        Err(ReplyError::SYNTAX)
    }
}

fn list() -> Result {
    let datasets = BUILT_IN.iter().map(|(name, _)| {
        let dataset = Dataset::open(name)?;
        let commands = dataset.commands(Size::default()).total();
        Ok(Reply::map([
            ("name", Reply::bulk(*name)),
            ("description", Reply::bulk(dataset.description)),
            ("commands", Reply::Int(commands as i64)),
        ]))
    });
    let datasets: std::result::Result<_, FixtureError> = datasets.collect();
    Ok(Reply::Array(datasets?))
}

fn load(mut asked: Asked<'_>) -> Result {
    let name = String::from_utf8_lossy(asked.args.next()?);
    let mut size = Size::default();
    while !asked.args.is_empty() {
        if asked.args.keyword_with("SEED", 1) {
            let seed = u64::try_from(asked.args.i64()?);
            size.seed = Some(seed.map_err(|_| ReplyError::NOT_AN_INTEGER)?);
        } else if asked.args.keyword_with("SCALE", 1) {
            size.scale = Some(scale(asked.args.f64()?)?);
        } else {
            return Err(ReplyError::SYNTAX);
        }
    }
    let Some((built_in, _)) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name) else {
        let text = format!("ERR there is no dataset '{name}'; see FAKEREDIS FIXTURE LIST");
        return Err(ReplyError::new(text));
    };
    let loaded = fixtures::load(asked.engine, &Dataset::open(built_in)?, size, |_| {})?;
    Ok(Reply::map([
        ("commands", Reply::Int(loaded.commands as i64)),
        ("verified", Reply::Bool(loaded.verified)),
    ]))
}

fn scale(scale: f64) -> Result<f64> {
    match scale > 0.0 && scale.is_finite() {
        true => Ok(scale),
        false => Err(ReplyError::new("ERR SCALE takes a number above 0")),
    }
}
