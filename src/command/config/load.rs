//! `redis.conf` and redis-server's flags.

use std::borrow::Cow;
use std::fmt;

use super::Config;
use super::PARAMETERS;
use super::find;
use super::kind::Reason;
use super::kind::Setting;
use super::position;
use super::table::Parameter;
use crate::resp::quote;
use crate::resp::split_quoted;

/// What became of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It means something to this fake.
    Used,
    /// It is an option of Redis that means nothing here: it is remembered, and that is all.
    Ignored,
}

/// Why a `redis.conf` could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfError {
    /// The line's number, from 1.
    pub line: usize,
    /// The line.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for ConfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: '{}': {}", self.line, self.text, self.reason)
    }
}

impl std::error::Error for ConfError {}

/// Directives of `redis.conf` that are no parameters and mean nothing here.
const IGNORED: [&str; 3] = ["loadmodule", "rename-command", "user"];

impl Config {
    /// Takes what a `redis.conf` says; the directives that mean nothing here.
    ///
    /// # Errors
    ///
    /// The first line that Redis would refuse too, and `include`: files are the caller's business.
    pub fn load_conf(&mut self, text: &str) -> Result<Vec<String>, ConfError> {
        let mut ignored = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let error = |reason: Reason| ConfError {
                line: index + 1,
                text: line.to_owned(),
                reason: reason.into_owned(),
            };
            let words = split(line).map_err(error)?;
            let (name, values) = words
                .split_first()
                .expect("a line that is not empty has words");
            if self.take(name, values).map_err(error)? == Taken::Ignored {
                ignored.push(String::from_utf8_lossy(name).into_owned());
            }
        }
        Ok(ignored)
    }

    /// Takes one flag of redis-server, `--name value…`, given without its dashes.
    ///
    /// # Errors
    ///
    /// Why there is no such option, or why it can't have this value.
    pub fn set_flag<V: AsRef<[u8]>>(
        &mut self,
        name: &str,
        values: &[V],
    ) -> Result<Taken, Cow<'static, str>> {
        let values: Vec<_> = values.iter().map(|value| value.as_ref().to_vec()).collect();
        self.take(name.as_bytes(), &values)
    }

    fn take(&mut self, name: &[u8], values: &[Vec<u8>]) -> Result<Taken, Reason> {
        if IGNORED
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
        {
            return Ok(Taken::Ignored);
        }
        let Some(place) = find(name) else {
            return Err(if name.eq_ignore_ascii_case(b"include") {
                "include is not followed: give the other file by itself".into()
            } else {
                "no such option".into()
            });
        };
        self.settings[place] = self.read(place, values)?;
        if PARAMETERS[place].live {
            Ok(Taken::Used)
        } else {
            Ok(Taken::Ignored)
        }
    }

    fn read(&mut self, place: usize, values: &[Vec<u8>]) -> Result<Setting, Reason> {
        const SAVE: usize = position("save");
        let row = &PARAMETERS[place];
        if values.len() != 1 && !row.kind.is_list() {
            return Err("wrong number of arguments".into());
        }
        let mut text = values.join(&b' ');
        if place == SAVE {
            let before = self.save();
            if self.save_given && !text.is_empty() && !before.is_empty() {
                text = [before.as_bytes(), b" ", &text].concat();
            }
            self.save_given = true;
        }
        row.kind.read(&text, Some(&self.settings[place]))
    }
}

fn split(line: &str) -> Result<Vec<Vec<u8>>, Reason> {
    let mut words = Vec::new();
    split_quoted(line.as_bytes(), |word| words.push(word.to_vec()))
        .ok_or("Unbalanced quotes in configuration line")?;
    Ok(words)
}

/// A parameter as a line of `redis.conf`.
pub(super) fn line(row: &Parameter, value: &[u8]) -> String {
    let bare = !value.is_empty()
        && value
            .iter()
            .all(|byte| byte.is_ascii_graphic() && *byte != b'"');
    let value = if bare || (row.kind.is_list() && !value.is_empty()) {
        String::from_utf8_lossy(value).into_owned()
    } else {
        quote(value)
    };
    format!("{} {value}\n", row.name)
}
