//! Waiting for what a writer adds to a journal, for as long as somebody reads our answers.

use std::io;
use std::time::Duration;

/// How long nobody looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits a moment, or until the reader of standard output goes away; whether it is still there.
#[cfg(unix)]
pub fn wait() -> io::Result<bool> {
    use rustix::event::PollFd;
    use rustix::event::PollFlags;
    use rustix::event::Timespec;
    use rustix::event::poll;

    let stdout = io::stdout();
    let mut closed = [PollFd::new(&stdout, PollFlags::empty())];
    let pause = Timespec::try_from(PAUSE).map_err(io::Error::other)?;
    match poll(&mut closed, Some(&pause)) {
        Ok(changed) => Ok(changed == 0),
        Err(rustix::io::Errno::INTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Waits a moment. That nobody reads any more is noticed when something is written.
#[cfg(not(unix))]
pub fn wait() -> io::Result<bool> {
    std::thread::park_timeout(PAUSE);
    Ok(true)
}
