//! Every type of data once, through redis-rs's typed commands, on every kind of connection: sync and async, in process and
//! through a port. Each test is written once: a sync connection is made to look async, and is never waited for.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use fakeredis::Connection;
use fakeredis::FakeRedis;
use fakeredis::Server;
use redis::AsyncConnectionConfig;
use redis::AsyncTypedCommands;
use redis::Cmd;
use redis::Direction;
use redis::ExpireOption;
use redis::IntegerReplyOrNoOp;
use redis::LposOptions;
use redis::Msg;
use redis::Pipeline;
use redis::PushKind;
use redis::RedisFuture;
use redis::RedisResult;
use redis::Script;
use redis::TypedCommands;
use redis::Value;
use redis::aio::ConnectionLike;
use redis::geo::Coord;
use redis::geo::RadiusOptions;
use redis::geo::RadiusOrder;
use redis::geo::Unit;
use redis::streams::StreamMaxlen;
use redis::streams::StreamReadOptions;
use redis::vector_sets::EmbeddingInput;
use redis::vector_sets::VectorAddInput;
use redis::vector_sets::VectorSimilaritySearchInput;

type Con = Box<dyn ConnectionLike + Send + Sync>;

/// A connection of some kind, and what it needs to live.
struct Seat {
    kind: String,
    con: Con,
    fake: FakeRedis,
    _server: Option<Server>,
}

impl ConnectionLike for Seat {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        self.con.req_packed_command(cmd)
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.con.req_packed_commands(pipeline, offset, count)
    }

    fn get_db(&self) -> i64 {
        self.con.get_db()
    }
}

impl Seat {
    /// Somebody else does something in a moment, while this connection waits.
    fn meanwhile<F>(&self, act: F)
    where
        F: FnOnce(&mut Connection) -> RedisResult<()> + Send + 'static,
    {
        let mut other = self.fake.connection();
        thread::spawn(move || {
            fakeredis::clock::pause(Duration::from_millis(50));
            act(&mut other).unwrap();
        });
    }
}

/// A sync connection whose answers can be awaited.
struct Immediate<C>(Mutex<C>);

impl<C: redis::ConnectionLike + Send> ConnectionLike for Immediate<C> {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        let answer = self.0.get_mut().unwrap().req_command(cmd);
        Box::pin(async { answer })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let bytes = pipeline.get_packed_pipeline();
        let con = self.0.get_mut().unwrap();
        let answers = con.req_packed_commands(&bytes, offset, count);
        Box::pin(async { answers })
    }

    fn get_db(&self) -> i64 {
        self.0.lock().unwrap().get_db()
    }
}

fn sync<C: redis::ConnectionLike + Send + 'static>(con: C) -> Con {
    Box::new(Immediate(Mutex::new(con)))
}

/// A connection of each kind, each to a server of its own without data. Which kind it is, is shown if a test fails.
async fn everywhere() -> impl Iterator<Item = Seat> {
    let mut seats = vec![in_process(|fake| sync(fake.connection()))];
    seats.push(in_process(|fake| Box::new(fake.async_connection())));
    for protocol in ["resp2", "resp3"] {
        seats.push(through_a_port(protocol));
        seats.push(through_a_port_async(protocol).await);
    }
    seats
        .into_iter()
        .inspect(|seat| println!("on a connection {}", seat.kind))
}

fn in_process(connect: impl Fn(&FakeRedis) -> Con) -> Seat {
    let fake = FakeRedis::new();
    Seat {
        kind: "in process".into(),
        con: connect(&fake),
        fake,
        _server: None,
    }
}

fn through_a_port(protocol: &str) -> Seat {
    let (fake, server, client) = served(protocol);
    Seat {
        kind: format!("with {protocol}"),
        con: sync(client.get_connection().unwrap()),
        fake,
        _server: Some(server),
    }
}

async fn through_a_port_async(protocol: &str) -> Seat {
    let (fake, server, client) = served(protocol);
    let patient = AsyncConnectionConfig::new().set_response_timeout(None);
    let con = client.get_multiplexed_async_connection_with_config(&patient);
    Seat {
        kind: format!("with {protocol}, async"),
        con: Box::new(con.await.unwrap()),
        fake,
        _server: Some(server),
    }
}

fn served(protocol: &str) -> (FakeRedis, Server, redis::Client) {
    let fake = FakeRedis::new();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let url = format!("{}?protocol={protocol}", server.url());
    (fake, server, redis::Client::open(url).unwrap())
}

