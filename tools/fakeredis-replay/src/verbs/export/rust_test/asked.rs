//! [`Asked`]: commands that changed no data, whatever kind of record tells of them.

use fakeredis::commit::Blob;
use fakeredis::commit::Client;
use fakeredis::commit::CommandList;
use fakeredis::commit::Observed;
use fakeredis::commit::Origin;
use fakeredis::commit::Setting;

/// Commands that changed no data.
pub struct Asked<'a> {
    pub client: &'a Client,
    pub db: u32,
    pub is_exec: bool,
    pub commands: &'a CommandList,
    pub replies: Option<&'a [u8]>,
}

impl<'a> From<&'a Observed> for Asked<'a> {
    fn from(observed: &'a Observed) -> Self {
        Asked {
            client: &observed.client,
            db: observed.db,
            is_exec: observed.origin == Origin::Exec,
            commands: &observed.commands,
            replies: Some(observed.replies.as_ref()),
        }
    }
}

impl<'a> From<&'a Setting> for Asked<'a> {
    fn from(setting: &'a Setting) -> Self {
        Asked {
            client: &setting.client,
            db: setting.db,
            is_exec: setting.origin == Origin::Exec,
            commands: &setting.commands,
            replies: setting.replies.as_ref().map(Blob::as_ref),
        }
    }
}

impl Asked<'_> {
    /// Whether a client gives itself a name here.
    pub fn names_its_client(&self) -> bool {
        let is = |index: usize, at: usize, word: &[u8]| {
            let found = self.commands.arg(index, at);
            found.is_some_and(|found| found.eq_ignore_ascii_case(word))
        };
        (0..self.commands.len()).any(|index| {
            is(index, 0, b"HELLO") || is(index, 0, b"CLIENT") && is(index, 1, b"SETNAME")
        })
    }
}
