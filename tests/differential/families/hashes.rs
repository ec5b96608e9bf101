//! Hashes, and fields that expire.

use super::Family;

#[rustfmt::skip] // Rows of similar values.
pub const HASHES: Family = Family {
    forms: &[
        "EVAL fill 1 key value",
        "HDEL key < field >",
        "HEXISTS key field",
        "HEXPIRE key ttl [ NX | XX | GT | LT ] FIELDS { 1 field | 2 field field | int field }",
        "HEXPIREAT key at [ NX | XX | GT | LT ] FIELDS { 1 field | 2 field field }",
        "HEXPIRETIME key FIELDS 2 field field => times",
        "HGET key field",
        "HGETALL key => pairs",
        "HGETDEL key FIELDS { 1 field | 2 field field | int field }",
        "HGETEX key [ EX ttl | PX ttl | EXAT at | PXAT atms | PERSIST ] FIELDS { 1 field | 2 field field }",
        "HINCRBY key field int",
        "HINCRBYFLOAT key field float",
        "HKEYS key => items",
        "HLEN key",
        "HMGET key < field >",
        "HMSET key < field value >",
        "HPERSIST key FIELDS 2 field field",
        "HPEXPIRE key ttl [ NX | XX | GT | LT ] FIELDS 2 field field",
        "HPEXPIREAT key atms [ NX | XX | GT | LT ] FIELDS 1 field",
        "HPEXPIRETIME key FIELDS 1 field => times",
        "HPTTL key FIELDS 2 field field => times",
        "HRANDFIELD key 100000 [ WITHVALUES ] => items",
        "HRANDFIELD key { 0 | x | 1 WITHVALUE | 9223372036854775807 WITHVALUES | -9223372036854775808 } => kind",
        "HRANDFIELD key => kind",
        "HSCAN key 0 COUNT 100000 [ MATCH pattern ] [ NOVALUES ] => items",
        "HSCAN key int [ COUNT int ] [ MATCH pattern ] => kind",
        "HSET key < field value >",
        "HSET key < field value >",
        "HSETEX key [ FNX | FXX ] [ EX ttl | PX ttl | EXAT at | PXAT atms | KEEPTTL ] FIELDS { 1 field value | 2 field value field value }",
        "HSETNX key field value",
        "HSTRLEN key field",
        "HTTL key FIELDS 2 field field => times",
        "HVALS key => items",
    ],
    kinds: &[
        ("fill", &[
            b"for i = 1, 513 do redis.call('HSET', KEYS[1], i, ARGV[1]) end",
            b"for i = 1, 510 do redis.call('HSET', KEYS[1], 'f' .. i, i) end",
            b"for i = 1, 512 do redis.call('HDEL', KEYS[1], i) end",
        ]),
    ],
};
