//! LATENCY: what took long, and how long commands take.

use std::fmt::Write;

use crate::command::Command;
use crate::command::args::Args;
use crate::command::container;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::help;
use crate::command::reply::printed;
use crate::command::spec::*;
use crate::command::stats::CommandStats;
use crate::command::stats::Event;
use crate::command::sub;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    container("LATENCY", -2)
        .doc("2.8.13", "Depends on subcommand.", "", "A container for latency diagnostics commands."),
    sub("LATENCY|DOCTOR", 2, ADMIN | NOSCRIPT | LOADING | STALE, &[], latency_doctor)
        .doc("2.8.13", "O(1)", "", "Returns a human-readable latency analysis report.")
        .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"]),
    sub("LATENCY|GRAPH", 3, ADMIN | NOSCRIPT | LOADING | STALE, &[], latency_graph)
        .doc("2.8.13", "O(1)", "event", "Returns a latency graph for an event.")
        .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"]),
    sub("LATENCY|HELP", 2, LOADING | STALE, &[], latency_help)
        .doc("2.8.13", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("LATENCY|HISTOGRAM", -2, ADMIN | NOSCRIPT | LOADING | STALE, &[], latency_histogram)
        .doc("7.0.0", "O(N) where N is the number of commands with latency information being retrieved.", "[command [command ...]]", "Returns the cumulative distribution of latencies of a subset or all commands.")
        .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"]),
    sub("LATENCY|HISTORY", 3, ADMIN | NOSCRIPT | LOADING | STALE, &[], latency_history)
        .doc("2.8.13", "O(1)", "event", "Returns timestamp-latency samples for an event.")
        .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"]),
    sub("LATENCY|LATEST", 2, ADMIN | NOSCRIPT | LOADING | STALE, &[], latency_latest)
        .doc("2.8.13", "O(1)", "", "Returns the latest latency samples for all events.")
        .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"]),
    sub("LATENCY|RESET", -2, ADMIN | NOSCRIPT | LOADING | STALE, &[], latency_reset)
        .doc("2.8.13", "O(1)", "[event [event ...]]", "Resets the latency data for one or more events.")
        .tips(&["request_policy:all_nodes", "response_policy:agg_sum"]),
];

fn latency_doctor(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    let report = if cx.world.config.latency_monitor_threshold() == 0 {
        DISABLED.to_owned()
    } else if cx.world.latency.iter().next().is_none() {
        QUIET.to_owned()
    } else {
        report(cx)
    };
    Ok(Reply::Verbatim(*b"txt", report.into()))
}

fn latency_graph(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let name = args.next()?;
    let Some((name, event)) = cx.world.latency.event(name) else {
        let name = printed(name, usize::MAX);
        return Err(ReplyError::new(format!(
            "ERR No samples available for event '{name}'"
        )));
    };
    let graph = graph(name, event, cx.now_s().into());
    Ok(Reply::Verbatim(*b"txt", graph.into()))
}

fn latency_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help("LATENCY", HELP))
}

/// `LATENCY HISTOGRAM [command…]`: of a container, all its subcommands'.
fn latency_histogram(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let wanted = args.rest();
    let is_wanted = |name: &str| {
        let container = name.split('|').next().unwrap_or(name);
        let is = |word: &&[u8]| {
            word.eq_ignore_ascii_case(name.as_bytes())
                || word.eq_ignore_ascii_case(container.as_bytes())
        };
        wanted.is_empty() || wanted.iter().any(is)
    };
    let all = cx.world.stats.by_command();
    let measured = all.into_iter().filter(|stats| !stats.histogram.is_empty());
    Ok(Reply::Map(
        measured
            .filter(|stats| is_wanted(stats.command.name))
            .map(histogram)
            .collect(),
    ))
}

fn histogram(stats: &CommandStats) -> (Reply, Reply) {
    let classes = stats.histogram.cumulative();
    let classes =
        classes.map(|(bound, count)| (Reply::Int((bound / 1000) as i64), Reply::Int(count as i64)));
    let fields = [
        ("calls", Reply::Int(stats.histogram.len() as i64)),
        ("histogram_usec", Reply::Map(classes.collect())),
    ];
    let name = stats.command.shown_name();
    (Reply::bulk(name), Reply::map(fields))
}

fn latency_history(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let event = cx.world.latency.event(args.next()?);
    let samples = event.into_iter().flat_map(|(_, event)| &event.samples);
    let sample =
        |(at_s, ms): &(i64, u64)| Reply::Array(vec![Reply::Int(*at_s), Reply::Int(*ms as i64)]);
    Ok(Reply::Array(samples.map(sample).collect()))
}

fn latency_latest(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    let latest = |(name, event): (&str, &Event)| {
        let (at_s, ms) = event.samples.back()?;
        Some(Reply::Array(vec![
            Reply::bulk(name),
            Reply::Int(*at_s),
            Reply::Int(*ms as i64),
            Reply::Int(event.max_ms as i64),
        ]))
    };
    Ok(Reply::Array(
        cx.world.latency.iter().filter_map(latest).collect(),
    ))
}

