//! Scripts.

use super::Family;

#[rustfmt::skip] // Rows of similar values.
pub const SCRIPTS: Family = Family {
    forms: &[
        "EVAL script 1 key value",
        "EVAL script { 0 | 1 key | 2 key key value | int key value }",
        "EVALSHA sha 1 key",
        "EVALSHA_RO sha 1 key value",
        "EVAL_RO script 1 key value",
        "SCRIPT DEBUG { NO | x }",
        "SCRIPT EXISTS < sha >",
        "SCRIPT FLUSH [ ASYNC | SYNC ]",
        "SCRIPT HELP",
        "SCRIPT KILL",
        "SCRIPT LOAD script",
    ],
    kinds: &[
        ("sha", &[
            b"4a2267357833227dd98abdedb8cf24b15a986445", b"4A2267357833227DD98ABDEDB8CF24B15A986445",
            b"0000000000000000000000000000000000000000", b"x",
        ]),
        ("script", &[
            b"return KEYS[1]", b"return {KEYS, ARGV}", b"return redis.call('GET', KEYS[1])",
            b"return redis.pcall('LPUSH', KEYS[1], ARGV[1])",
            b"return {1, 2.7, -2.7, 'x', true, false, {4, {}}, nil, 5}", b"return {ok = 'fine'}",
            b"return {err = 'MY own'}", b"return redis.error_reply('no code')",
            b"return redis.status_reply(ARGV[1])",
            b"redis.call('SET', KEYS[1], ARGV[1]) return redis.call('INCR', KEYS[1])",
            b"for i = 1, 200 do redis.call('RPUSH', KEYS[1], i) end return redis.call('LLEN', KEYS[1])",
            b"for i = 1, 200 do redis.call('HSET', KEYS[1], i, ARGV[1]) end return redis.call('HLEN', KEYS[1])",
            b"for i = 1, 200 do redis.call('SADD', KEYS[1], i) end return redis.call('SCARD', KEYS[1])",
            b"for i = 1, 600 do redis.call('SADD', KEYS[1], i) end return redis.call('SCARD', KEYS[1])",
            b"for i = 1, 100 do redis.call('SADD', KEYS[1], 'm' .. i) end return redis.call('SCARD', KEYS[1])",
            b"for i = 1, 150 do redis.call('RPUSH', KEYS[1], ARGV[1] .. i) end redis.call('LTRIM', KEYS[1], 0, 9)",
            b"redis.call('SADD', KEYS[1], 'x', 'b', ARGV[1]) return redis.call('SORT', KEYS[1], 'ALPHA')",
            b"return redis.call('TYPE', KEYS[1])", b"return redis.sha1hex(ARGV[1])",
            b"return tonumber(ARGV[1])", b"return #ARGV[1] + #KEYS[1]",
            b"return tostring(1e15) .. tostring(0.1) .. tostring(-0/1)",
            b"math.randomseed(7) return math.random(1, 100)",
            b"return cjson.encode({1, 'a', {x = 1.5}, cjson.null})",
            b"return cjson.decode('[1, \"a\", [true, null]]')", b"error('boom')", b"return nosuch()",
            b"return nosuch", b"x = 1", b"return redis.call('NOSUCH')", b"return redis.call('GET')",
            b"return redis.pcall('SELECT', '1')", b"return redis.call('WATCH', KEYS[1])", b"return (",
            b"redis.call('SET', KEYS[1], 1) redis.call('EXPIRE', KEYS[1], 100000) return redis.call('TTL', KEYS[1]) > 9",
            b"redis.setresp(3) return redis.call('SISMEMBER', KEYS[1], ARGV[1])",
            b"local got = redis.pcall('HGET', KEYS[1], ARGV[1]) return got.err or got",
        ]),
    ],
};