#[tokio::test]
async fn strings() -> RedisResult<()> {
    for mut r in everywhere().await {
        r.set("k", "v").await?;
        assert_eq!(r.get("k").await?.as_deref(), Some("v"));
        assert_eq!(r.append("k", "w").await?, 2);
        assert_eq!(r.getrange("k", 1, -1).await?, "w");
        assert_eq!(r.incr("n", 41).await?, 41);
        assert_eq!(r.mget(&["k", "none"]).await?, [Some("vw".into()), None]);
        assert!(!r.set_nx("k", "x").await?);
        r.set_ex("short", "v", 100).await?;
        assert_eq!(r.ttl("short").await?, IntegerReplyOrNoOp::IntegerReply(100));
        assert_eq!(r.get_del("k").await?.as_deref(), Some("vw"));
        assert_eq!(r.del(&["n", "none"]).await?, 1);
    }
    Ok(())
}

#[tokio::test]
async fn bitmaps() -> RedisResult<()> {
    for mut r in everywhere().await {
        assert!(!r.setbit("b", 7, true).await?);
        assert!(r.getbit("b", 7).await?);
        r.set("c", b"\xff\x00\x0f").await?;
        assert_eq!(r.bitcount("c").await?, 12);
        assert_eq!(r.bit_xor("d", &["b", "c"]).await?, 3);
        let d: Vec<u8> = redis::cmd("GET").arg("d").query_async(&mut r).await?;
        assert_eq!(d, b"\xfe\x00\x0f");
        let mut field = redis::cmd("BITFIELD");
        field.arg("f").arg("OVERFLOW").arg("SAT");
        field.arg(&["INCRBY", "u8", "0", "300", "GET", "i8", "#0"]);
        assert_eq!(field.query_async::<[i64; 2]>(&mut r).await?, [255, -1]);
    }
    Ok(())
}

#[tokio::test]
async fn hashes() -> RedisResult<()> {
    for mut r in everywhere().await {
        r.hset_multiple("h", &[("name", "mug"), ("stock", "10")])
            .await?;
        let all = r.hgetall("h").await?;
        assert_eq!((all["name"].as_str(), all["stock"].as_str()), ("mug", "10"));
        assert_eq!(r.hincr("h", "stock", -1).await?, 9.0);
        assert_eq!(r.hmget("h", &["stock", "name"]).await?, ["9", "mug"]);
        let expiry = r
            .hexpire("h", 100, ExpireOption::NONE, &["name", "none"])
            .await?;
        assert_eq!(
            expiry,
            [
                IntegerReplyOrNoOp::IntegerReply(1),
                IntegerReplyOrNoOp::NotExists
            ]
        );
        assert_eq!(
            r.httl("h", "name").await?,
            [IntegerReplyOrNoOp::IntegerReply(100)]
        );
        assert_eq!(r.hdel("h", "name").await?, 1);
        assert!(!r.hexists("h", "name").await?);
    }
    Ok(())
}

#[tokio::test]
async fn lists() -> RedisResult<()> {
    for mut r in everywhere().await {
        assert_eq!(r.rpush("l", &["a", "b", "c", "b"]).await?, 4);
        assert_eq!(r.lrange("l", 0, -1).await?, ["a", "b", "c", "b"]);
        let all = LposOptions::default().count(0);
        let found: Vec<usize> = r.lpos("l", "b", all).await?;
        assert_eq!(found, [1, 3]);
        assert_eq!(r.linsert_before("l", "c", "x").await?, 5);
        assert_eq!(r.lrem("l", 0, "b").await?, 2);
        let moved = r.lmove("l", "m", Direction::Left, Direction::Right).await?;
        assert_eq!(moved, "a");
        let popped = r.lmpop(2, &["none", "l"], Direction::Right, 2).await?;
        assert_eq!(popped, Some(("l".into(), vec!["c".into(), "x".into()])));
        assert_eq!(r.llen("l").await?, 0);
    }
    Ok(())
}

#[tokio::test]
async fn sets() -> RedisResult<()> {
    for mut r in everywhere().await {
        assert_eq!(r.sadd("a", &[1, 2, 3]).await?, 3);
        assert_eq!(r.sadd("b", &[2, 3, 4]).await?, 3);
        assert_eq!(r.smembers("a").await?, set(&["1", "2", "3"]));
        assert_eq!(r.sinter(&["a", "b"]).await?, set(&["2", "3"]));
        assert_eq!(r.smismember("a", &[1, 9]).await?, [true, false]);
        assert_eq!(r.sdiffstore("d", &["a", "b"]).await?, 1);
        assert!(r.smove("a", "d", 2).await?);
        let popped: Option<String> = r.spop("none").await?;
        assert_eq!(popped, None);
        assert_eq!(r.scard("d").await?, 2);
    }
    Ok(())
}

#[expect(clippy::disallowed_types, reason = "what redis-rs answers")]
fn set(members: &[&str]) -> std::collections::HashSet<String> {
    members.iter().map(|&member| member.to_owned()).collect()
}

