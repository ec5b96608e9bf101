//! DEBUG: what tests of clients and of the fake itself ask for.
//!
//! What takes a server apart (SEGFAULT, OOM, …) is not there. What looks into Redis's structures tells of those that
//! Redis would have.

use std::time::Duration;

use crate::command::args::Args;
use crate::command::config::Allowed;
use crate::command::config::parse_size;
use crate::command::context::Context;
use crate::command::footprint::allocation;
use crate::command::footprint::head_len;
use crate::command::footprint::serialized_len;
use crate::command::footprint::text;
use crate::command::footprint::text_len;
use crate::command::generic::object::encoding;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::help;
use crate::command::world::identity;
use crate::number::parse_f64;
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::value::List;
use crate::value::ListLimits;
use crate::value::StringValue;
use crate::value::Value;
use crate::value::rdb;

type Handler = fn(&mut Context<'_>, Args<'_>) -> Result;

#[rustfmt::skip] // One subcommand per row.
/// The subcommands with the least and the largest number of their arguments.
const SUBCOMMANDS: &[(&str, usize, usize, Handler)] = &[
    ("CHANGE-REPL-ID", 0, 0, change_repl_id),
    ("DIGEST", 0, 0, digest),
    ("DIGEST-VALUE", 0, usize::MAX, digest_value),
    ("ERROR", 1, 1, error),
    ("HELP", 0, 0, debug_help),
    ("LISTPACK", 1, 1, listpack),
    ("LOADAOF", 0, 0, loadaof),
    ("LOG", 1, 1, nothing),
    ("OBJECT", 1, 1, object),
    ("POPULATE", 1, 3, populate),
    ("PROTOCOL", 1, 1, protocol),
    ("QUICKLIST", 1, 2, quicklist),
    ("QUICKLIST-PACKED-THRESHOLD", 1, 1, quicklist_packed_threshold),
    ("RELOAD", 0, usize::MAX, reload),
    ("SDSLEN", 1, 1, sdslen),
    ("SET-ACTIVE-EXPIRE", 1, 1, set_active_expire),
    ("SLEEP", 1, 1, sleep),
    // Knobs of structures that a fake does not have: suites that turn them only want an OK.
    ("AOF-FLUSH-SLEEP", 1, 1, nothing),
    ("DICT-RESIZING", 1, 1, nothing),
    ("DROP-CLUSTER-PACKET-FILTER", 1, 1, nothing),
    ("KEYSIZES-HIST-ASSERT", 1, 1, nothing),
    ("PAUSE-CRON", 1, 1, nothing),
    ("REPLYBUFFER", 2, 2, nothing),
    ("SET-DISABLE-DENY-SCRIPTS", 1, 1, nothing),
    ("SET-SKIP-CHECKSUM-VALIDATION", 1, 1, nothing),
];

const NOT_ALLOWED: ReplyError = fixed(
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a \
     local connection, otherwise you need to set this option in the configuration file, and then restart the server.",
);

pub(super) fn debug(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let allowed: Allowed = cx.world.config.enable_debug_command();
    if !cx.unit.applying && !allowed.allows(cx.session.address.is_local()) {
        return Err(NOT_ALLOWED);
    }
    let word = args.next()?;
    let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    let found = SUBCOMMANDS
        .iter()
        .find(|(name, least, most, _)| is(name) && (*least..=*most).contains(&args.len()));
    match found {
        Some((_, _, _, run)) => run(cx, args),
        None => Err(ReplyError::subcommand("DEBUG", word)),
    }
}

fn nothing(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::OK)
}

fn change_repl_id(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    cx.world.replication_id = identity(&mut cx.world.rng);
    Ok(Reply::OK)
}

fn digest(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::Simple(cx.world.keyspace.digest().into()))
}

fn digest_value(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let digest = |key: &&[u8]| match cx.peek(key) {
        Some(slot) => slot.digest(),
        None => "0".repeat(40),
    };
    let digests = args.rest().iter().map(digest);
    Ok(Reply::Array(
        digests.map(|digest| Reply::Simple(digest.into())).collect(),
    ))
}

fn error(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let text = String::from_utf8_lossy(args.next()?);
    Err(ReplyError::new(text.into_owned()))
}

fn debug_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help("DEBUG", HELP))
}

fn loadaof(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    load(cx)
}

fn object(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (now_s, limits) = (cx.now_s(), cx.world.config.limits());
    let compress = cx.world.config.rdbcompression();
    let key = args.next()?;
    let slot = cx.look(key).ok_or(ReplyError::NO_SUCH_KEY)?;
    let idle_s = now_s.saturating_sub(slot.accessed());
    let mut text = format!(
        "Value at:0x7f0000000000 refcount:1 encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{idle_s}",
        encoding(key, slot),
        serialized_len(slot.value(), compress, &limits),
        slot.accessed() % (1 << 24),
    );
    if let Value::List(list) = slot.value()
        && list.encoding() == "quicklist"
    {
        text += &describe_nodes(list, limits.list);
    }
    Ok(Reply::Simple(text.into()))
}

