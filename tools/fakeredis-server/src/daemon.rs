//! `--daemonize yes`: the same command again, in the background.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::process::Stdio;

/// Starts this program again in the background, with a process group of its own and without a terminal; `stdin` is
/// the configuration that this one has read already.
pub fn start(stdin: &str) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| format!("can't find myself: {error}"))?;
    let failed = |error| format!("can't start in the background: {error}");
    let mut child = Command::new(program)
        .args(std::env::args_os().skip(1))
        .args(["--daemonize", "no"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let mut pipe = child.stdin.take().expect("standard input is piped");
    pipe.write_all(stdin.as_bytes()).map_err(failed)
}
