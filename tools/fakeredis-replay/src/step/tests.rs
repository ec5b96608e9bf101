//! The debugger without a terminal: keys go into the model, and what it draws goes onto a screen in memory.

use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::Rev;
use fakeredis::Timeline;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::KeyCode;
use ratatui::crossterm::event::KeyEvent;
use tempfile::TempDir;

use super::model::Model;
use super::past::Past;
use super::view;
use crate::output::Paint;

/// So many SETs of `k`, counting up from record 2 on, and the end.
fn counted(records: usize) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
    let builder = FakeRedis::builder().journal(dir.path()).fsync(Fsync::No);
    let fake = builder.clock(clock.clone()).build().unwrap();
    let mut con = fake.connection();
    for number in 0..records {
        clock.advance(Duration::from_millis(1));
        let set = redis::cmd("SET").arg("k").arg(number).exec(&mut con);
        set.unwrap();
    }
    fake.close().unwrap();
    dir
}

/// A model and a screen for it.
struct Bench {
    model: Model,
    screen: Terminal<TestBackend>,
}

impl Bench {
    fn new(dir: &TempDir, rev: &Rev) -> Bench {
        let timeline = Timeline::open(dir.path()).unwrap();
        let past = Past::open(dir.path(), &timeline, rev).unwrap();
        let mut bench = Bench {
            model: Model::new(past, Paint::NONE).unwrap(),
            screen: Terminal::new(TestBackend::new(80, 24)).unwrap(),
        };
        bench.settle();
        bench
    }

    /// Presses keys, and does the work that comes of each.
    fn press(&mut self, keys: &str) -> &mut Bench {
        for letter in keys.chars() {
            let code = match letter {
                '\r' => KeyCode::Enter,
                '\x1b' => KeyCode::Esc,
                '\t' => KeyCode::Tab,
                letter => KeyCode::Char(letter),
            };
            self.key(code);
        }
        self
    }

    fn key(&mut self, code: KeyCode) {
        self.model.press(KeyEvent::from(code));
        self.settle();
    }

    fn settle(&mut self) {
        let height = self.screen.size().unwrap().height;
        self.model.fit(view::list_rows(height));
        while self.model.is_busy() {
            self.model.work();
        }
    }

    /// What the screen shows, line by line.
    fn lines(&mut self) -> Vec<String> {
        let model = &self.model;
        self.screen.draw(|frame| view::draw(frame, model)).unwrap();
        let buffer = self.screen.backend().buffer().clone();
        let width = usize::from(buffer.area.width).max(1);
        let lines = buffer.content().chunks(width);
        let text = |line: &[ratatui::buffer::Cell]| -> String {
            line.iter().map(ratatui::buffer::Cell::symbol).collect()
        };
        lines.map(|line| text(line).trim_end().to_owned()).collect()
    }

    /// The records that the list shows, and the one under the cursor.
    fn listed(&self) -> (u64, u64, u64) {
        let rows = self.model.rows(false);
        let seq = |text: &str| text.split_whitespace().next().unwrap().parse().unwrap();
        let cursor = rows.iter().find(|row| row.is_cursor).unwrap();
        (
            seq(&rows[0].text),
            seq(&cursor.text),
            seq(&rows[rows.len() - 1].text),
        )
    }

    fn cursor(&self) -> u64 {
        self.listed().1
    }
}

#[test]
fn the_screen_is_what_it_says() {
    let dir = counted(20);
    let mut bench = Bench::new(&dir, &Rev::seq(7));
    bench.press("bkey k\r!GET k\r");
    let mut lines = bench.lines();
    // The directory is another one each time.
    lines[0] = lines[0].split("  ").take(3).collect::<Vec<_>>().join("  ");
    let expected = "\
record 7 of 22  2026-08-01T12:00:00.006000Z  1 stop
 *  3  12:00:00.002000  #1            SET k 1  → k
 *  4  12:00:00.003000  #1            SET k 2  → k
 *  5  12:00:00.004000  #1            SET k 3  → k
 *  6  12:00:00.005000  #1            SET k 4  → k
>*  7  12:00:00.006000  #1            SET k 5  → k
 *  8  12:00:00.007000  #1            SET k 6  → k
 *  9  12:00:00.008000  #1            SET k 7  → k
 * 10  12:00:00.009000  #1            SET k 8  → k
── record 7, direct, #1, db 0 ──────────────────────────────────────────────────
commands
  SET k 5

changes
  k  \"4\" → \"5\"



── > GET k ─────────────────────────────────────────────────────────────────────
\"5\"



↑↓ move  : go to  b break  n N on/back  / search  ! watch  w why  ? help  q quit";
    assert_eq!(lines.join("\n").trim(), expected);
}

