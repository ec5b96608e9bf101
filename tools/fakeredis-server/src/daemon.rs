//! `--daemonize yes`: the same command again, in the background.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::process::Stdio;

/// Starts this program again in the background, with a process group of its own and without a terminal.
pub fn start() -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| format!("can't find myself: {error}"))?;
    let child = Command::new(program)
        .args(std::env::args_os().skip(1))
        .args(["--daemonize", "no"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    child
        .map(drop)
        .map_err(|error| format!("can't start in the background: {error}"))
}
