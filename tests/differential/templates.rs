//! The commands of each family, and how much of a reply Redis leaves open.

use crate::support::transcript::Order;

pub const STRINGS: &[&str] = &[
    "APPEND key value",
    "DECR key",
    "DECRBY key int",
    "GET key",
    "GETDEL key",
    "GETEX key [ EX ttl | PX ttl | EXAT at | PXAT atms | PERSIST ]",
    "GETRANGE key index index",
    "GETSET key value",
    "INCR key",
    "INCRBY key int",
    "INCRBYFLOAT key float",
    "LCS key key [ LEN ] [ IDX ] [ MINMATCHLEN int ] [ WITHMATCHLEN ]",
    "MGET < key >",
    "MSET < key value >",
    "MSETNX < key value >",
    "PSETEX key ttl value",
    "SET key value",
    "SET key value [ NX | XX ] [ GET ] [ EX ttl | PX ttl | EXAT at | PXAT atms | KEEPTTL ]",
    "SETEX key ttl value",
    "SETNX key value",
    "SETRANGE key offset value",
    "STRLEN key",
    "SUBSTR key index index",
];

pub const BITS: &[&str] = &[
    "BITCOUNT key [ index index | index index BYTE | index index BIT ]",
    "BITFIELD key < GET type place | SET type place int | INCRBY type place int | OVERFLOW { WRAP | SAT | FAIL } >",
    "BITFIELD_RO key < GET type place >",
    "BITOP { AND | OR | XOR | DIFF | DIFF1 | ANDOR | ONE } key key < key >",
    "BITOP NOT key key",
    "BITPOS key onoff [ index | index index | index index BYTE | index index BIT ]",
    "GETBIT key bit",
    "SETBIT key bit onoff",
];

pub const HASHES: &[&str] = &[
    "HDEL key < field >",
    "HEXISTS key field",
    "HEXPIRE key ttl [ NX | XX | GT | LT ] FIELDS { 1 field | 2 field field | int field }",
    "HEXPIREAT key at [ NX | XX | GT | LT ] FIELDS { 1 field | 2 field field }",
    "HEXPIRETIME key FIELDS 2 field field",
    "HGET key field",
    "HGETALL key",
    "HGETDEL key FIELDS { 1 field | 2 field field | int field }",
    "HGETEX key [ EX ttl | PX ttl | EXAT at | PXAT atms | PERSIST ] FIELDS { 1 field | 2 field field }",
    "HINCRBY key field int",
    "HINCRBYFLOAT key field float",
    "HKEYS key",
    "HLEN key",
    "HMGET key < field >",
    "HMSET key < field value >",
    "HPERSIST key FIELDS 2 field field",
    "HPEXPIRE key ttl [ NX | XX | GT | LT ] FIELDS 2 field field",
    "HPEXPIREAT key atms [ NX | XX | GT | LT ] FIELDS 1 field",
    "HPEXPIRETIME key FIELDS 1 field",
    "HPTTL key FIELDS 2 field field",
    "HRANDFIELD key 1000 [ WITHVALUES ]",
    "HSCAN key 0 COUNT 1000 [ MATCH pattern ] [ NOVALUES ]",
    "HSET key < field value >",
    "HSET key < field value >",
    "HSETEX key [ FNX | FXX ] [ EX ttl | PX ttl | EXAT at | PXAT atms | KEEPTTL ] FIELDS { 1 field value | 2 field value field value }",
    "HSETNX key field value",
    "HSTRLEN key field",
    "HTTL key FIELDS 2 field field",
    "HVALS key",
];

pub const LISTS: &[&str] = &[
    "LINDEX key index",
    "LINSERT key { BEFORE | AFTER } value value",
    "LLEN key",
    "LMOVE key key { LEFT | RIGHT } { LEFT | RIGHT }",
    "LMPOP { 1 key | 2 key key | int key } { LEFT | RIGHT } [ COUNT count ]",
    "LPOP key [ count ]",
    "LPOS key value [ RANK index ] [ COUNT count ] [ MAXLEN count ]",
    "LPUSH key < value >",
    "LPUSHX key < value >",
    "LRANGE key index index",
    "LREM key count value",
    "LSET key index value",
    "LTRIM key index index",
    "RPOP key [ count ]",
    "RPOPLPUSH key key",
    "RPUSH key < value >",
    "RPUSH key < value >",
    "RPUSHX key < value >",
];