#[test]
fn the_list_scrolls_no_more_than_it_must() {
    let dir = counted(100);
    let mut bench = Bench::new(&dir, &Rev::seq(50));
    assert_eq!(bench.listed(), (46, 50, 53));
    bench.press("jjj");
    assert_eq!(bench.listed(), (46, 53, 53));
    bench.press("j");
    assert_eq!(bench.listed(), (47, 54, 54));
    bench.press("kkkkkkkk");
    assert_eq!(bench.listed(), (46, 46, 53));
    bench.key(KeyCode::PageDown);
    assert_eq!(bench.listed(), (47, 54, 54));
    bench.key(KeyCode::Home);
    assert_eq!(bench.listed(), (1, 1, 8));
    bench.press("k");
    assert_eq!(bench.listed(), (1, 1, 8));
    bench.press("G");
    assert_eq!(bench.listed(), (95, 102, 102));
    bench.press("j");
    assert_eq!(bench.cursor(), 102);
    bench.press(":@-50\r");
    assert_eq!(bench.listed(), (48, 52, 55));
}

#[test]
fn breakpoints_of_all_kinds_stop() {
    let dir = counted(30);
    for (stop, on, back) in [
        ("key k", 13, 11),
        ("key other", 12, 12),
        ("cmd set", 13, 11),
        ("client 1", 13, 11),
        ("text 20", 22, 12),
        ("aborted", 12, 12),
        ("lua return redis.call('GET', 'k') == '15'", 17, 12),
        ("lua return tonumber(redis.call('GET', 'k')) > 5", 12, 8),
        ("lua this is no lua", 12, 12),
    ] {
        let mut bench = Bench::new(&dir, &Rev::seq(12));
        bench.press(&format!("b{stop}\rn"));
        assert_eq!(bench.cursor(), on, "{stop}");
        bench.press(":12\rN");
        assert_eq!(bench.cursor(), back, "{stop}");
    }
}

#[test]
fn the_nearest_of_several_breakpoints_stops() {
    let dir = counted(30);
    let mut bench = Bench::new(&dir, &Rev::FIRST);
    bench.press("btext 20\rblua return redis.call('GET', 'k') == '9'\rbtext 14\rn");
    assert_eq!(bench.cursor(), 11);
    bench.press("n");
    assert_eq!(bench.cursor(), 16);
    bench.press("n");
    assert_eq!(bench.cursor(), 22);
    bench.press("N");
    assert_eq!(bench.cursor(), 16);
}

/// Longer than one stretch of a search, with the only match at its far end.
#[test]
fn a_long_search_goes_in_pieces_and_escape_stops_it() {
    let dir = counted(9000);
    let mut bench = Bench::new(&dir, &Rev::LAST);
    bench.press("/\r/ \r");
    bench.model.press(KeyEvent::from(KeyCode::Char('b')));
    for letter in "lua return redis.call('GET', 'k') == '0'".chars() {
        bench.model.press(KeyEvent::from(KeyCode::Char(letter)));
    }
    bench.press("\r");
    bench.model.press(KeyEvent::from(KeyCode::Char('N')));
    bench.model.work();
    assert!(
        bench.model.status().starts_with("looking at record 8"),
        "{}",
        bench.model.status()
    );
    bench.press("\x1bk");
    assert_eq!(bench.cursor(), 9001);
    bench.press("N");
    assert_eq!(bench.cursor(), 2);
}

#[test]
fn keys_that_come_during_a_search_wait_for_its_end() {
    let dir = counted(30);
    let mut bench = Bench::new(&dir, &Rev::FIRST);
    bench.press("b").press("cmd SET\r");
    for letter in "nnj:@-".chars().chain("3\r".chars()) {
        let code = if letter == '\r' {
            KeyCode::Enter
        } else {
            KeyCode::Char(letter)
        };
        bench.model.press(KeyEvent::from(code));
    }
    bench.settle();
    assert_eq!(bench.cursor(), 29);
}

