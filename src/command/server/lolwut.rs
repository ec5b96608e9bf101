//! LOLWUT: a picture, and the version.

use crate::command::REDIS_VERSION;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::resp::Reply;
use crate::rng::Rng;

const WIDTH: usize = 40;
const HEIGHT: usize = 8;

/// `LOLWUT [VERSION version]`: a maze of 1982 (`10 PRINT CHR$(205.5+RND(1)); : GOTO 10`), whatever the version.
pub(super) fn lolwut(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.keyword_with("VERSION", 1) {
        args.i64()?;
    }
    // A picture is no change, and must not cost the world a seed.
    let mut rng = Rng::new(cx.unit.now_us as u64);
    let mut text = String::new();
    for _ in 0..HEIGHT {
        text.extend((0..WIDTH).map(|_| ['╱', '╲'][rng.below(2)]));
        text.push('\n');
    }
    text.push_str(&format!("\nRedis ver. {REDIS_VERSION}\n"));
    Ok(Reply::Verbatim(*b"txt", text.into()))
}
