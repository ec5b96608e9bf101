//! All connections: CLIENT LIST, INFO and KILL.

use super::tracking::redirection;
use super::tracking::tracker;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::printed;
use crate::number::parse_i64;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::session::Address;
use crate::session::Closing;
use crate::session::Mode;
use crate::session::Session;
use std::fmt::Write;

/// A kind of connection. Replicas don't connect to a fake, and it has no primary.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Normal,
    PubSub,
    Master,
    Replica,
}

impl Kind {
    fn of(session: &Session) -> Kind {
        if session.is_subscribed() {
            Kind::PubSub
        } else {
            Kind::Normal
        }
    }

    fn parse(name: &[u8]) -> Result<Kind> {
        match name.to_ascii_lowercase().as_slice() {
            b"normal" => Ok(Kind::Normal),
            b"pubsub" => Ok(Kind::PubSub),
            b"master" => Ok(Kind::Master),
            b"replica" | b"slave" => Ok(Kind::Replica),
            _ => Err(ReplyError::new(format!(
                "ERR Unknown client type '{}'",
                printed(name, usize::MAX)
            ))),
        }
    }
}

pub(super) fn client_info(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    let line = line(cx, cx.session);
    Ok(Reply::Verbatim(*b"txt", (line + "\n").into()))
}

/// `CLIENT LIST [TYPE type] [ID client-id…]`
pub(super) fn client_list(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let lines = if args.is_empty() {
        list(cx, |_| true)
    } else if args.len() == 2 && args.keyword("TYPE") {
        let kind = Kind::parse(args.next()?)?;
        list(cx, |session| Kind::of(session) == kind)
    } else if args.keyword_with("ID", 1) {
        let ids: Result<Vec<_>> = args.rest().iter().map(|id| parse_id(id)).collect();
        let ids = ids?;
        list(cx, |session| ids.contains(&(session.id as i64)))
    } else {
        return Err(ReplyError::SYNTAX);
    };
    Ok(Reply::Verbatim(*b"txt", lines.into()))
}

fn parse_id(id: &[u8]) -> Result<i64> {
    parse_i64(id).ok_or(fixed("ERR Invalid client ID"))
}

/// The lines of the connections that `which` tells, by id.
fn list(cx: &Context<'_>, which: impl Fn(&Session) -> bool) -> String {
    let mut sessions: Vec<_> = all(cx).filter(|session| which(session)).collect();
    sessions.sort_by_key(|session| session.id);
    sessions
        .into_iter()
        .map(|session| line(cx, session) + "\n")
        .collect()
}

/// All open connections, our own first.
fn all<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = &'a Session> {
    let others = cx.world.sessions.iter();
    let own = std::iter::once(&*cx.session);
    own.chain(others.filter(|session| session.closing.is_none()))
}

/// A connection's line in CLIENT LIST. What only a server's memory and buffers know is 0.
fn line(cx: &Context<'_>, session: &Session) -> String {
    let mut line = String::new();
    let mut field = |name: &str, value: &dyn std::fmt::Display| {
        let space = if line.is_empty() { "" } else { " " };
        write!(line, "{space}{name}={value}").expect("a String takes every write");
    };
    let seconds = |since_us: i64| (cx.unit.now_us - since_us).max(0) / 1_000_000;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let watched = cx.world.watches.watched(session.id).len();
    let queue = session.queue.as_ref();
    let queued = queue
        .map(|queue| queue.commands.len())
        .or(session.executing);
    field("id", &session.id);
    field("addr", &session.address.peer);
    field("laddr", &session.address.local);
    field("fd", &(session.id + 7));
    field("name", &text(&session.name));
    field("age", &seconds(session.opened_us));
    field("idle", &seconds(session.active_us));
    field("flags", &flags(cx, session));
    field("db", &session.db);
    let [channels, patterns, shard_channels] = session.subscriptions;
    field("sub", &channels);
    field("psub", &patterns);
    field("ssub", &shard_channels);
    field("multi", &queued.map_or(-1, |commands| commands as i64));
    field("watch", &watched);
    for name in ["qbuf", "qbuf-free", "argv-mem"] {
        field(name, &0);
    }
    field("multi-mem", &queue.map_or(0, |queue| queue.commands.size()));
    for name in ["rbs", "rbp", "obl", "oll", "omem", "tot-mem"] {
        field(name, &0);
    }
    field("events", &"r");
    field("cmd", &session.last_command.to_ascii_lowercase());
    field("user", &"default");
    field("redir", &redirection(cx, session.id));
    field(
        "resp",
        &if session.protocol == Protocol::Resp3 {
            3
        } else {
            2
        },
    );
    field("lib-name", &text(&session.library.0));
    field("lib-ver", &text(&session.library.1));
    for name in ["io-thread", "tot-net-in", "tot-net-out"] {
        field(name, &0);
    }
    field("tot-cmds", &session.commands);
    line
}