/// `LATENCY RESET [event…]`
fn latency_reset(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let names = args.rest();
    let is_named = |event: &str| {
        names.is_empty()
            || names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(event.as_bytes()))
    };
    Ok(Reply::len(cx.world.latency.forget(is_named)))
}

fn report(cx: &Context<'_>) -> String {
    let mut report = INTRODUCTION.to_owned();
    for (index, (name, event)) in cx.world.latency.iter().enumerate() {
        let Spikes {
            count,
            average,
            deviation,
            period,
        } = Spikes::of(event, cx.now_s().into());
        let max_ms = event.max_ms;
        writeln!(
            report,
            "{}. {name}: {count} latency spikes (average {average}ms, mean deviation {deviation}ms, period \
             {period:.2} sec). Worst all time event {max_ms}ms.",
            index + 1
        )
        .expect("a String takes every write");
    }
    report + ADVICE
}

/// An event's samples in a few numbers.
struct Spikes {
    count: usize,
    average: u64,
    deviation: u64,
    /// Seconds between two samples.
    period: f64,
}

impl Spikes {
    fn of(event: &Event, now_s: i64) -> Spikes {
        let count = event.samples.len().max(1);
        let times = || event.samples.iter().map(|(_, ms)| *ms);
        let average = times().sum::<u64>() / count as u64;
        let deviation = times().map(|ms| ms.abs_diff(average)).sum::<u64>() / count as u64;
        let since_s = event.samples.front().map_or(0, |(at_s, _)| now_s - at_s);
        Spikes {
            count,
            average,
            deviation,
            period: since_s.max(1) as f64 / count as f64,
        }
    }
}

const ROWS: u64 = 4;
/// What a column's top looks like, the lowest of three steps first.
const TOPS: [char; 3] = ['_', 'o', '#'];

/// The samples as columns between the shortest and the longest, above the seconds since each.
fn graph(name: &str, event: &Event, now_s: i64) -> String {
    let times = || event.samples.iter().map(|(_, ms)| *ms);
    let (low, high) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
    let max_ms = event.max_ms;
    let mut text = format!("{name} - high {high} ms, low {low} ms (all time high {max_ms} ms)\n");
    text.push_str(&"-".repeat(80));
    text.push('\n');
    let steps = ROWS * TOPS.len() as u64;
    let height = |ms: u64| ((ms - low) * steps / (high - low).max(1)).min(steps - 1);
    for row in (0..ROWS).rev() {
        text.extend(times().map(|ms| cell(height(ms), row)));
        text.push('\n');
    }
    let ages: Vec<_> = event
        .samples
        .iter()
        .map(|(at_s, _)| age(now_s - at_s))
        .collect();
    let longest = ages.iter().map(String::len).max().unwrap_or(0);
    text.extend(ages.iter().map(|_| ' '));
    text.push('\n');
    for row in 0..longest {
        text.extend(ages.iter().map(|age| age.chars().nth(row).unwrap_or(' ')));
        text.push('\n');
    }
    text
}

fn cell(height: u64, row: u64) -> char {
    let top = height / TOPS.len() as u64;
    match row.cmp(&top) {
        std::cmp::Ordering::Less => '|',
        std::cmp::Ordering::Equal => TOPS[height as usize % TOPS.len()],
        std::cmp::Ordering::Greater => ' ',
    }
}

fn age(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}

const DISABLED: &str = "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You \
    may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't in a deep \
    space mission I'd suggest to take a look at \
    https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency-monitor.\n";

const QUIET: &str = "Dave, no latency spike was observed during the lifetime of this Redis instance, not in the \
    slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n";

const INTRODUCTION: &str = "Dave, I have observed latency spikes in this Redis instance. You don't mind talking about \
    it, do you Dave?\n\n";

const ADVICE: &str = "\nI have a few advices for you:\n\n- Check your Slow Log to understand what are the commands you \
    are running which are too slow to execute. Please check https://redis.io/commands/slowlog for more information.\n";

const HELP: &[&str] = &[
    "DOCTOR",
    "    Return a human readable latency analysis report.",
    "GRAPH <event>",
    "    Return an ASCII latency graph for the <event> class.",
    "HISTORY <event>",
    "    Return time-latency samples for the <event> class.",
    "LATEST",
    "    Return the latest latency samples for all events.",
    "RESET [<event> ...]",
    "    Reset latency data of one or more <event> classes.",
    "    (default: reset all data for all event classes)",
    "HISTOGRAM [COMMAND ...]",
    "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
    "    If no commands are specified then all histograms are replied.",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// As Redis 8.2.3 drew it.
    #[test]
    fn samples_are_drawn_as_columns() {
        let event = Event {
            samples: [(10, 3), (11, 20), (13, 10)].into(),
            max_ms: 20,
        };
        let line = "-".repeat(80);
        assert_eq!(
            graph("command", &event, 14),
            format!(
                "command - high 20 ms, low 3 ms (all time high 20 ms)\n{line}\n # \n | \n |o\n_||\n   \n431\nsss\n"
            )
        );
    }
}