fn describe_nodes(list: &List, limits: ListLimits) -> String {
    let sizes = rdb::node_sizes(list, limits);
    format!(
        " ql_nodes:{} ql_avg_node:{:.2} ql_listpack_max:{} ql_compressed:{} ql_uncompressed_size:{}",
        sizes.len(),
        list.len() as f64 / sizes.len() as f64,
        limits.size,
        u8::from(limits.depth > 0),
        sizes.iter().sum::<usize>(),
    )
}

/// Redis prints the structure where nobody looks.
fn listpack(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let encoding = encoding_of(cx, args.next()?)?;
    if !["listpack", "listpackex"].contains(&encoding) {
        return Err(fixed("ERR Not a listpack encoded object."));
    }
    Ok(Reply::Simple("Listpack structure printed on stdout".into()))
}

fn quicklist(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if encoding_of(cx, args.next()?)? != "quicklist" {
        return Err(fixed("ERR Not a quicklist encoded object."));
    }
    Ok(Reply::Simple(
        "Quicklist structure printed on stdout".into(),
    ))
}

fn encoding_of(cx: &mut Context<'_>, key: &[u8]) -> Result<&'static str> {
    let slot = cx.look(key).ok_or(ReplyError::NO_SUCH_KEY)?;
    Ok(encoding(key, slot))
}

/// The lengths of a key and of its string, and what is free behind them.
fn sdslen(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let slot = cx.look(key).ok_or(ReplyError::NO_SUCH_KEY)?;
    let Value::String(string) = slot.value() else {
        return Err(fixed("ERR Not an sds encoded string."));
    };
    let (head, len) = (head_len(key, slot), string.len());
    let (size, free, value_size) = match encoding(key, slot) {
        "int" => return Err(fixed("ERR Not an sds encoded string.")),
        "embstr" => {
            let size = allocation(head + len + 4);
            (size, size - (head + len + 4), 0)
        }
        _ => {
            let size = text(len);
            (allocation(head), size - text_len(len), size)
        }
    };
    Ok(Reply::Simple(
        format!(
            "key_sds_len:{}, key_sds_avail:0, key_zmalloc: {size}, val_sds_len:{len}, val_sds_avail:{free}, \
             val_zmalloc: {value_size}",
            key.len(),
        )
        .into(),
    ))
}

/// `DEBUG POPULATE count [prefix] [size]`: strings `value:N`, cut or filled with zero bytes to `size`.
fn populate(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    const OUT_OF_RANGE: ReplyError = fixed("ERR value is out of range, must be positive");
    let mut positive = |arg: &[u8]| {
        parse_i64(arg)
            .and_then(|n| usize::try_from(n).ok())
            .ok_or(OUT_OF_RANGE)
    };
    let count = positive(args.next()?)?;
    let prefix = args.next().unwrap_or(b"key");
    // Redis takes it for a C string.
    let prefix = prefix.split(|&byte| byte == 0).next().unwrap_or_default();
    let size = args.next().ok().map(&mut positive).transpose()?;
    for index in 0..count {
        let key = [prefix, format!(":{index}").as_bytes()].concat();
        if cx.exists(&key) {
            continue;
        }
        let mut value = format!("value:{index}").into_bytes();
        value.resize(size.unwrap_or(value.len()), 0);
        cx.set(&key, Value::String(StringValue::new(&value)));
        cx.unit.rewrite(&[b"SET", key.as_slice(), &value]);
    }
    Ok(Reply::OK)
}

/// `DEBUG PROTOCOL type`: a reply of each kind.
#[expect(clippy::approx_constant, reason = "it is what Redis answers, not pi")]
fn protocol(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let ints = || [0, 1, 2].map(Reply::Int).to_vec();
    Ok(match args.next()?.to_ascii_lowercase().as_slice() {
        b"string" => Reply::bulk("Hello World"),
        b"integer" => Reply::Int(12345),
        b"double" => Reply::Double(3.141),
        b"null" => Reply::Null,
        b"array" => Reply::Array(ints()),
        b"set" => Reply::Set(ints()),
        b"map" => Reply::Map(
            (0..3)
                .map(|n| (Reply::Int(n), Reply::Bool(n == 1)))
                .collect(),
        ),
        // Replies here know no attributes, which clients may skip.
        b"attrib" => Reply::bulk("Some real reply following the attribute"),
        b"push" if !cx.resp3() => return Err(fixed("ERR RESP2 is not supported by this command")),
        b"push" => {
            let push = vec![Reply::bulk("server-cpu-usage"), Reply::Int(42)];
            cx.session.push(Reply::Push(push));
            Reply::bulk("Some real reply following the push reply")
        }
        b"verbatim" => Reply::Verbatim(*b"txt", "This is a verbatim\nstring".into()),
        b"true" => Reply::Bool(true),
        b"false" => Reply::Bool(false),
        b"bignum" => Reply::BigNumber("1234567999999999999999999999999999999".into()),
        _ => {
            return Err(fixed(
                "ERR Wrong protocol type name. Please use one of the following: \
                 string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
            ));
        }
    })
}

/// Lists keep no element apart from the others: the threshold is checked and has no effect.
fn quicklist_packed_threshold(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    match parse_size(args.next()?) {
        Some(0..=4_294_967_296) => Ok(Reply::OK),
        _ => Err(fixed(
            "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
        )),
    }
}

/// `DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE]`: the data as the journal has it, in any case.
fn reload(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    while !args.is_empty() {
        if !(args.keyword("MERGE") || args.keyword("NOFLUSH") || args.keyword("NOSAVE")) {
            return Err(fixed(
                "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
            ));
        }
    }
    load(cx)
}

fn load(cx: &mut Context<'_>) -> Result {
    match cx.host.reload() {
        Ok(Some(keyspace)) => {
            cx.world.keyspace = keyspace;
            cx.world.keyspace.grow(cx.world.config.databases());
        }
        Ok(None) => {}
        Err(reason) => return Err(ReplyError::new(format!("ERR {reason}"))),
    }
    let limits = cx.world.config.limits();
    cx.world
        .keyspace
        .each_value_mut(|value| value.reload(&limits));
    cx.world.invalidate_all();
    Ok(Reply::OK)
}

fn set_active_expire(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    cx.world.active_expire = parse_i64(args.next()?).is_some_and(|on| on != 0);
    cx.unit.setting();
    Ok(Reply::OK)
}

fn sleep(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let seconds = parse_f64(args.next()?).unwrap_or(0.0);
    if let Ok(time) = Duration::try_from_secs_f64(seconds) {
        cx.host.sleep(time);
    }
    Ok(Reply::OK)
}

const HELP: &[&str] = &[
    "AOF-FLUSH-SLEEP <microsec>",
    "    Server will sleep before flushing the AOF, this is used for testing.",
    "CHANGE-REPL-ID",
    "    Change the replication IDs of the instance.",
    "    Dangerous: should be used only for testing the replication subsystem.",
    "DIGEST",
    "    Output a hex signature representing the current DB content.",
    "DIGEST-VALUE <key> [<key> ...]",
    "    Output a hex signature of the values of all the specified keys.",
    "ERROR <string>",
    "    Return a Redis protocol error with <string> as message. Useful for clients",
    "    unit tests to simulate Redis errors.",
    "LOG <message>",
    "    Write <message> to the server log.",
    "KEYSIZES-HIST-ASSERT <0|1>",
    "    Enable/disable keysizes histogram assertion after each command.",
    "LOADAOF",
    "    Flush the AOF buffers on disk and reload the AOF in memory.",
    "OBJECT <key>",
    "    Show low level info about `key` and associated value.",
    "DROP-CLUSTER-PACKET-FILTER <packet-type>",
    "    Drop all packets that match the filtered type. Set to -1 allow all packets.",
    "POPULATE <count> [<prefix>] [<size>]",
    "    Create <count> string keys named key:<num>. If <prefix> is specified then",
    "    it is used instead of the 'key' prefix. These are not propagated to",
    "    replicas. Cluster slots are not respected so keys not belonging to the",
    "    current node can be created in cluster mode.",
    "PROTOCOL <type>",
    "    Reply with a test value of the specified type. <type> can be: string,",
    "    integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
    "    true, false.",
    "RELOAD [option ...]",
    "    Save the RDB on disk and reload it back to memory. Valid <option> values:",
    "    * MERGE: conflicting keys will be loaded from RDB.",
    "    * NOFLUSH: the existing database will not be removed before load, but",
    "      conflicting keys will generate an exception and kill the server.",
    "    * NOSAVE: the database will be loaded from an existing RDB file.",
    "    Examples:",
    "    * DEBUG RELOAD: verify that the server is able to persist, flush and reload",
    "      the database.",
    "    * DEBUG RELOAD NOSAVE: replace the current database with the contents of an",
    "      existing RDB file.",
    "    * DEBUG RELOAD NOSAVE NOFLUSH MERGE: add the contents of an existing RDB",
    "      file to the database.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Setting it to 0 disables expiring keys (and hash-fields) in background ",
    "    when they are not accessed (otherwise the Redis behavior). Setting it",
    "    to 1 reenables back the default.",
    "QUICKLIST-PACKED-THRESHOLD <size>",
    "    Sets the threshold for elements to be inserted as plain vs packed nodes",
    "    Default value is 1GB, allows values up to 4GB. Setting to 0 restores to default.",
    "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
    "    Enables or disables checksum checks for RDB files and RESTORE's payload.",
    "SLEEP <seconds>",
    "    Stop the server for <seconds>. Decimals allowed.",
    "PAUSE-CRON <0|1>",
    "    Stop periodic cron job processing.",
    "REPLYBUFFER PEAK-RESET-TIME <NEVER||RESET|time>",
    "    Sets the time (in milliseconds) to wait between client reply buffer peak resets.",
    "    In case NEVER is provided the last observed peak will never be reset",
    "    In case RESET is provided the peak reset time will be restored to the default value",
    "REPLYBUFFER RESIZING <0|1>",
    "    Enable or disable the reply buffer resize cron job",
    "DICT-RESIZING <0|1>",
    "    Enable or disable the main dict and expire dict resizing.",
];