#[tokio::test]
async fn sorted_sets() -> RedisResult<()> {
    for mut r in everywhere().await {
        let items = [(1.0, "a"), (2.5, "b"), (f64::INFINITY, "c")];
        assert_eq!(r.zadd_multiple("z", &items).await?, 3);
        assert_eq!(r.zscore("z", "b").await?, Some(2.5));
        assert_eq!(r.zincr("z", "a", 2).await?, 3.0);
        let scored = [("b", 2.5), ("a", 3.0), ("c", f64::INFINITY)];
        let scored = scored.map(|(member, score)| (member.to_owned(), score));
        assert_eq!(r.zrange_withscores("z", 0, -1).await?, scored);
        assert_eq!(r.zrangebyscore("z", "(2.5", 3).await?, ["a"]);
        assert_eq!(r.zunionstore_weights("u", &[("z", 2)]).await?, 3);
        assert_eq!(r.zrank("u", "a").await?, Some(1));
        let popped = r.zmpop_min("z", 1).await?;
        assert_eq!(popped, Some(("z".into(), vec![("b".into(), 2.5)])));
        assert_eq!(r.zrembyscore("z", "-inf", "+inf").await?, 2);
    }
    Ok(())
}

#[tokio::test]
async fn streams() -> RedisResult<()> {
    for mut r in everywhere().await {
        assert_eq!(r.xadd("s", "1-1", &[("n", 1)]).await?.unwrap(), "1-1");
        assert_eq!(r.xadd("s", "1-*", &[("n", 2)]).await?.unwrap(), "1-2");
        assert_eq!(r.xrange_all("s").await?.ids.len(), 2);
        r.xgroup_create("s", "g", 0).await?;
        let options = StreamReadOptions::default().group("g", "mary").count(1);
        let read = r.xread_options(&["s"], &[">"], &options).await?.unwrap();
        assert_eq!(read.keys[0].ids[0].get::<i64>("n"), Some(1));
        let pending = r.xpending("s", "g").await?;
        assert_eq!(pending.count(), 1);
        let claimed = r.xclaim("s", "g", "john", 0, &["1-1"]).await?;
        assert_eq!(claimed.ids[0].id, "1-1");
        assert_eq!(r.xack("s", "g", &["1-1"]).await?, 1);
        let [group] = &r.xinfo_groups("s").await?.groups[..] else {
            panic!("one group")
        };
        assert_eq!((group.consumers, group.pending, group.lag), (2, 0, Some(1)));
        assert_eq!(r.xtrim("s", StreamMaxlen::Equals(1)).await?, 1);
        let read = r.xread(&["s"], &["0"]).await?.unwrap();
        assert_eq!(read.keys[0].ids[0].id, "1-2");
        assert_eq!(r.xdel("s", &["1-2"]).await?, 1);
        assert_eq!(r.xlen("s").await?, 0);
    }
    Ok(())
}

#[tokio::test]
async fn geo() -> RedisResult<()> {
    for mut r in everywhere().await {
        let palermo = (Coord::lon_lat(13.361389, 38.115556), "Palermo");
        let catania = (Coord::lon_lat(15.087269, 37.502669), "Catania");
        assert_eq!(r.geo_add("g", &[palermo, catania]).await?, 2);
        let distance = r
            .geo_dist("g", "Palermo", "Catania", Unit::Kilometers)
            .await?;
        assert_eq!(distance, Some(166.2742));
        assert_eq!(r.geo_hash("g", "Palermo").await?, ["sqc8b49rny0"]);
        let near = RadiusOptions::default().with_dist().order(RadiusOrder::Asc);
        let near = r
            .geo_radius("g", 15.0, 37.0, 200.0, Unit::Kilometers, near)
            .await?;
        let near = near.iter().map(|found| (found.name.as_str(), found.dist));
        assert!(near.eq([("Catania", Some(56.4413)), ("Palermo", Some(190.4424))]));
        let [Some(place)] = &r.geo_pos("g", "Catania").await?[..] else {
            panic!("one place")
        };
        assert_eq!(
            format!("{:.4} {:.4}", place.longitude, place.latitude),
            "15.0873 37.5027"
        );
    }
    Ok(())
}

#[tokio::test]
async fn hyperloglogs() -> RedisResult<()> {
    for mut r in everywhere().await {
        assert!(r.pfadd("a", (0..1000).collect::<Vec<_>>()).await?);
        assert!(!r.pfadd("a", 7).await?);
        assert_eq!(r.pfcount("a").await?, 1001);
        assert!(r.pfadd("b", (500..1500).collect::<Vec<_>>()).await?);
        r.pfmerge("u", &["a", "b"]).await?;
        assert_eq!(r.pfcount("u").await?, 1512);
    }
    Ok(())
}

