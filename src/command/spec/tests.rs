//! The vocabulary held against what redis-server 8.2.3 says of its own commands.

use std::collections::BTreeMap;

use super::*;
use crate::resp::split_quoted;

const COMMAND_INFO: &str = include_str!("../../../tests/data/command-info-8.2.3.txt");
const ARGUMENTS: &str = include_str!("../../../tests/data/command-arguments-8.2.3.txt");
const GETKEYS: &str = include_str!("../../../tests/data/getkeys-8.2.3.txt");

/// One line of the recorded `COMMAND INFO`.
struct Recorded {
    arity: i32,
    flags: Vec<&'static str>,
    positions: [i32; 3],
    categories: Vec<&'static str>,
    keys: Vec<KeySpec>,
}

fn recorded() -> BTreeMap<&'static str, Recorded> {
    lines(COMMAND_INFO).map(record).collect()
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

fn record(line: &'static str) -> (&'static str, Recorded) {
    let fields: Vec<&str> = line.split(' ').collect();
    let [
        name,
        arity,
        flags,
        first,
        last,
        step,
        categories,
        _tips,
        keys,
    ] = fields[..]
    else {
        panic!("nine fields: {line}");
    };
    let record = Recorded {
        arity: number(arity),
        flags: list(flags, ','),
        positions: [first, last, step].map(number),
        categories: list(categories, ','),
        keys: list(keys, ';').into_iter().map(key_spec).collect(),
    };
    (name, record)
}

fn list(field: &'static str, separator: char) -> Vec<&'static str> {
    let items = field.split(separator).filter(|item| *item != "-");
    items.collect()
}

fn number(text: &str) -> i32 {
    text.parse().expect(text)
}

fn key_spec(text: &'static str) -> KeySpec {
    let [begin, find, flags] = list(text, '/')[..] else {
        panic!("three parts: {text}");
    };
    let begin = match list(begin, ':')[..] {
        ["index", position] => Begin::Index(number(position)),
        ["keyword", word, from] => Begin::Keyword(word, number(from)),
        _ => Begin::Unknown,
    };
    let find = match list(find, ':')[..] {
        ["range", last, step, limit] => Find::Range {
            last: number(last),
            step: number(step),
            limit: number(limit),
        },
        ["keynum", "0", "1", "1"] => Find::Count,
        _ => Find::Unknown,
    };
    KeySpec {
        begin,
        find,
        flags: mask(flags, ',', |bit| key_flag_names(1 << bit).next()) as u16,
        note: "",
    }
}

/// The mask of the names in a field.
fn mask(field: &'static str, separator: char, name: fn(u32) -> Option<&'static str>) -> u64 {
    let bit = |wanted: &str| (0..16).find(|bit| name(*bit) == Some(wanted));
    let names = list(field, separator).into_iter();
    names.map(|item| 1 << bit(item).expect(item)).sum()
}

#[test]
fn positions_and_movable_keys_follow_from_the_key_specs() {
    for (name, command) in recorded() {
        let positions = Positions::of(&command.keys);
        let found = [positions.first, positions.last, positions.step];
        assert_eq!(found, command.positions, "{name}");
        assert_eq!(
            positions.movable,
            command.flags.contains(&"movablekeys"),
            "{name}"
        );
    }
}

#[test]
fn flags_and_categories_are_printed_in_the_order_of_redis() {
    for (name, command) in recorded() {
        let mask = (0..21).map(|bit| 1u64 << bit);
        let set = mask.filter(|bit| flag_names(*bit).any(|flag| command.flags.contains(&flag)));
        assert_eq!(
            flag_names(set.sum()).collect::<Vec<_>>(),
            command.flags,
            "{name}"
        );

        let wanted = command
            .categories
            .iter()
            .map(|name| name.trim_start_matches('@'));
        let mask: u64 = wanted.clone().map(|name| category(name).expect(name)).sum();
        assert!(category_names(mask).eq(wanted), "{name}");
    }
}

#[test]
fn keys_are_found_where_redis_finds_them() {
    let commands = recorded();
    for line in lines(GETKEYS) {
        let (request, expected) = line.split_once(" =>").expect(line);
        assert_eq!(
            getkeys(&commands, request),
            expected.trim_start(),
            "{request}"
        );
    }
}

/// `COMMAND GETKEYSANDFLAGS`, as the recording writes it.
fn getkeys(commands: &BTreeMap<&str, Recorded>, request: &str) -> String {
    let mut argv = Vec::new();
    split_quoted(request.as_bytes(), |word| argv.push(word.to_vec())).expect("balanced quotes");
    let Some(command) = find(commands, &argv) else {
        return "-ERR Invalid command specified".into();
    };
    let least = command.arity.unsigned_abs() as usize;
    if !has_keys(&command.keys) {
        return "-ERR The command has no key arguments".into();
    } else if argv.len() < least || command.arity > 0 && argv.len() != least {
        return "-ERR Invalid number of arguments specified for command".into();
    }
    let keys = keys_of(&command.keys, &argv);
    if keys.is_empty() && !command.flags.contains(&"no_mandatory_keys") {
        return "-ERR Invalid arguments specified for command".into();
    }
    let shown = keys.iter().map(|key| show(&argv[key.index], *key));
    shown.collect::<Vec<_>>().join(" ")
}

fn find<'a>(commands: &'a BTreeMap<&str, Recorded>, argv: &[Vec<u8>]) -> Option<&'a Recorded> {
    let word = |at: usize| Some(String::from_utf8_lossy(argv.get(at)?).to_lowercase());
    let name = word(0)?;
    let is_container = commands
        .keys()
        .any(|known| known.starts_with(&format!("{name}|")));
    match word(1) {
        Some(second) if is_container => commands.get(format!("{name}|{second}").as_str()),
        _ => commands.get(name.as_str()),
    }
}

