// ioredis against a server. Arguments: see checks.mjs.

import assert from "node:assert/strict";
import { port, require, run } from "./checks.mjs";

const Redis = require("ioredis");
const connect = (options = {}) => new Redis({ port, ...options });

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