pub const SETS: &[&str] = &[
    "SADD key < value >",
    "SADD key < value >",
    "SADD key < int >",
    "SCARD key",
    "SDIFF < key >",
    "SDIFFSTORE key < key >",
    "SINTER < key >",
    "SINTERCARD { 1 key | 2 key key | int key } [ LIMIT count ]",
    "SINTERSTORE key < key >",
    "SISMEMBER key value",
    "SMEMBERS key",
    "SMISMEMBER key < value >",
    "SMOVE key key value",
    "SPOP key 1000",
    "SRANDMEMBER key 1000",
    "SREM key < value >",
    "SSCAN key 0 COUNT 1000 [ MATCH pattern ]",
    "SUNION < key >",
    "SUNIONSTORE key < key >",
];

pub const KEYS: &[&str] = &[
    "COPY key key [ DB db ] [ REPLACE ]",
    "DBSIZE",
    "DEL < key >",
    "EXISTS < key >",
    "EXPIRE key ttl [ NX | XX | GT | LT ]",
    "EXPIREAT key at [ NX | XX | GT | LT ]",
    "EXPIRETIME key",
    "FLUSHDB [ ASYNC | SYNC ]",
    "KEYS pattern",
    "MOVE key db",
    "OBJECT ENCODING key",
    "OBJECT REFCOUNT key",
    "PERSIST key",
    "PEXPIRE key ttl [ NX | XX ] [ GT | LT ]",
    "PEXPIREAT key atms [ NX | XX | GT | LT ]",
    "PEXPIRETIME key",
    "PTTL key",
    "RANDOMKEY",
    "RENAME key key",
    "RENAMENX key key",
    "RESTORE key ttl value [ REPLACE ] [ ABSTTL ] [ IDLETIME int ] [ FREQ int ]",
    "SCAN 0 COUNT 1000 [ MATCH pattern ] [ TYPE { string | hash | list | set | x } ]",
    "SELECT db",
    "SORT key [ BY by ] [ LIMIT index count ] [ GET get ] [ GET get ] [ ASC | DESC ] [ ALPHA ]",
    "SORT key [ ASC | DESC ] ALPHA STORE key",
    "SORT key BY nosort [ GET get ]",
    "SORT_RO key [ ALPHA ] [ BY by ] [ GET get ]",
    "SWAPDB db db",
    "TOUCH < key >",
    "TTL key",
    "TYPE key",
    "UNLINK < key >",
];

pub const TRANSACTIONS: &[&str] = &[
    "MULTI",
    "MULTI",
    "EXEC",
    "EXEC",
    "DISCARD",
    "WATCH < key >",
    "UNWATCH",
];

pub const SCRIPTS: &[&str] = &[
    "EVAL script 1 key value",
    "EVAL script { 0 | 1 key | 2 key key value | int key value }",
    "EVAL_RO script 1 key value",
    "EVALSHA sha 1 key",
    "EVALSHA_RO sha 1 key value",
    "SCRIPT EXISTS < sha >",
    "SCRIPT FLUSH [ ASYNC | SYNC ]",
    "SCRIPT LOAD script",
];

/// How alike two replies to the same command must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    Same(Order),
    /// Integers differ by no more than the time that a command takes.
    Times,
    /// Encodings; whether a field ever had a time to live does not count.
    Encoding,
    /// Both are of the same type.
    Kind,
}

/// What Redis promises of the reply to a command.
pub fn likeness(argv: &[Vec<u8>]) -> Likeness {
    let name = String::from_utf8_lossy(&argv[0]).to_uppercase();
    let has = |option: &[u8]| argv.iter().any(|arg| arg.eq_ignore_ascii_case(option));
    match &*name {
        // What is queued holds references too.
        "OBJECT" if has(b"REFCOUNT") => Likeness::Kind,
        "RANDOMKEY" => Likeness::Kind,
        "TTL" | "PTTL" | "HTTL" | "HPTTL" | "EXPIRETIME" | "PEXPIRETIME" | "HEXPIRETIME"
        | "HPEXPIRETIME" => Likeness::Times,
        // HEXPIRE changes the encoding even when it changes nothing else. Ours follows from the journal, which
        // has no record of what changed nothing.
        "OBJECT" => Likeness::Encoding,
        "HGETALL" => Likeness::Same(Order::Pairs),
        "HKEYS" | "HVALS" | "HRANDFIELD" | "HSCAN" | "KEYS" | "SCAN" | "SDIFF" | "SINTER"
        | "SMEMBERS" | "SPOP" | "SRANDMEMBER" | "SSCAN" | "SUNION" => Likeness::Same(Order::Items),
        "SORT" if has(b"nosort") => Likeness::Same(Order::Items),
        _ => Likeness::Same(Order::Fixed),
    }
}
