//! HELLO and AUTH: which protocol a connection speaks, and whether it may.

use crate::bytes::Bytes;
use crate::command::FAMILIES;
use crate::command::args::Args;
use crate::command::connection::client::check_name;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::printed;
use crate::command::spec::Group;
use crate::number::parse_i64;
use crate::resp::Protocol;
use crate::resp::Reply;

const WRONG_PASSWORD: ReplyError =
    fixed("WRONGPASS invalid username-password pair or user is disabled.");

/// `AUTH [username] password`
pub(super) fn auth(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    match args.rest() {
        [_] if cx.world.config.requirepass().is_empty() => Err(fixed(
            "ERR AUTH <password> called without any password configured for the default user. Are you sure your \
             configuration is correct?",
        )),
        [password] => authenticate(cx, b"default", password),
        [user, password] => authenticate(cx, user, password),
        _ => Err(ReplyError::SYNTAX),
    }
}

/// There is one user; without a password, it takes any.
fn authenticate(cx: &mut Context<'_>, user: &[u8], password: &[u8]) -> Result {
    let wanted = cx.world.config.requirepass();
    let right = wanted.is_empty() || wanted.as_bytes() == password;
    if user == b"default" && right {
        cx.session.authenticated = true;
        Ok(Reply::OK)
    } else {
        cx.world.stats.acl_denied_auth += 1;
        Err(WRONG_PASSWORD)
    }
}

/// What a HELLO asks for.
#[derive(Default)]
struct Wishes<'a> {
    protocol: Option<Protocol>,
    credentials: Option<(&'a [u8], &'a [u8])>,
    name: Option<&'a [u8]>,
}

/// `HELLO [protover [AUTH username password] [SETNAME clientname]]`
pub(super) fn hello(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let wishes = wishes(&mut args)?;
    if let Some((user, password)) = wishes.credentials {
        authenticate(cx, user, password)?;
    }
    if !cx.is_authenticated() {
        return Err(fixed(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
             <user> <pass> option can be used to authenticate the client and select the RESP protocol version at \
             the same time",
        ));
    }
    if let Some(name) = wishes.name {
        cx.session.name = Bytes::from(name);
    }
    cx.session.protocol = wishes.protocol.unwrap_or(cx.session.protocol);
    Ok(greeting(cx))
}

fn wishes<'a>(args: &mut Args<'a>) -> Result<Wishes<'a>> {
    let mut wishes = Wishes::default();
    if let Ok(version) = args.next() {
        wishes.protocol = Some(protocol(version)?);
    }
    while let Some(option) = args.peek() {
        if args.keyword_with("AUTH", 2) {
            wishes.credentials = Some((args.next()?, args.next()?));
        } else if args.keyword_with("SETNAME", 1) {
            let name = args.next()?;
            check_name(name)?;
            wishes.name = Some(name);
        } else {
            let option = printed(option, usize::MAX);
            return Err(ReplyError::new(format!(
                "ERR Syntax error in HELLO option '{option}'"
            )));
        }
    }
    Ok(wishes)
}

fn protocol(version: &[u8]) -> Result<Protocol> {
    match parse_i64(version) {
        Some(2) => Ok(Protocol::Resp2),
        Some(3) => Ok(Protocol::Resp3),
        Some(_) => Err(fixed("NOPROTO unsupported protocol version")),
        None => Err(fixed(
            "ERR Protocol version is not an integer or out of range",
        )),
    }
}

fn greeting(cx: &Context<'_>) -> Reply {
    let fields = [
        ("server", Reply::bulk("redis")),
        ("version", Reply::bulk(crate::command::REDIS_VERSION)),
        ("proto", Reply::Int(if cx.resp3() { 3 } else { 2 })),
        ("id", Reply::Int(cx.session.id as i64)),
        ("mode", Reply::bulk("standalone")),
        ("role", Reply::bulk("master")),
        ("modules", modules()),
    ];
    Reply::map(fields)
}

/// The modules, as HELLO and MODULE LIST tell them: vector sets are one that Redis bundles.
pub(in crate::command) fn modules() -> Reply {
    let bundled = FAMILIES
        .iter()
        .any(|family| family.group == Group::VectorSet);
    let vector_sets = [
        ("name", Reply::bulk("vectorset")),
        ("ver", Reply::Int(1)),
        ("path", Reply::bulk("")),
        ("args", Reply::Array(Vec::new())),
    ];
    Reply::Array(
        bundled
            .then(|| Reply::map(vector_sets))
            .into_iter()
            .collect(),
    )
}
