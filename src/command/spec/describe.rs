//! The replies of `COMMAND INFO`, `COMMAND DOCS` and `COMMAND GETKEYSANDFLAGS` about one command.

use super::flags::CONTAINER;
use super::flags::Group;
use super::flags::MOVABLEKEYS;
use super::flags::categories;
use super::flags::category_names;
use super::flags::flag_names;
use super::keys::Begin;
use super::keys::Find;
use super::keys::KeyRef;
use super::keys::KeySpec;
use super::keys::Positions;
use super::keys::key_flag_names;
use super::syntax::Argument;
use super::syntax::parse;
use crate::bytes::Bytes;
use crate::resp::Reply;

/// What `COMMAND INFO` says about a command.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The name as in the row, `CLIENT|ID`.
    pub name: &'a str,
    /// The number of arguments, name included; the least one if negative.
    pub arity: i32,
    /// The row's flags and explicit categories.
    pub flags: u64,
    /// The family it is documented under.
    pub group: Group,
    /// Where its keys are.
    pub keys: &'a [KeySpec],
    /// Hints for clients and proxies.
    pub tips: &'a [&'a str],
}

impl Facts<'_> {
    /// The entry in `COMMAND INFO`, given those of the subcommands.
    pub fn reply(&self, subcommands: Vec<Reply>) -> Reply {
        let positions = Positions::of(self.keys);
        Reply::Array(vec![
            Reply::bulk(self.group.display_name(self.name)),
            Reply::Int(self.arity.into()),
            Reply::Set(statuses(flag_names(self.all_flags()))),
            Reply::Int(positions.first.into()),
            Reply::Int(positions.last.into()),
            Reply::Int(positions.step.into()),
            self.categories(),
            Reply::Set(self.tips.iter().map(|tip| Reply::bulk(*tip)).collect()),
            Reply::Set(self.keys.iter().map(KeySpec::reply).collect()),
            if subcommands.is_empty() {
                Reply::Set(subcommands)
            } else {
                Reply::Array(subcommands)
            },
        ])
    }

    /// The row's flags and those that follow from its key specs.
    pub fn all_flags(&self) -> u64 {
        let movable = Positions::of(self.keys).movable;
        self.flags & !CONTAINER | if movable { MOVABLEKEYS } else { 0 }
    }

    fn categories(&self) -> Reply {
        let names = category_names(categories(self.flags, self.group));
        Reply::Set(
            names
                .map(|name| Reply::Simple(format!("@{name}").into()))
                .collect(),
        )
    }
}

impl Group {
    /// A command's name as replies show it: lower case, but as registered for modules.
    pub fn display_name(self, name: &str) -> String {
        match self {
            Group::VectorSet => name.to_string(),
            _ => name.to_ascii_lowercase(),
        }
    }
}

/// What `COMMAND DOCS` says about a command.
#[derive(Clone, Copy, Debug)]
pub struct Docs<'a> {
    /// One sentence.
    pub summary: &'a str,
    /// The version of Redis that brought it.
    pub since: &'a str,
    /// The family it is documented under.
    pub group: Group,
    /// How long it takes; nothing when nobody says.
    pub complexity: &'a str,
    /// For internal use by servers.
    pub syscmd: bool,
    /// Since when it is deprecated and what replaces it.
    pub deprecated: Option<(&'a str, &'a str)>,
    /// The syntax text, without the command's name.
    pub syntax: &'a str,
    /// Where its keys are.
    pub keys: &'a [KeySpec],
}

