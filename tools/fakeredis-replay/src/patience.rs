//! A sign of life on standard error while something takes long, if that is a terminal.

use std::time::Duration;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

/// From how many records on work may take long enough to wonder.
const LONG: u64 = 200_000;

/// Does `work` on so many records.
pub fn during<T>(records: u64, what: &'static str, work: impl FnOnce() -> T) -> T {
    if records < LONG {
        return work();
    }
    let style = "{spinner} {msg}, {elapsed}";
    let style = ProgressStyle::with_template(style).expect("the template is valid");
    let spinner = ProgressBar::new_spinner()
        .with_style(style)
        .with_message(what);
    spinner.enable_steady_tick(Duration::from_millis(100));
    let result = work();
    spinner.finish_and_clear();
    result
}