#[tokio::test]
async fn vector_sets() -> RedisResult<()> {
    for mut r in everywhere().await {
        for (vector, element) in [([1.0, 0.0], "east"), ([0.0, 1.0], "north")] {
            let vector = VectorAddInput::Values(EmbeddingInput::Float64(&vector));
            assert!(r.vadd("v", vector, element).await?);
        }
        assert!(
            r.vsetattr("v", "north", &serde_json::json!({"cold": true}))
                .await?
        );
        assert_eq!((r.vcard("v").await?, r.vdim("v").await?), (2, 2));
        let near = VectorSimilaritySearchInput::Values(EmbeddingInput::Float64(&[0.9, 0.1]));
        let near: Vec<String> = r.vsim("v", near).await?;
        assert_eq!(near, ["east", "north"]);
        assert_eq!(r.vgetattr("v", "north").await?.unwrap(), "{\"cold\":true}");
        assert!(r.vrem("v", "east").await?);
    }
    Ok(())
}

#[tokio::test]
async fn transactions() -> RedisResult<()> {
    for mut r in everywhere().await {
        redis::cmd("WATCH").arg("n").exec_async(&mut r).await?;
        let mut pipe = redis::pipe();
        pipe.atomic().set("n", 1).ignore().incr("n", 1);
        assert_eq!(pipe.query_async::<(i64,)>(&mut r).await?, (2,));
        redis::cmd("WATCH").arg("n").exec_async(&mut r).await?;
        r.fake.connection().set("n", 7)?;
        assert_eq!(pipe.query_async::<Option<(i64,)>>(&mut r).await?, None);
        assert_eq!(r.get_int("n").await?, Some(7));
    }
    Ok(())
}

#[tokio::test]
async fn scripts() -> RedisResult<()> {
    let script = Script::new("redis.call('SET', KEYS[1], ARGV[1]) return {KEYS[1], 7}");
    for mut r in everywhere().await {
        let mut call = script.key("k");
        let called: (String, i64) = call.arg("v").invoke_async(&mut r).await?;
        assert_eq!(called, ("k".into(), 7));
        assert_eq!(r.get("k").await?.as_deref(), Some("v"));
    }
    Ok(())
}

#[tokio::test]
async fn waiting_for_others() -> RedisResult<()> {
    for mut r in everywhere().await {
        assert_eq!(r.blpop("l", 0.01).await?, None);
        r.meanwhile(|other| other.rpush("l", "pushed").map(drop));
        let popped = r.blpop(&["none", "l"], 10.0).await?;
        assert_eq!(popped, Some(["l".into(), "pushed".into()]));
        r.meanwhile(|other| other.rpush("l", "moved").map(drop));
        let moved = r
            .blmove("l", "m", Direction::Left, Direction::Right, 10.0)
            .await?;
        assert_eq!(moved.as_deref(), Some("moved"));
        r.meanwhile(|other| other.zadd("z", "member", 7).map(drop));
        let popped = r.bzpopmin("z", 10.0).await?;
        assert_eq!(popped, Some(("z".into(), "member".into(), 7.0)));
        r.meanwhile(|other| other.xadd("s", "*", &[("f", "v")]).map(drop));
        let options = StreamReadOptions::default().block(10_000);
        let read = r.xread_options(&["s"], &["$"], &options).await?.unwrap();
        assert_eq!(read.keys[0].ids[0].get::<String>("f").unwrap(), "v");
    }
    Ok(())
}

#[test]
fn messages() -> RedisResult<()> {
    let (fake, _server, client) = served("resp2");
    let mut listener = client.get_connection()?;
    let mut listener = listener.as_pubsub();
    listener.subscribe("news")?;
    listener.psubscribe("we*")?;
    let mut other = fake.connection();
    assert_eq!(other.publish("news", "hello")?, 1);
    assert_eq!(other.publish("weather", "rain")?, 1);
    for (channel, text) in [("news", "hello"), ("weather", "rain")] {
        let message = listener.get_message()?;
        assert_eq!(message.get_channel_name(), channel);
        assert_eq!(message.get_payload::<String>()?, text);
    }
    Ok(())
}

#[tokio::test]
async fn messages_pushed_to_the_connection() -> RedisResult<()> {
    let (fake, _server, client) = served("resp3");
    let (sender, mut pushed) = tokio::sync::mpsc::unbounded_channel();
    let config = AsyncConnectionConfig::new().set_push_sender(sender);
    let con = client.get_multiplexed_async_connection_with_config(&config);
    let mut r = con.await?;
    r.subscribe("news").await?;
    assert_eq!(pushed.recv().await.unwrap().kind, PushKind::Subscribe);
    assert_eq!(r.publish("news", "hello").await?, 1);
    assert_eq!(fake.connection().publish("news", "again")?, 1);
    for text in ["hello", "again"] {
        let message = Msg::from_push_info(pushed.recv().await.unwrap()).unwrap();
        assert_eq!(message.get_payload::<String>()?, text);
    }
    Ok(())
}