fn show(name: &[u8], key: KeyRef) -> String {
    let flags: Vec<_> = key_flag_names(key.flags).collect();
    format!("{}:{}", String::from_utf8_lossy(name), flags.join("|"))
}

/// Commands of whose tree the text does not show everything: names of like groups, the block
/// around all of `XTRIM`'s options, the specs that `SORT`'s patterns refer to.
const DIFFERENT: &[&str] = &[
    "blmove",
    "client|kill",
    "client|reply",
    "client|tracking",
    "cluster|slot-stats",
    "lmove",
    "sort",
    "sort_ro",
    "xtrim",
];

#[test]
fn argument_trees_follow_from_the_syntax_texts() {
    for line in lines(ARGUMENTS) {
        let (command, expected) = line.split_once(" => ").expect(line);
        let mut words = command.splitn(3, ' ');
        let mut word = || words.next().expect(line);
        let (name, specs, syntax) = (word(), word(), word());
        let specs = vec![key(1, RO); specs.parse().expect(line)];
        let same = outline(&parse(syntax, &specs)) == expected;
        assert_eq!(same, !DIFFERENT.contains(&name), "{line}");
    }
}

/// An argument tree, as the recording writes it.
fn outline(arguments: &[Argument<'_>]) -> String {
    let shown: Vec<_> = arguments.iter().map(outline_one).collect();
    shown.join(" ")
}

fn outline_one(argument: &Argument<'_>) -> String {
    let mut text = format!("{}:{}", argument.name, argument.kind.name());
    if let Some(display) = argument.display().filter(|text| *text != argument.name) {
        text += &format!("\"{display}\"");
    }
    if let Some(token) = argument.token {
        text += &format!("={}", if token.is_empty() { "\"\"" } else { token });
    }
    if let Some(index) = argument.key_spec {
        text += &format!("@{index}");
    }
    let signs = [
        ("optional", "?"),
        ("multiple", "+"),
        ("multiple_token", "*"),
    ];
    let sign = |flag| {
        signs
            .iter()
            .find(|(name, _)| *name == flag)
            .map_or("", |(_, sign)| sign)
    };
    text.extend(argument.flags().map(sign));
    if !argument.arguments.is_empty() {
        text += &format!("({})", outline(&argument.arguments));
    }
    text
}

#[test]
fn types_of_words_are_for_the_parser_only() {
    let shown = display("key [LIMIT a:integer b:string] <ip:port | x:double>");
    assert_eq!(shown, "key [LIMIT a b] <ip:port | x>");
}
