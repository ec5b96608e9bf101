// ioredis against a server. Arguments: see checks.mjs.

import assert from "node:assert/strict";
import { port, require, run } from "./checks.mjs";

const Redis = require("ioredis");
const connect = (options = {}) => new Redis({ port, ...options });

// The entries of the only stream that was read: a list of streams, or with RESP3 a map of them.
const only = (reply) => (Array.isArray(reply) ? reply[0][1] : Object.values(reply)[0]);

// Each check gets a client of an empty database, and another that is somebody else's.
const checks = {
  async "set and get"(r) {
    assert.equal(await r.set("k", "v"), "OK");
    assert.equal(await r.get("k"), "v");
    assert.deepEqual(await r.getBuffer("k"), Buffer.from("v"));
    assert.equal(await r.get("none"), null);
    assert.equal(await r.set("k", "w", "EX", 100, "NX"), null);
    assert.equal(await r.incrby("n", 42), 42);
  },

  async hashes(r) {
    assert.equal(await r.hset("h", { name: "mug", stock: 10 }), 2);
    assert.deepEqual(await r.hgetall("h"), { name: "mug", stock: "10" });
    assert.deepEqual(await r.hmget("h", "stock", "none"), ["10", null]);
  },

  async lists(r) {
    assert.equal(await r.rpush("l", "a", "b", "c", "b"), 4);
    assert.deepEqual(await r.lrange("l", 0, -1), ["a", "b", "c", "b"]);
    assert.deepEqual(await r.lpos("l", "b", "COUNT", 0), [1, 3]);
    assert.equal(await r.linsert("l", "BEFORE", "c", "x"), 5);
    assert.equal(await r.lrem("l", 0, "b"), 2);
    assert.equal(await r.lmove("l", "m", "LEFT", "LEFT"), "a");
    assert.deepEqual(await r.lmpop(2, "none", "l", "RIGHT", "COUNT", 2), ["l", ["c", "x"]]);
    assert.equal(await r.lpop("l"), null);
  },

  async sets(r) {
    assert.equal(await r.sadd("a", 1, 2, 3), 3);
    assert.equal(await r.sadd("b", [2, 3, 4]), 3);
    assert.deepEqual(await r.smembers("a"), ["1", "2", "3"]);
    assert.deepEqual(await r.sinter("a", "b"), ["2", "3"]);
    assert.deepEqual(await r.smismember("a", 1, 9), [1, 0]);
    assert.equal(await r.sdiffstore("d", "a", "b"), 1);
    assert.deepEqual(await r.spop("d", 5), ["1"]);
  },

  async "sorted sets"(r) {
    assert.equal(await r.zadd("z", 1, "a", 2.5, "b", "+inf", "c"), 3);
    assert.equal(Number(await r.zscore("z", "b")), 2.5);
    assert.equal(Number(await r.zincrby("z", 2, "a")), 3);
    assert.deepEqual(await r.zrange("z", 0, -1), ["b", "a", "c"]);
    assert.deepEqual(await r.zrange("z", "+inf", "(2.5", "BYSCORE", "REV", "LIMIT", 0, 1), ["c"]);
    assert.equal(await r.zunionstore("u", 1, "z", "WEIGHTS", 2), 3);
    assert.equal(await r.zrank("u", "a"), 1);
    assert.equal(await r.zremrangebyrank("z", 0, 1), 2);
  },

  async streams(r) {
    assert.equal(await r.xadd("s", "1-1", "n", 1), "1-1");
    assert.equal(await r.xadd("s", "1-*", "n", 2), "1-2");
    assert.deepEqual(await r.xrange("s", "-", "+"), [["1-1", ["n", "1"]], ["1-2", ["n", "2"]]]);
    assert.equal(await r.xgroup("CREATE", "s", "g", 0), "OK");
    const read = await r.xreadgroup("GROUP", "g", "mary", "COUNT", 1, "STREAMS", "s", ">");
    assert.deepEqual(only(read), [["1-1", ["n", "1"]]]);
    assert.deepEqual(await r.xpending("s", "g"), [1, "1-1", "1-1", [["mary", "1"]]]);
    assert.equal((await r.xautoclaim("s", "g", "john", 0, 0))[1].length, 1);
    assert.equal(await r.xack("s", "g", "1-1"), 1);
    assert.equal(await r.xtrim("s", "MAXLEN", 1), 1);
    assert.deepEqual(only(await r.xread("STREAMS", "s", 0)), [["1-2", ["n", "2"]]]);
  },

  async geo(r) {
    const places = [13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"];
    assert.equal(await r.geoadd("g", ...places), 2);
    assert.equal(await r.geodist("g", "Palermo", "Catania", "km"), "166.2742");
    assert.deepEqual(await r.geohash("g", "Palermo"), ["sqc8b49rny0"]);
    const near = await r.geosearch("g", "FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "ASC", "WITHDIST");
    assert.deepEqual(near, [["Catania", "56.4413"], ["Palermo", "190.4424"]]);
  },

  async hyperloglog(r) {
    assert.equal(await r.pfadd("a", ...Array(1000).keys()), 1);
    assert.equal(await r.pfcount("a"), 1001);
    assert.equal(await r.pfmerge("u", "a", "none"), "OK");
    assert.equal(await r.pfcount("u"), 1001);
  },

  async bitmaps(r) {
    assert.equal(await r.setbit("b", 7, 1), 0);
    await r.set("c", Buffer.from([0xff, 0, 0x0f]));
    assert.equal(await r.bitcount("c"), 12);
    assert.equal(await r.bitop("XOR", "d", "b", "c"), 3);
    assert.deepEqual(await r.getBuffer("d"), Buffer.from([0xfe, 0, 0x0f]));
    const fields = ["OVERFLOW", "SAT", "SET", "u8", 0, 250, "INCRBY", "u8", 0, 10, "GET", "i8", "#0"];
    assert.deepEqual(await r.bitfield("f", ...fields), [0, 255, -1]);
  },

  async "vector sets"(r) {
    assert.equal(Number(await r.call("VADD", "v", "VALUES", 2, 1, 0, "east")), 1);
    assert.equal(Number(await r.call("VADD", "v", "VALUES", 2, 0, 1, "north")), 1);
    assert.equal(await r.call("VCARD", "v"), 2);
    assert.deepEqual(await r.call("VSIM", "v", "VALUES", 2, 0.9, 0.1), ["east", "north"]);
  },

  async "waiting for others"(r, other) {
    assert.equal(await r.blpop("l", 0.01), null);
    const soon = (push) => setTimeout(push, 50);
    soon(() => other.rpush("l", "pushed"));
    assert.deepEqual(await r.blpop("none", "l", 10), ["l", "pushed"]);
    soon(() => other.rpush("l", "moved"));
    assert.equal(await r.blmove("l", "m", "LEFT", "RIGHT", 10), "moved");
    soon(() => other.zadd("z", 7, "member"));
    assert.deepEqual((await r.bzpopmin("z", 10)).map(String), ["z", "member", "7"]);
    soon(() => other.xadd("s", "*", "f", "v"));
    assert.deepEqual(only(await r.xread("BLOCK", 10_000, "STREAMS", "s", "$"))[0][1], ["f", "v"]);
  },

  async "field expiry"(r) {
    await r.hset("h", { long: 1, ever: 2 });
    assert.deepEqual(await r.hexpire("h", 100, "FIELDS", 2, "long", "none"), [1, -2]);
    assert.deepEqual(await r.httl("h", "FIELDS", 2, "long", "ever"), [100, -1]);
  },

  async "a pipeline"(r) {
    const replies = await r.pipeline().set("k", "text").incr("k").get("k").exec();
    assert.deepEqual(replies[0], [null, "OK"]);
    assert.match(replies[1][0].message, /not an integer/);
    assert.deepEqual(replies[2], [null, "text"]);
  },

  async "commands at once, in order"(r) {
    const replies = await Promise.all(Array.from({ length: 1000 }, () => r.incr("n")));
    assert.deepEqual(replies, Array.from({ length: 1000 }, (_, i) => i + 1));
  },

  async "multi and exec"(r) {
    assert.deepEqual(await r.multi().set("k", 1).incr("k").exec(), [[null, "OK"], [null, 2]]);
    await r.multi({ pipeline: false });
    assert.equal(await r.incr("k"), "QUEUED");
    assert.deepEqual(await r.exec(), [[null, 3]]);
  },

  async "a watched key that changed"(r, other) {
    await r.watch("k");
    await other.set("k", "faster");
    assert.equal(await r.multi().set("k", "slower").exec(), null);
    assert.equal(await r.get("k"), "faster");
  },

  async "scripts"(r) {
    r.defineCommand("put", { numberOfKeys: 1, lua: "return redis.call('SET', KEYS[1], ARGV[1])" });
    await r.script("FLUSH"); // so that EVALSHA answers NOSCRIPT
    assert.equal(await r.put("k", "v"), "OK");
    assert.deepEqual(await r.eval("return {KEYS[1], ARGV[1], 7}", 1, "k", "a"), ["k", "a", 7]);
  },

  async "messages"(r, other) {
    const message = new Promise((resolve) => other.on("message", (...found) => resolve(found)));
    assert.equal(await other.subscribe("news"), 1);
    assert.equal(await r.publish("news", "hello"), 1);
    assert.deepEqual(await message, ["news", "hello"]);
  },

  async "an error"(r) {
    await r.set("k", "v");
    await assert.rejects(r.hget("k", "f"), { name: "ReplyError", message: /^WRONGTYPE/ });
    await assert.rejects(r.call("NOSUCH"), /unknown command/);
  },

  async "a stream of keys"(r) {
    const pairs = Array.from({ length: 500 }, (_, i) => [`key:${i}`, i]);
    await r.mset(pairs.flat());
    const found = [];
    for await (const keys of r.scanStream({ match: "key:*", count: 50 })) found.push(...keys);
    assert.deepEqual(found.sort(), pairs.map(([key]) => key).sort());
  },

  async "another database and a name"() {
    const named = connect({ db: 3, connectionName: "checkout" });
    await named.set("k", "v");
    assert.match(await named.client("INFO"), / name=checkout .* db=3 /);
    named.disconnect();
  },
};

await run("ioredis", checks, {
  async open() {
    const clients = [connect(), connect()];
    await clients[0].flushall();
    return clients;
  },
  close: (...clients) => clients.forEach((client) => client.disconnect()),
});