#[test]
fn pages_scroll_where_the_focus_is() {
    let dir = counted(30);
    let mut bench = Bench::new(&dir, &Rev::seq(12));
    assert!(
        bench
            .lines()
            .iter()
            .any(|line| line.starts_with("commands"))
    );
    bench.press("\tjj");
    assert_eq!(bench.cursor(), 12);
    assert!(
        !bench
            .lines()
            .iter()
            .any(|line| line.starts_with("commands"))
    );
    bench.press("\x1bj");
    assert_eq!(bench.cursor(), 13);
    assert!(
        bench
            .lines()
            .iter()
            .any(|line| line.starts_with("commands"))
    );
}

#[test]
fn lists_are_left_and_taken_from() {
    let dir = counted(3);
    let mut bench = Bench::new(&dir, &Rev::LAST);
    assert_eq!(bench.press("m").model.status(), "there is no mark");
    assert!(
        bench
            .press("B")
            .model
            .status()
            .starts_with("there is no breakpoint")
    );
    bench.press("bkey a\rbkey b\rbkey c\rBjd");
    let lines = bench.lines().join("\n");
    assert!(lines.contains("key a") && !lines.contains("key b") && lines.contains("key c"));
    bench.press("\x1bk");
    assert_eq!(bench.cursor(), 4);
}

#[test]
fn a_prompt_is_edited_recalled_and_left() {
    let dir = counted(30);
    let mut bench = Bench::new(&dir, &Rev::LAST);
    bench.press(":9");
    bench.key(KeyCode::Backspace);
    bench.press("7\r");
    assert_eq!(bench.cursor(), 7);
    bench.press(":12\x1b");
    assert_eq!(bench.cursor(), 7);
    bench.press("G:");
    bench.key(KeyCode::Up);
    assert_eq!(bench.lines()[23], ":7");
    bench.press("\r");
    assert_eq!(bench.cursor(), 7);
}

/// Every mode on screens that are too small for anything.
#[test]
fn no_screen_is_too_small() {
    let dir = counted(30);
    for (width, height) in [(1, 1), (1, 24), (80, 1), (3, 2), (5, 5), (200, 60)] {
        let mut bench = Bench::new(&dir, &Rev::seq(9));
        bench.screen = Terminal::new(TestBackend::new(width, height)).unwrap();
        for keys in ["", "w", "!GET k\r", "bkey k\r", "B", "\x1b?", "\x1b:12"] {
            bench.press(keys);
            bench.lines();
        }
    }
}

/// What was dropped is the beginning: searches end there, and ask scripts about the state that it came to.
#[test]
fn a_compacted_history_begins_where_it_does() {
    let dir = counted(30);
    fakeredis::compact_journal(dir.path(), &Rev::seq(10)).unwrap();
    let mut bench = Bench::new(&dir, &Rev::LAST);
    bench.press("blua return tonumber(redis.call('GET', 'k')) > 5\rN");
    assert!(bench.model.status().starts_with("nothing stops before"));
    bench.press(":@0\r");
    let first = bench.cursor();
    assert!((9..=11).contains(&first), "{first}");
    bench.press("k:3\r");
    assert!(
        bench
            .model
            .status()
            .starts_with("history begins with record")
    );
    assert_eq!(bench.cursor(), first);
}

#[test]
fn what_is_said_is_said_in_full() {
    let dir = counted(3);
    let mut bench = Bench::new(&dir, &Rev::LAST);
    for keys in ["b", "nonsense\r"] {
        let lines = bench.press(keys).lines();
        assert!(lines.concat().contains(super::stop::FORMS), "{lines:?}");
    }
}

#[test]
fn a_line_longer_than_the_screen_shows_its_end() {
    let dir = counted(3);
    let mut bench = Bench::new(&dir, &Rev::LAST);
    bench.press(&format!("!{}漢end", "x".repeat(90)));
    let last = bench.lines().pop().unwrap();
    assert!(last.starts_with("> xx") && last.contains("end"), "{last}");
}

#[test]
fn q_ends_it_but_in_a_list() {
    let dir = counted(3);
    let mut bench = Bench::new(&dir, &Rev::LAST);
    bench.press("?q");
    assert!(!bench.model.is_over());
    bench.press("q");
    assert!(bench.model.is_over());
}
