//! The command table: well-formed, as Redis 8.2.3 has it, and shown in `docs/commands.md`.
//!
//! `FAKEREDIS_BLESS=1` writes `docs/commands.md` anew.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;

use fakeredis::command::Command;
use fakeredis::command::FAMILIES;
use fakeredis::command::spec;
use fakeredis::command::spec::Begin;
use fakeredis::command::spec::Find;
use fakeredis::command::spec::Group;
use fakeredis::command::spec::KeySpec;
use fakeredis::command::spec::Positions;

use super::root;

const REDIS: &str = include_str!("../data/command-info-8.2.3.txt");

/// All rows with their groups.
fn rows() -> impl Iterator<Item = (Group, &'static Command)> {
    let rows = |family: &'static fakeredis::command::Family| {
        family
            .commands
            .iter()
            .map(|command| (family.group, command))
    };
    FAMILIES.iter().flat_map(rows)
}

/// What Redis says of each of its commands, by name.
fn redis() -> BTreeMap<&'static str, &'static str> {
    let lines = REDIS.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| (line.split(' ').next().unwrap(), line))
        .collect()
}

#[test]
fn rows_are_well_formed() {
    let mut names = BTreeSet::new();
    for (_, command) in rows() {
        let Command {
            name, flags, arity, ..
        } = command;
        assert!(names.insert(*name), "{name} is there twice");
        assert_eq!(*name, name.to_ascii_uppercase());
        assert_ne!(*arity, 0, "{name}");
        let both = spec::WRITE | spec::READONLY;
        assert_ne!(flags & both, both, "{name} is a write and read-only");
        assert!(
            command.summary.ends_with('.'),
            "{name}: {}",
            command.summary
        );
        assert!(!command.since.is_empty(), "{name}");
    }
}

#[test]
fn command_info_is_that_of_redis() {
    let redis = redis();
    for (group, command) in rows() {
        let info = info(group, command);
        let name = info.split(' ').next().unwrap();
        assert_eq!(Some(&info.as_str()), redis.get(name), "{name}");
    }
}

/// A row as the recording writes it.
fn info(group: Group, command: &Command) -> String {
    let positions = Positions::of(command.keys);
    let movable = if positions.movable {
        spec::MOVABLEKEYS
    } else {
        0
    };
    let flags = command.flags & !(spec::CONTAINER | spec::SYSCMD) | movable;
    let categories = spec::category_names(spec::categories(command.flags, group));
    format!(
        "{} {} {} {} {} {} {} {} {}",
        command.name.to_ascii_lowercase(),
        command.arity,
        list(spec::flag_names(flags), ","),
        positions.first,
        positions.last,
        positions.step,
        list(categories.map(|name| format!("@{name}")), ","),
        list(command.tips.iter().copied(), ";"),
        list(command.keys.iter().map(key_spec), ";"),
    )
}

fn list<T: AsRef<str>>(items: impl Iterator<Item = T>, separator: &str) -> String {
    let items: Vec<T> = items.collect();
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    if items.is_empty() {
        "-".into()
    } else {
        items.join(separator)
    }
}

fn key_spec(keys: &KeySpec) -> String {
    let begin = match keys.begin {
        Begin::Index(position) => format!("index:{position}"),
        Begin::Keyword(word, from) => format!("keyword:{word}:{from}"),
        Begin::Unknown => "unknown".into(),
    };
    let find = match keys.find {
        Find::Range { last, step, limit } => format!("range:{last}:{step}:{limit}"),
        Find::Count => "keynum:0:1:1".into(),
        Find::Unknown => "unknown".into(),
    };
    let flags = list(spec::key_flag_names(keys.flags), ",");
    format!("{begin}/{find}/{flags}")
}

#[test]
fn the_page_of_commands_is_current() {
    let path = root().join("docs/commands.md");
    let page = page();
    if std::env::var_os("FAKEREDIS_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/commands.md is not what the table says; write it anew with\n\
         FAKEREDIS_BLESS=1 cargo test --test tests the_page_of_commands"
    );
}

/// `docs/commands.md`.
fn page() -> String {
    let mut groups: BTreeMap<&str, Vec<&Command>> = BTreeMap::new();
    let mut missing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut unknown = redis();
    for (group, command) in rows() {
        groups.entry(group.name()).or_default().push(command);
        unknown.remove(command.name.to_ascii_lowercase().as_str());
    }
    for (name, line) in unknown {
        let shown = format!("`{}`", name.to_ascii_uppercase().replace('|', " "));
        missing.entry(group_of(line)).or_default().push(shown);
    }
    let (ours, all) = (rows().count(), redis().len());
    let mut page = format!(
        "# Commands\n\n<!-- Generated from the command table by tests/architecture/commands.rs. -->\n\n\
         {ours} of the {all} commands and subcommands of Redis 8.2.3, as `COMMAND INFO` counts them. \
         *Arity* counts the name; -2 means two words or more.\n\
         What differs from Redis is in [differences.md](differences.md).\n",
    );
    let names: BTreeSet<&str> = groups.keys().chain(missing.keys()).copied().collect();
    for group in names {
        write!(page, "\n## {group}\n").unwrap();
        if let Some(commands) = groups.get_mut(group) {
            commands.sort_by_key(|command| command.name);
            page += "\n| command | arity | since | flags | what it does |\n|---|---|---|---|---|\n";
            page.extend(commands.iter().map(|command| row(command)));
        }
        if let Some(missing) = missing.get(group) {
            writeln!(page, "\nMissing: {}.", missing.join(", ")).unwrap();
        }
    }
    page
}

fn row(command: &Command) -> String {
    let name = command.name.replace('|', " ");
    let flags = list(
        spec::flag_names(command.flags & !spec::CONTAINER & !spec::SYSCMD),
        " ",
    );
    format!(
        "| `{name}` | {} | {} | {flags} | {} |\n",
        command.arity,
        command.since,
        command.summary.replace('|', "\\|")
    )
}

/// The group of a command that we do not have, from its name or its ACL categories.
fn group_of(line: &str) -> &'static str {
    const BY_CATEGORY: &[(&str, &str)] = &[
        ("@bitmap", "bitmap"),
        ("@connection", "connection"),
        ("@geo", "geo"),
        ("@hash", "hash"),
        ("@hyperloglog", "hyperloglog"),
        ("@list", "list"),
        ("@pubsub", "pubsub"),
        ("@scripting", "scripting"),
        ("@set", "set"),
        ("@sortedset", "sorted-set"),
        ("@stream", "stream"),
        ("@string", "string"),
        ("@transaction", "transactions"),
        ("@keyspace", "generic"),
    ];
    let fields: Vec<&str> = line.split(' ').collect();
    let container = fields[0].split('|').next().unwrap();
    match container {
        "asking" | "cluster" | "readonly" | "readwrite" => return "cluster",
        "function" | "script" => return "scripting",
        "pubsub" => return "pubsub",
        "xgroup" | "xinfo" => return "stream",
        name if fields[2].contains("module") && name.starts_with('v') => return "module",
        _ => {}
    }
    let categories: Vec<&str> = fields[6].split(',').collect();
    let group = BY_CATEGORY
        .iter()
        .find(|(category, _)| categories.contains(category));
    group.map_or("server", |(_, group)| group)
}
