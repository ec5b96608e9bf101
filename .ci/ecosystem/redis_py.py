"""redis-py against a server: redis_py.py PORT

Every type of data once, and what goes round them. Every check runs on the synchronous and on the asynchronous client, with the default protocol, with RESP2 and with
RESP3. The synchronous client is made to look asynchronous, so that each check is written once.
"""

import asyncio
import sys
import threading
import time
import traceback

import redis
import redis.asyncio
from redis.cache import CacheConfig


class Immediate:
    """A synchronous client or pipeline whose answers can be awaited; nothing is ever waited for."""

    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        async def call(*args, **kwargs):
            return getattr(self.inner, name)(*args, **kwargs)

        return call

    def pipeline(self, **kwargs):
        return Immediate(self.inner.pipeline(**kwargs))

    def multi(self):
        self.inner.multi()

    def bitfield(self, *args):
        operation = self.inner.bitfield(*args)
        execute = operation.execute

        async def awaited():
            return execute()

        operation.execute = awaited
        return operation

    def vset(self):
        return Immediate(self.inner.vset())

    def register_script(self, text):
        script = self.inner.register_script(text)

        async def call(**kwargs):
            return script(**kwargs)

        return call

    async def scan_iter(self, *args, **kwargs):
        for key in self.inner.scan_iter(*args, **kwargs):
            yield key

    async def transaction(self, function, *watches):
        return self.inner.transaction(lambda pipe: finish(function(Immediate(pipe))), *watches)