fn flags(cx: &Context<'_>, session: &Session) -> String {
    let tracker = tracker(cx, session.id);
    let flags = [
        (session.monitor, 'O'),
        (session.is_subscribed(), 'P'),
        (session.queue.is_some() || session.executing.is_some(), 'x'),
        (cx.world.waits.is_blocked(session.id), 'b'),
        (tracker.is_some(), 't'),
        (tracker.is_some_and(|tracker| tracker.is_broken), 'R'),
        (
            tracker.is_some_and(|tracker| tracker.mode == Mode::Broadcast),
            'B',
        ),
        (cx.world.watches.touched(session.id).is_some(), 'd'),
        (session.closing == Some(Closing::AfterReply), 'c'),
        (session.address.unix, 'U'),
        (session.no_evict, 'e'),
        (session.no_touch, 'T'),
    ];
    let set: String = flags
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, flag)| flag)
        .collect();
    if set.is_empty() { "N".to_owned() } else { set }
}

/// Which connections a CLIENT KILL ends.
struct Filter<'a> {
    ids: Vec<u64>,
    kind: Option<Kind>,
    peer: Option<&'a [u8]>,
    local: Option<&'a [u8]>,
    max_age_s: Option<i64>,
    skip_me: bool,
}

impl Filter<'_> {
    fn matches(&self, session: &Session, own_id: u64, now_us: i64) -> bool {
        let Address { peer, local, .. } = &session.address;
        let age_s = (now_us - session.opened_us) / 1_000_000;
        (self.ids.is_empty() || self.ids.contains(&session.id))
            && self.kind.is_none_or(|kind| kind == Kind::of(session))
            && self.peer.is_none_or(|wanted| wanted == peer.as_bytes())
            && self.local.is_none_or(|wanted| wanted == local.as_bytes())
            && self.max_age_s.is_none_or(|least| age_s >= least)
            && !(self.skip_me && session.id == own_id)
    }
}

/// `CLIENT KILL addr`, or `CLIENT KILL filter value…`
pub(super) fn client_kill(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.len() == 1 {
        let filter = Filter {
            peer: Some(args.next()?),
            skip_me: false,
            ..NO_FILTER
        };
        return match kill(cx, &filter) {
            0 => Err(fixed("ERR No such client")),
            _ => Ok(Reply::OK),
        };
    }
    let filter = parse_filter(&mut args)?;
    Ok(Reply::len(kill(cx, &filter)))
}

const NO_FILTER: Filter<'_> = Filter {
    ids: Vec::new(),
    kind: None,
    peer: None,
    local: None,
    max_age_s: None,
    skip_me: true,
};

fn parse_filter<'a>(args: &mut Args<'a>) -> Result<Filter<'a>> {
    let mut filter = Filter { ..NO_FILTER };
    while !args.is_empty() {
        if args.keyword_with("ID", 1) {
            filter.ids.push(kill_id(args.next()?)?);
        } else if args.keyword_with("MAXAGE", 1) {
            filter.max_age_s = Some(max_age(args)?);
        } else if args.keyword_with("TYPE", 1) {
            filter.kind = Some(Kind::parse(args.next()?)?);
        } else if args.keyword_with("ADDR", 1) {
            filter.peer = Some(args.next()?);
        } else if args.keyword_with("LADDR", 1) {
            filter.local = Some(args.next()?);
        } else if args.keyword_with("USER", 1) {
            check_user(args.next()?)?;
        } else if args.keyword_with("SKIPME", 1) {
            filter.skip_me = yes_or_no(args)?;
        } else {
            return Err(ReplyError::SYNTAX);
        }
    }
    Ok(filter)
}

fn yes_or_no(args: &mut Args<'_>) -> Result<bool> {
    let yes = args.keyword("YES");
    if yes || args.keyword("NO") {
        Ok(yes)
    } else {
        Err(ReplyError::SYNTAX)
    }
}

fn kill_id(id: &[u8]) -> Result<u64> {
    let id = parse_i64(id).and_then(|id| u64::try_from(id).ok());
    id.filter(|&id| id > 0)
        .ok_or(fixed("ERR client-id should be greater than 0"))
}

fn max_age(args: &mut Args<'_>) -> Result<i64> {
    match args.i64_or(fixed("ERR maxage is not an integer or out of range"))? {
        age if age > 0 => Ok(age),
        _ => Err(fixed("ERR maxage should be greater than 0")),
    }
}

fn check_user(name: &[u8]) -> Result<()> {
    if name == b"default" {
        return Ok(());
    }
    let name = printed(name, usize::MAX);
    Err(ReplyError::new(format!("ERR No such user '{name}'")))
}

/// Ends the connections that the filter matches; how many. Our own still gets its reply.
fn kill(cx: &mut Context<'_>, filter: &Filter<'_>) -> usize {
    let (own_id, now_us) = (cx.session.id, cx.unit.now_us);
    let matches =
        |session: &Session| session.closing.is_none() && filter.matches(session, own_id, now_us);
    let mut killed = 0;
    for session in cx
        .world
        .sessions
        .iter_mut()
        .filter(|session| matches(session))
    {
        session.close();
        // Nothing more may be handed to it.
        cx.world.waits.forget(session.id);
        killed += 1;
    }
    if matches(cx.session) {
        cx.session.closing = Some(Closing::AfterReply);
        killed += 1;
    }
    killed
}
