//! The replies of `COMMAND INFO`, `COMMAND DOCS` and `COMMAND GETKEYSANDFLAGS` about one command.

use super::Command;
use super::spec::Argument;
use super::spec::Begin;
use super::spec::CONTAINER;
use super::spec::Find;
use super::spec::Group;
use super::spec::KeyRef;
use super::spec::KeySpec;
use super::spec::MODULE;
use super::spec::MOVABLEKEYS;
use super::spec::Positions;
use super::spec::SYSCMD;
use super::spec::categories;
use super::spec::category_names;
use super::spec::flag_names;
use super::spec::key_flag_names;
use super::spec::parse;
use crate::bytes::Bytes;
use crate::resp::Reply;

impl Command {
    /// The name in replies: lower case, but as registered for commands of modules.
    pub fn shown_name(&self) -> String {
        match self.flags & MODULE {
            0 => self.name.to_ascii_lowercase(),
            _ => self.name.to_owned(),
        }
    }

    /// The entry in `COMMAND INFO`, given those of the subcommands.
    pub fn info(&self, group: Group, subcommands: Vec<Reply>) -> Reply {
        let positions = Positions::of(self.keys);
        let movable = if positions.movable { MOVABLEKEYS } else { 0 };
        Reply::Array(vec![
            Reply::bulk(self.shown_name()),
            Reply::Int(self.arity.into()),
            statuses(flag_names(self.flags & !(CONTAINER | SYSCMD) | movable)),
            Reply::Int(positions.first.into()),
            Reply::Int(positions.last.into()),
            Reply::Int(positions.step.into()),
            self.categories(group),
            Reply::Set(self.tips.iter().map(|tip| Reply::bulk(*tip)).collect()),
            Reply::Set(self.keys.iter().map(KeySpec::reply).collect()),
            match subcommands.len() {
                0 => Reply::Set(subcommands),
                _ => Reply::Array(subcommands),
            },
        ])
    }

    fn categories(&self, group: Group) -> Reply {
        let names = category_names(categories(self.flags, group));
        Reply::Set(
            names
                .map(|name| Reply::Simple(format!("@{name}").into()))
                .collect(),
        )
    }

    /// The entry in `COMMAND DOCS`, given the names and entries of the subcommands.
    pub fn docs(&self, group: Group, subcommands: Vec<(Reply, Reply)>) -> Reply {
        if group == Group::VectorSet {
            return Reply::map(vec![
                text("group", group.name()),
                text("module", "vectorset"),
            ]);
        }
        let mut map = vec![
            text("summary", self.summary),
            text("since", self.since),
            text("group", group.name()),
        ];
        if !self.complexity.is_empty() {
            map.push(text("complexity", self.complexity));
        }
        self.push_standing(&mut map);
        let arguments = parse(self.syntax, self.keys);
        if !arguments.is_empty() {
            map.push(("arguments", arguments_reply(&arguments)));
        }
        if !subcommands.is_empty() {
            map.push(("subcommands", Reply::Map(subcommands)));
        }
        Reply::map(map)
    }

    /// Adds the fields of commands that one should not use.
    fn push_standing(&self, map: &mut Vec<Field>) {
        if self.flags & SYSCMD != 0 {
            map.push(("doc_flags", statuses(["syscmd"])));
        }
        if let Some((since, replacement)) = self.deprecated {
            map.push(("doc_flags", statuses(["deprecated"])));
            map.push(text("deprecated_since", since));
            map.push(text("replaced_by", replacement));
        }
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
        if self.flags().next().is_some() {
            map.push(("flags", statuses(self.flags())));
        }
        if !self.arguments.is_empty() {
            map.push(("arguments", arguments_reply(&self.arguments)));
        }
        Reply::map(map)
    }
}

impl KeyRef {
    /// The entry in `COMMAND GETKEYSANDFLAGS` for a key of this name.
    pub fn reply(&self, name: Bytes) -> Reply {
        Reply::Array(vec![
            Reply::Bulk(name),
            statuses(key_flag_names(self.flags)),
        ])
    }
}

impl KeySpec {
    /// The entry in `COMMAND INFO`.
    fn reply(&self) -> Reply {
        let mut map = Vec::new();
        map.extend((!self.note.is_empty()).then(|| text("notes", self.note)));
        map.push(("flags", statuses(key_flag_names(self.flags))));
        map.push(("begin_search", self.begin.reply()));
        map.push(("find_keys", self.find.reply()));
        Reply::map(map)
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
    Reply::map(vec![text("type", kind), ("spec", Reply::map(spec))])
}

fn text(name: &'static str, value: &str) -> Field {
    (name, Reply::bulk(value))
}

fn number(name: &'static str, value: i32) -> Field {
    (name, Reply::Int(value.into()))
}

fn statuses(names: impl IntoIterator<Item = &'static str>) -> Reply {
    Reply::Set(names.into_iter().map(Reply::simple).collect())
}

#[cfg(test)]
mod tests {
    use super::super::ReplyError;
    use super::super::cmd;
    use super::super::container;
    use super::super::spec::*;
    use super::super::sub;
    use super::*;
    use crate::resp::Protocol;
    use crate::resp::encode;

    /// The reply in RESP3, with blanks for line ends.
    fn sent(reply: &Reply) -> String {
        let mut bytes = Vec::new();
        encode(reply, Protocol::Resp3, &mut bytes);
        String::from_utf8(bytes).unwrap().replace("\r\n", " ")
    }

