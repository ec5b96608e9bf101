//! `bisect`: the record that made the difference.

use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::View;
use fakeredis::resp::Reply;
use fakeredis::resp::pretty;
use fakeredis::timeline::Describe;
use fakeredis::timeline::Flip;
use serde_json::json;

use super::Journal;
use super::Length;
use super::records;
use super::show;
use crate::Outcome;
use crate::failure::Failure;
use crate::json;
use crate::output::Output;
use crate::patience;
use crate::text;
use crate::text::Room;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay bisect ./data --good mark:before-sale -- HGET product:product_1 price
  fakeredis-replay bisect ./data --good 8 --bad @ --lua 'return redis.call(\"get\", \"stock\") + 0 >= 0'
  fakeredis-replay bisect ./data --expect '(integer) 1' -- EXISTS session:42

A state is good if the command answers there what it answers at --good, or what --expect says, as `at` prints it; with
--lua, if the script, which may only read, answers anything but false and nil. The search asks in the middle, again and
again, and so finds one record behind which a good state is not good any more. Where that happens more than once, the
others may lie on either side of it: some more states around it are asked, and one that shows that is told.")]
pub struct Bisect {
    #[command(flatten)]
    journal: Journal,
    /// A revision whose state is good.
    #[arg(
        long,
        default_value = "@0",
        allow_hyphen_values = true,
        value_name = "REV"
    )]
    good: Rev,
    /// One whose state is not. It may come before the good one: then what mended it is looked for.
    #[arg(
        long,
        default_value = "@",
        allow_hyphen_values = true,
        value_name = "REV"
    )]
    bad: Rev,
    /// The database.
    #[arg(short, long, default_value_t = 0, value_name = "N")]
    db: usize,
    /// A Lua script that only reads, and is true of good states.
    #[arg(long, value_name = "SCRIPT", conflicts_with_all = ["command", "expect"])]
    lua: Option<String>,
    /// What the command answers in good states.
    #[arg(
        long,
        value_name = "REPLY",
        allow_hyphen_values = true,
        requires = "command"
    )]
    expect: Option<String>,
    /// A command that reads, with its arguments.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required_unless_present = "lua"
    )]
    command: Vec<String>,
    #[command(flatten)]
    length: Length,
}

impl Bisect {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let flip = patience::during(records(&timeline), "asking", || self.search(&timeline))?;
        let Some(flip) = flip else {
            return Err(self.nothing(&timeline)?);
        };
        if out.json {
            self.tell(&timeline, flip, out)?;
        } else {
            self.print(&timeline, flip, out)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn search(&self, timeline: &Timeline) -> Result<Option<Flip>, Failure> {
        let good = match (&self.lua, &self.expect) {
            (None, None) => Some(self.ask(&mut timeline.at(&self.good)?)?),
            _ => None,
        };
        timeline.bisect(&self.good, &self.bad, |then| {
            let answer = self.ask(then)?;
            Ok(match (&good, &self.expect) {
                (Some(good), _) => answer == *good,
                (None, Some(expect)) => pretty(&answer).trim_end() == expect.trim_end(),
                (None, None) => answer == Reply::Bool(true),
            })
        })
    }

    /// What the command answers, or whether the script holds.
    fn ask(&self, then: &mut View) -> Result<Reply, Failure> {
        let wrong = |seq: u64, error: &str| {
            let hint = match self.lua {
                Some(_) => "; a script has to do with keys that are not there yet",
                None => "",
            };
            Failure::Nothing(format!("after record {seq}: {error}{hint}"))
        };
        let seq = then.seq();
        if let Reply::Error(error) = then.run(&["SELECT", &self.db.to_string()]) {
            return Err(wrong(seq, &error));
        }
        match &self.lua {
            Some(script) => {
                let holds = then.holds(script).map(Reply::Bool);
                holds.map_err(|error| wrong(seq, &error))
            }
            None => match then.run(&self.command) {
                Reply::Error(error) if error.starts_with("READONLY") => Err(wrong(seq, &error)),
                reply => Ok(reply),
            },
        }
    }

    /// Why there is nothing to look for.
    fn nothing(&self, timeline: &Timeline) -> Result<Failure, Failure> {
        let (good, bad) = (timeline.resolve(&self.good)?, timeline.resolve(&self.bad)?);
        let answer = pretty(&self.ask(&mut timeline.at(&Rev::seq(good))?)?);
        let what = match (&self.lua, &self.expect) {
            (None, None) => format!("the answer is the same: {}", answer.trim_end()),
            _ => "both are good, or neither is".to_owned(),
        };
        Ok(Failure::Nothing(format!(
            "nothing to find between record {good} (good) and {bad} (bad): {what}"
        )))
    }

    /// What is asked, as a command.
    fn question(&self) -> String {
        match &self.lua {
            Some(script) => format!("EVAL_RO {} 0", text::word(script.as_bytes(), Room::PAGE)),
            None => text::command(&self.command, Room::PAGE),
        }
    }

    fn sides(&self, timeline: &Timeline, flip: Flip) -> Result<[(u64, Reply); 2], Failure> {
        let mut walk = timeline.walk(&Rev::seq(flip.seq - 1))?;
        let before = self.ask(walk.view())?;
        walk.forward()?;
        Ok([(flip.seq - 1, before), (flip.seq, self.ask(walk.view())?)])
    }

    fn print(&self, timeline: &Timeline, flip: Flip, out: &mut Output) -> Result<(), Failure> {
        let shown = timeline.show(flip.seq)?;
        show::print(&shown, self.length.room(Room::PAGE), out)?;
        out.line(format!("\n{}", out.paint.bold(self.question())))?;
        for (seq, answer) in self.sides(timeline, flip)? {
            out.line(format!("  after record {}", out.paint.seq(seq)))?;
            for line in pretty(&answer).lines() {
                out.line(format!("    {line}"))?;
            }
        }
        let asked = text::count(flip.asked.into(), "state");
        let others = match flip.stray {
            Some(seq) => format!(
                "after record {seq} the answer is that of the other side: it goes to and fro, \
                 and other records change it too"
            ),
            None => "none of them shows that the answer goes to and fro".to_owned(),
        };
        out.line(
            out.paint
                .dim(format!("\nfound by asking {asked}; {others}")),
        )
    }

    fn tell(&self, timeline: &Timeline, flip: Flip, out: &mut Output) -> Result<(), Failure> {
        let shown = timeline.show(flip.seq)?;
        let [before, after] = self.sides(timeline, flip)?;
        let side = |(seq, answer): (u64, Reply)| json!({"seq": seq, "reply": json::reply(answer)});
        let mut object = json::object(shown.describe());
        object.insert("asked".to_owned(), json!(flip.asked));
        object.insert("stray".to_owned(), json!(flip.stray));
        object.insert("before".to_owned(), side(before));
        object.insert("after".to_owned(), side(after));
        out.object(object)
    }
}