impl Docs<'_> {
    /// The entry in `COMMAND DOCS`, given the names and entries of the subcommands.
    pub fn reply(&self, subcommands: Vec<(Reply, Reply)>) -> Reply {
        if self.group == Group::VectorSet {
            return fields(vec![
                text("group", self.group.name()),
                text("module", "vectorset"),
            ]);
        }
        let mut map = vec![
            text("summary", self.summary),
            text("since", self.since),
            text("group", self.group.name()),
        ];
        map.extend((!self.complexity.is_empty()).then(|| text("complexity", self.complexity)));
        map.extend(self.standing());
        let arguments = parse(self.syntax, self.keys);
        if !arguments.is_empty() {
            map.push(("arguments", arguments_reply(&arguments)));
        }
        if !subcommands.is_empty() {
            map.push(("subcommands", Reply::Map(subcommands)));
        }
        fields(map)
    }

    /// The fields of commands that one should not use.
    fn standing(&self) -> Vec<(&'static str, Reply)> {
        let mut flags = Vec::new();
        flags.extend(self.deprecated.map(|_| "deprecated"));
        flags.extend(self.syscmd.then_some("syscmd"));
        let mut map = Vec::new();
        if !flags.is_empty() {
            map.push(("doc_flags", Reply::Set(statuses(flags.into_iter()))));
        }
        if let Some((since, replacement)) = self.deprecated {
            map.push(text("deprecated_since", since));
            map.push(text("replaced_by", replacement));
        }
        map
    }
}

/// The `arguments` of `COMMAND DOCS`.
fn arguments_reply(arguments: &[Argument<'_>]) -> Reply {
    Reply::Array(arguments.iter().map(Argument::reply).collect())
}

impl Argument<'_> {
    fn reply(&self) -> Reply {
        let mut map = vec![text("name", &self.name), text("type", self.kind.name())];
        map.extend(self.display().map(|display| text("display_text", display)));
        map.extend(
            self.key_spec
                .map(|index| ("key_spec_index", Reply::len(index))),
        );
        map.extend(self.token.map(|token| text("token", token)));
        let flags: Vec<_> = self.flags().collect();
        if !flags.is_empty() {
            map.push(("flags", Reply::Set(statuses(flags.into_iter()))));
        }
        if !self.arguments.is_empty() {
            map.push(("arguments", arguments_reply(&self.arguments)));
        }
        fields(map)
    }
}

impl KeyRef {
    /// The entry in `COMMAND GETKEYSANDFLAGS` for a key of this name.
    pub fn reply(&self, name: Bytes) -> Reply {
        let flags = statuses(key_flag_names(self.flags));
        Reply::Array(vec![Reply::Bulk(name), Reply::Set(flags)])
    }
}

impl KeySpec {
    /// The entry in `COMMAND INFO`.
    fn reply(&self) -> Reply {
        let mut map = Vec::new();
        map.extend((!self.note.is_empty()).then(|| text("notes", self.note)));
        map.push(("flags", Reply::Set(statuses(key_flag_names(self.flags)))));
        map.push(("begin_search", self.begin.reply()));
        map.push(("find_keys", self.find.reply()));
        fields(map)
    }
}

impl Begin {
    fn reply(self) -> Reply {
        match self {
            Begin::Index(index) => typed("index", vec![number("index", index)]),
            Begin::Keyword(word, from) => typed(
                "keyword",
                vec![text("keyword", word), number("startfrom", from)],
            ),
            Begin::Unknown => typed("unknown", Vec::new()),
        }
    }
}

impl Find {
    fn reply(self) -> Reply {
        match self {
            Find::Range { last, step, limit } => {
                let spec = [("lastkey", last), ("keystep", step), ("limit", limit)];
                typed(
                    "range",
                    spec.map(|(name, value)| number(name, value)).into(),
                )
            }
            Find::Count => {
                let spec = [("keynumidx", 0), ("firstkey", 1), ("keystep", 1)];
                typed(
                    "keynum",
                    spec.map(|(name, value)| number(name, value)).into(),
                )
            }
            Find::Unknown => typed("unknown", Vec::new()),
        }
    }
}

type Field = (&'static str, Reply);

fn typed(kind: &str, spec: Vec<Field>) -> Reply {
    fields(vec![text("type", kind), ("spec", fields(spec))])
}

fn text(name: &'static str, value: &str) -> Field {
    (name, Reply::bulk(value))
}

fn number(name: &'static str, value: i32) -> Field {
    (name, Reply::Int(value.into()))
}

fn fields(fields: Vec<Field>) -> Reply {
    Reply::Map(
        fields
            .into_iter()
            .map(|(name, value)| (Reply::bulk(name), value))
            .collect(),
    )
}

fn statuses(names: impl Iterator<Item = &'static str>) -> Vec<Reply> {
    names.map(Reply::simple).collect()
}