def finish(coroutine):
    """What a coroutine answers that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waited")


async def raises(kind, answer):
    try:
        await answer
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__}")


# Each check gets a client of an empty database, and another that is somebody else's.


async def strings(r, other):
    assert await r.ping() is True
    assert await r.set("k", "v") is True
    assert await r.get("k") == b"v"
    assert await r.set("k", "w", nx=True) is None
    assert await r.set("k", "w", get=True) == b"v"
    assert await r.append("k", b"\x00\xff\r\n") == 5
    assert await r.get("k") == b"w\x00\xff\r\n"
    assert await r.mset({"a": 1, "b": 2}) is True
    assert await r.mget("a", "b", "none") == [b"1", b"2", None]
    assert await r.incr("a", 41) == 42
    assert await r.incrbyfloat("a", 0.5) == 42.5
    assert await r.delete("a", "b", "none") == 2


async def hashes(r, other):
    assert await r.hset("h", mapping={"name": "mug", "stock": 10}) == 2
    assert await r.hgetall("h") == {b"name": b"mug", b"stock": b"10"}
    assert await r.hincrby("h", "stock", -1) == 9
    assert await r.hmget("h", "stock", "none") == [b"9", None]
    assert await r.hdel("h", "name") == 1
    assert await r.hexists("h", "name") is False


async def field_expiry(r, other):
    await r.hset("h", mapping={"short": 1, "long": 2, "ever": 3})
    assert await r.hpexpire("h", 50, "short") == [1]
    assert await r.hexpire("h", 100, "long", "none") == [1, -2]
    assert await r.httl("h", "long", "ever") == [100, -1]
    while other.hexists("h", "short"):
        pass
    assert await r.hkeys("h") == [b"long", b"ever"]
    assert await r.hgetdel("h", "long", "ever") == [b"2", b"3"]
    assert await r.exists("h") == 0


async def lists(r, other):
    assert await r.rpush("l", "b", "c", "b") == 3
    assert await r.lpush("l", "a") == 4
    assert await r.lrange("l", 0, -1) == [b"a", b"b", b"c", b"b"]
    assert await r.linsert("l", "AFTER", "c", "d") == 5
    assert await r.lpos("l", "b", count=0) == [1, 4]
    assert await r.lrem("l", -1, "b") == 1
    assert await r.lset("l", 0, "A") is True
    assert await r.lmove("l", "m", "LEFT", "RIGHT") == b"A"
    assert await r.lmpop(2, "none", "l", direction="RIGHT", count=2) == [b"l", [b"d", b"c"]]
    assert await r.lpop("l") == b"b"
    assert await r.lpop("l", 3) is None
    assert await r.ltrim("m", 1, -1) is True and await r.llen("m") == 0


async def sets(r, other):
    assert await r.sadd("a", 1, 2, 3) == 3 and await r.sadd("b", 2, 3, 4) == 3
    assert await r.smembers("a") == {b"1", b"2", b"3"}
    assert await r.sinter("a", "b") == {b"2", b"3"}
    assert await r.sintercard(2, ["a", "b"], limit=1) == 1
    assert await r.sdiffstore("d", "a", "b") == 1
    assert await r.sunionstore("u", "a", "b") == 4
    assert await r.smismember("u", ["1", "9"]) == [1, 0]
    assert await r.smove("a", "d", "2") is True
    assert await r.srandmember("a", 10) == [b"1", b"3"]
    assert await r.spop("d", 2) == [b"1", b"2"] and await r.scard("d") == 0


async def sorted_sets(r, other):
    assert await r.zadd("z", {"a": 1, "b": 2.5, "c": float("inf")}) == 3
    assert await r.zscore("z", "b") == 2.5
    assert await r.zincrby("z", 2, "a") == 3.0
    assert await r.zrange("z", 0, -1) == [b"b", b"a", b"c"]
    assert await r.zrange("z", "(2.5", "+inf", byscore=True, offset=0, num=1) == [b"a"]
    assert await r.zadd("z", {"a": 1}, gt=True, ch=True) == 0
    assert await r.zmscore("z", ["a", "none"]) == [3.0, None]
    assert await r.zrank("z", "c") == 2 and await r.zcount("z", 0, 3) == 2
    assert await r.zunionstore("u", {"z": 2}) == 3
    assert await r.zrangestore("s", "u", 0, 0) == 1 and await r.zscore("s", "b") == 5.0
    assert await r.zremrangebyscore("z", "inf", "inf") == 1
    assert await r.zrem("z", "a", "none") == 1 and await r.zcard("z") == 1


async def streams(r, other):
    first = await r.xadd("s", {"n": 1}, id="1-1")
    second = await r.xadd("s", {"n": 2}, id="1-*")
    assert (first, second) == (b"1-1", b"1-2")
    assert await r.xrange("s") == [(b"1-1", {b"n": b"1"}), (b"1-2", {b"n": b"2"})]
    assert await r.xrevrange("s", count=1) == [(b"1-2", {b"n": b"2"})]
    assert await r.xgroup_create("s", "g", id="0") is True
    assert entries(await r.xreadgroup("g", "mary", {"s": ">"}, count=1)) == [(b"1-1", {b"n": b"1"})]
    assert (await r.xpending("s", "g"))["pending"] == 1
    assert await r.xclaim("s", "g", "john", 0, ["1-1"]) == [(b"1-1", {b"n": b"1"})]
    assert await r.xack("s", "g", "1-1") == 1
    assert (await r.xinfo_groups("s"))[0]["lag"] == 1
    assert await r.xtrim("s", maxlen=1, approximate=False) == 1
    assert entries(await r.xread({"s": "0"})) == [(b"1-2", {b"n": b"2"})]
    assert await r.xdel("s", "1-2") == 1 and await r.xlen("s") == 0
    assert (await r.xinfo_stream("s"))["last-generated-id"] == b"1-2"


def entries(reply):
    """The entries of the only stream that was read: a list of streams, or a dictionary of lists with RESP3."""
    [[_, found]] = reply.items() if isinstance(reply, dict) else reply
    return found[0] if isinstance(reply, dict) else found


async def geo(r, other):
    places = (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania")
    assert await r.geoadd("g", places) == 2
    assert round(await r.geodist("g", "Palermo", "Catania", unit="km"), 3) == 166.274
    assert await r.geohash("g", "Palermo") in (["sqc8b49rny0"], [b"sqc8b49rny0"])
    near = await r.geosearch("g", longitude=15, latitude=37, radius=100, unit="km", withdist=True)
    assert [(name, round(distance)) for name, distance in near] == [(b"Catania", 56)]
    assert await r.geosearchstore("d", "g", member="Palermo", radius=200, unit="km", sort="ASC") == 2
    [(longitude, latitude)] = await r.geopos("d", "Catania")
    assert (round(longitude, 4), round(latitude, 4)) == (15.0873, 37.5027)


async def hyperloglog(r, other):
    assert await r.pfadd("a", *range(1000)) == 1
    assert await r.pfadd("a", 1, 2, 3) == 0
    assert await r.pfcount("a") == 1001
    await r.pfadd("b", *range(500, 1500))
    assert await r.pfcount("a", "b") == 1512
    assert await r.pfmerge("u", "a", "b") is True and await r.pfcount("u") == 1512


async def bitmaps(r, other):
    assert await r.setbit("b", 7, 1) == 0 and await r.getbit("b", 7) == 1
    await r.set("c", b"\xff\x00\x0f")
    assert await r.bitcount("c") == 12 and await r.bitcount("c", 8, 19, "BIT") == 0
    assert await r.bitpos("c", 0) == 8
    assert await r.bitop("XOR", "d", "b", "c") == 3 and await r.get("d") == b"\xfe\x00\x0f"
    field = r.bitfield("f", "SAT")
    assert await field.set("u8", 0, 250).incrby("u8", 0, 10).get("i8", "#0").execute() == [0, 255, -1]


async def vector_sets(r, other):
    v = r.vset()
    assert await v.vadd("v", [1.0, 0.0], "east") == 1
    assert await v.vadd("v", [0.0, 1.0], "north", attributes={"cold": True}) == 1
    assert await v.vcard("v") == 2 and await v.vdim("v") == 2
    assert await v.vsim("v", [0.9, 0.1]) == [b"east", b"north"]
    assert await v.vsim("v", [0.9, 0.1], filter=".cold") == [b"north"]
    assert await v.vgetattr("v", "north") == {"cold": True}
    assert await v.vrem("v", "east") == 1


async def blocking(r, other):
    assert await r.blpop(["l"], timeout=0.01) is None

    def later(push):
        timer = threading.Timer(0.1, push)
        timer.start()

    later(lambda: other.rpush("l", "pushed"))
    assert tuple(await r.blpop(["none", "l"], timeout=10)) == (b"l", b"pushed")
    later(lambda: other.rpush("l", "moved"))
    assert await r.blmove("l", "m", 10) == b"moved"
    later(lambda: other.zadd("z", {"member": 7}))
    assert tuple(await r.bzpopmin("z", timeout=10)) == (b"z", b"member", 7.0)
    later(lambda: other.xadd("s", {"f": "v"}))
    assert entries(await r.xread({"s": "$"}, block=10_000))[0][1] == {b"f": b"v"}
    assert await r.lrange("m", 0, -1) == [b"moved"]


async def expiry(r, other):
    await r.set("short", "v", px=50)
    assert 0 < await r.pttl("short") <= 50
    await r.set("long", "v", ex=100)
    assert await r.ttl("long") in (99, 100)
    assert await r.persist("long") is True
    assert await r.ttl("long") == -1
    assert await r.expire("long", 100, xx=True) is False
    while other.exists("short"):
        pass
    assert await r.get("short") is None
    assert await r.ttl("short") == -2


async def scan_iter(r, other):
    await r.mset({f"user:{i}": i for i in range(1000)} | {"other": 1})
    found = [key async for key in r.scan_iter("user:*", count=50)]
    assert sorted(found) == sorted(f"user:{i}".encode() for i in range(1000))


async def pipelines(r, other):
    pipe = r.pipeline(transaction=False)
    for increment in (1, 2, 3):
        await pipe.incrby("k", increment)
    assert await pipe.execute() == [1, 3, 6]
    pipe = r.pipeline(transaction=True)
    await pipe.set("k", "text")
    await pipe.incr("k")
    await pipe.get("k")
    done, error, value = await pipe.execute(raise_on_error=False)
    assert (done, value) == (True, b"text")
    assert isinstance(error, redis.ResponseError) and "not an integer" in str(error)


async def watch(r, other):
    await r.set("k", 1)
    pipe = r.pipeline()
    await pipe.watch("k")
    assert await pipe.get("k") == b"1"
    other.set("k", 2)
    pipe.multi()
    await pipe.set("k", 3)
    await raises(redis.WatchError, pipe.execute())
    await pipe.reset()
    assert await r.get("k") == b"2"


async def transaction(r, other):
    await r.set("k", 10)
    tries = []

    async def decrement(pipe):
        tries.append(int(await pipe.get("k")))
        if len(tries) == 1:
            other.set("k", 5)  # the first try is in vain
        pipe.multi()
        await pipe.set("k", tries[-1] - 1)

    assert await r.transaction(decrement, "k") == [True]
    assert tries == [10, 5]
    assert await r.get("k") == b"4"


async def scripts(r, other):
    script = r.register_script("redis.call('SET', KEYS[1], ARGV[1]) return {KEYS[1], 7, false}")
    for _ in range(2):
        await r.script_flush()  # so that EVALSHA answers NOSCRIPT, and the client loads the script
        assert await script(keys=["k"], args=["v"]) == [b"k", 7, None]
    await raises(redis.exceptions.NoScriptError, r.evalsha("0" * 40, 0))
    error = await raises(redis.ResponseError, r.eval("return redis.call('INCR', KEYS[1])", 1, "k"))
    assert "not an integer" in error


async def messages(r, other):
    with other.pubsub() as listener:
        listener.subscribe("news")
        assert listener.get_message(timeout=10)["type"] == "subscribe"
        assert await r.publish("news", "hello") == 1
        message = listener.get_message(timeout=10)
        assert (message["channel"], message["data"]) == (b"news", b"hello")


async def errors(r, other):
    await r.set("k", "v")
    assert "WRONGTYPE" in await raises(redis.ResponseError, r.hget("k", "f"))
    assert "not an integer" in await raises(redis.ResponseError, r.incr("k"))
    assert "unknown command" in await raises(redis.ResponseError, r.execute_command("NOSUCH"))


async def administration(r, other):
    info = await r.info()
    assert info["redis_version"] == "8.2.3" and info["connected_clients"] >= 1
    assert await r.config_get("databases") == {"databases": "16"}
    assert await r.config_set("maxmemory-policy", "allkeys-lru") is True
    assert await r.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
    assert await r.dbsize() == 0
    assert int((await r.client_info())["id"]) > 0
    assert (await r.time())[0] > 1_700_000_000


CHECKS = [
    strings,
    bitmaps,
    hashes,
    field_expiry,
    lists,
    sets,
    sorted_sets,
    streams,
    geo,
    hyperloglog,
    vector_sets,
    blocking,
    expiry,
    scan_iter,
    pipelines,
    watch,
    transaction,
    scripts,
    messages,
    errors,
    administration,
]


async def run(name, connect, port, protocol):
    options = {"protocol": protocol} if protocol else {}
    other = redis.Redis(port=port, **options)
    good = True
    for check in CHECKS:
        other.flushall()
        title = f"redis-py: {name}, {f'RESP{protocol}' if protocol else 'defaults'}: {check.__name__}"
        client = connect(port=port, **options)
        try:
            await check(client, other)
            print(f"ok     {title}")
        except Exception:
            good = False
            print(f"FAILED {title}\n{traceback.format_exc()}")
        await (client.close() if isinstance(client, Immediate) else client.aclose())
    return good


def client_side_cache(port):
    """Keys that were read are answered without the server, until somebody changes them."""
    title = "redis-py: client-side cache"
    cached = redis.Redis(port=port, protocol=3, cache_config=CacheConfig())
    other = redis.Redis(port=port)
    try:
        other.flushall()
        other.set("k", 1)
        assert cached.get("k") == b"1"
        calls = other.info("commandstats")["cmdstat_get"]["calls"]
        assert cached.get("k") == b"1"
        assert other.info("commandstats")["cmdstat_get"]["calls"] == calls
        for change in (lambda: other.set("k", 2), other.flushall):
            change()
            # The message that the key changed is on its way when the change is answered.
            patience = time.monotonic() + 5
            while cached.get("k") != other.get("k"):
                assert time.monotonic() < patience, "the old value is still kept"
                time.sleep(0.01)
        print(f"ok     {title}")
        return True
    except Exception:
        print(f"FAILED {title}\n{traceback.format_exc()}")
        return False
    finally:
        cached.close()


async def main(port):
    outcomes = [client_side_cache(port)] + [
        await run(name, connect, port, protocol)
        for name, connect in [
            ("sync", lambda **options: Immediate(redis.Redis(**options))),
            ("asyncio", redis.asyncio.Redis),
        ]
        for protocol in (None, 2, 3)
    ]
    return 0 if all(outcomes) else 1


sys.exit(asyncio.run(main(int(sys.argv[1]))))
