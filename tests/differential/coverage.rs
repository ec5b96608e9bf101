//! Every command has a form.

use std::collections::BTreeSet;

use fakeredis::command::FAMILIES;

use super::families::ALL;

/// Commands that are in no form, and why not.
#[rustfmt::skip] // One command per row.
const APART: &[(&str, &str)] = &[
    ("ACL SETUSER", "would lock the other clients out; tests/transcripts/server.txt"),
    ("BGREWRITEAOF", "the real server forks, and answers whether it still does"),
    ("BGSAVE", "the real server forks, and answers whether it still does"),
    ("MODULE LIST", "the wheel's server has modules of its own"),
    ("MODULE LOAD", "there are no modules to load"),
    ("MODULE LOADEX", "there are no modules to load"),
    ("MONITOR", "shows times and addresses; tests/transcripts/server.txt"),
    ("PFSELFTEST", "takes the real server seconds; tests/transcripts/hyperloglog.txt"),
    ("PSYNC", "would make a replica of the client"),
    ("REPLCONF", "would make a replica of the client"),
    ("SAVE", "writes the real server's file; tests/transcripts/server.txt"),
    ("SHUTDOWN", "ends the real server; tests/transcripts/server.txt"),
    ("SYNC", "would make a replica of the client"),
];

#[test]
fn every_command_has_a_form() {
    let covered: BTreeSet<&str> = ALL
        .iter()
        .flat_map(|family| family.forms.to_vec())
        .collect();
    let commands = FAMILIES.iter().flat_map(|family| family.commands);
    for name in commands.map(|command| command.name.replace('|', " ")) {
        let has_form = covered.iter().any(|form| begins(form, &name));
        let is_apart = APART.iter().any(|(apart, _)| *apart == name);
        assert!(
            has_form || is_apart,
            "{name} is in no form of tests/differential/families"
        );
        assert!(
            !(has_form && is_apart),
            "{name} has a form and is set apart"
        );
    }
}

fn begins(form: &str, name: &str) -> bool {
    let rest = form.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}