    fn info(command: &Command, group: Group) -> String {
        sent(&command.info(group, Vec::new()))
    }

    const fn row(name: &'static str, arity: i32, flags: u64, keys: &'static [KeySpec]) -> Command {
        cmd(name, arity, flags, keys, |_, _| Err(ReplyError::SYNTAX))
    }

    #[test]
    fn info_tells_what_redis_tells() {
        const MGET: Command = row("MGET", -2, READONLY | FAST, &[keys(1, -1, 1, RO | ACCESS)])
            .tips(&["request_policy:multi_shard"]);
        assert_eq!(
            info(&MGET, Group::String),
            "*10 $4 mget :-2 ~2 +readonly +fast :1 :-1 :1 ~3 +@read +@string +@fast ~1 $26 \
             request_policy:multi_shard ~1 %3 $5 flags ~2 +RO +access $12 begin_search %2 $4 type $5 index \
             $4 spec %1 $5 index :1 $9 find_keys %2 $4 type $5 range $4 spec %3 $7 lastkey :-1 $7 keystep \
             :1 $5 limit :0 ~0 "
        );
        const XREAD: Command = row(
            "XREAD",
            -4,
            READONLY | BLOCKING,
            &[half_after("STREAMS", 1, RO | ACCESS)],
        );
        assert_eq!(
            info(&XREAD, Group::Stream),
            "*10 $5 xread :-4 ~3 +readonly +blocking +movablekeys :0 :0 :0 ~4 +@read +@stream +@slow \
             +@blocking ~0 ~1 %3 $5 flags ~2 +RO +access $12 begin_search %2 $4 type $7 keyword $4 spec \
             %2 $7 keyword $7 STREAMS $9 startfrom :1 $9 find_keys %2 $4 type $5 range $4 spec %3 $7 \
             lastkey :-1 $7 keystep :1 $5 limit :2 ~0 "
        );
    }

    #[test]
    fn info_prints_notes_and_counted_keys() {
        const EVAL: Command = row(
            "EVAL",
            -3,
            NOSCRIPT | STALE | SKIP_MONITOR | NO_MANDATORY_KEYS,
            &[numkeys(2, RW | ACCESS | UPDATE).note("Who knows")],
        );
        assert_eq!(
            info(&EVAL, Group::Scripting),
            "*10 $4 eval :-3 ~5 +noscript +stale +skip_monitor +no_mandatory_keys +movablekeys :0 :0 :0 \
             ~2 +@slow +@scripting ~0 ~1 %4 $5 notes $9 Who knows $5 flags ~3 +RW +access +update $12 \
             begin_search %2 $4 type $5 index $4 spec %1 $5 index :2 $9 find_keys %2 $4 type $6 keynum $4 \
             spec %3 $9 keynumidx :0 $8 firstkey :1 $7 keystep :1 ~0 "
        );
    }

    #[test]
    fn info_of_a_container_holds_its_subcommands_in_an_array() {
        let len = sub("SLOWLOG|LEN", 2, ADMIN | LOADING | STALE, &[], |_, _| {
            Err(ReplyError::SYNTAX)
        });
        let entry = len.info(Group::Server, Vec::new());
        let slowlog = container("SLOWLOG", -2);
        assert_eq!(
            sent(&slowlog.info(Group::Server, vec![entry])),
            "*10 $7 slowlog :-2 ~0 :0 :0 :0 ~1 +@slow ~0 ~0 *1 *10 $11 slowlog|len :2 ~3 +admin +loading \
             +stale :0 :0 :0 ~3 +@admin +@slow +@dangerous ~0 ~0 ~0 "
        );
    }

    #[test]
    fn docs_tell_what_redis_tells() {
        const GETSET: Command = row("GETSET", 3, WRITE, &[key(1, RW)])
            .doc("1.0.0", "O(1)", "key value", "Swaps.")
            .deprecated("6.2.0", "`SET`");
        assert_eq!(
            sent(&GETSET.docs(Group::String, Vec::new())),
            "%8 $7 summary $6 Swaps. $5 since $5 1.0.0 $5 group $6 string $10 complexity $4 O(1) $9 \
             doc_flags ~1 +deprecated $16 deprecated_since $5 6.2.0 $11 replaced_by $5 `SET` $9 arguments \
             *2 %4 $4 name $3 key $4 type $3 key $12 display_text $3 key $14 key_spec_index :0 %3 $4 name \
             $5 value $4 type $6 string $12 display_text $5 value "
        );
    }

    #[test]
    fn docs_of_a_container_hold_those_of_its_subcommands() {
        let syscmd = row("PFSELFTEST", 1, ADMIN | SYSCMD, &[]).doc("2.8.9", "", "", "Tests.");
        let entry = (
            Reply::bulk("x|y"),
            syscmd.docs(Group::HyperLogLog, Vec::new()),
        );
        let parent = container("X", -2).doc("1.0.0", "", "", "Holds.");
        assert_eq!(
            sent(&parent.docs(Group::Server, vec![entry])),
            "%4 $7 summary $6 Holds. $5 since $5 1.0.0 $5 group $6 server $11 subcommands %1 $3 x|y %4 $7 \
             summary $6 Tests. $5 since $5 2.8.9 $5 group $11 hyperloglog $9 doc_flags ~1 +syscmd "
        );
    }
}
