//! Draws the [`Model`]: a title, the list, the record in full, the answer to a watched command, a last line. It decides
//! nothing but where these lie.

use ratatui::Frame;
use ratatui::layout::Constraint;
use ratatui::layout::Layout;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Text;
use ratatui::widgets::Paragraph;

use super::ansi::styled;
use super::ansi::wrapped;
use super::menu::Menu;
use super::model::Focus;
use super::model::Mode;
use super::model::Model;
use super::model::Row;
use super::page::Page;
use super::prompt::Prompt;

/// From so many columns on, the list has dates.
const WIDE: u16 = 110;

/// What is said at the bottom takes no more lines than these.
const STATUS_LINES: usize = 3;

/// How many records a screen of this height lists.
pub fn list_rows(height: u16) -> u16 {
    (height.saturating_sub(3) * 2 / 5).max(1)
}

pub fn draw(frame: &mut Frame<'_>, model: &Model) {
    let area = frame.area();
    let said = Line::raw(model.status());
    let said = wrapped([said].into_iter(), area.width.into(), STATUS_LINES);
    let is_typing = matches!(model.mode(), Mode::Prompt(_));
    let [title, body, status, typed] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(cells(said.len())),
        Constraint::Length(u16::from(is_typing)),
    ])
    .areas(area);
    bar(frame, title, &model.title());
    match model.mode() {
        Mode::Help(page) => text(frame, body, page),
        _ => panes(frame, body, list_rows(area.height), model),
    }
    frame.render_widget(Paragraph::new(said), status);
    if let Mode::Prompt(line) = model.mode() {
        prompt(frame, typed, line);
    }
}

fn panes(frame: &mut Frame<'_>, area: Rect, rows: u16, model: &Model) {
    let [top, rest] = Layout::vertical([Constraint::Length(rows), Constraint::Min(0)]).areas(area);
    list(frame, top, model);
    if let Mode::Menu(choices) = model.mode() {
        let (head, body) = under_a_rule(rest);
        rule(frame, head, choices.title(), true);
        return menu(frame, body, choices);
    }
    let answer_rows = match model.watched() {
        Some(_) => rest.height * 2 / 5,
        None => 0,
    };
    let [unit, answer] =
        Layout::vertical([Constraint::Min(0), Constraint::Length(answer_rows)]).areas(rest);
    let (head, body) = under_a_rule(unit);
    rule(
        frame,
        head,
        &model.unit_title(),
        model.focus() == Focus::Unit,
    );
    text(frame, body, model.unit());
    if let Some(watch) = model.watched() {
        let (head, body) = under_a_rule(answer);
        let is_focus = model.focus() == Focus::Answer;
        rule(frame, head, &model.answer_title(watch), is_focus);
        text(frame, body, &watch.answer);
    }
}

fn under_a_rule(area: Rect) -> (Rect, Rect) {
    let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    (head, body)
}

/// A line over the whole width.
fn bar(frame: &mut Frame<'_>, area: Rect, text: &str) {
    let style = Style::new().add_modifier(Modifier::REVERSED);
    frame.render_widget(Paragraph::new(format!(" {text}")).style(style), area);
}

/// A pane's title; bold where the pane has the focus.
fn rule(frame: &mut Frame<'_>, area: Rect, title: &str, is_focus: bool) {
    let title = format!("── {title} ");
    let rest = usize::from(area.width).saturating_sub(Line::raw(&title).width());
    let line = Line::raw(title + &"─".repeat(rest));
    let modifier = match is_focus {
        true => Modifier::BOLD,
        false => Modifier::DIM,
    };
    frame.render_widget(line.style(Style::new().add_modifier(modifier)), area);
}

fn list(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let lines: Vec<Line<'_>> = model.rows(area.width >= WIDE).iter().map(row).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn row(row: &Row) -> Line<'static> {
    let cursor = if row.is_cursor { '>' } else { ' ' };
    let stop = if row.is_stop { '*' } else { ' ' };
    let text = format!("{cursor}{stop} {}", row.text);
    let line = styled(&text).remove(0);
    match row.is_cursor {
        true => line.style(Style::new().add_modifier(Modifier::REVERSED)),
        false => line,
    }
}

fn text(frame: &mut Frame<'_>, area: Rect, page: &Page) {
    // A reply may have a million lines; only those that are seen are looked at.
    let lines = page.text().unwrap_or("…").lines().skip(page.top());
    let shown: Vec<&str> = lines.take(area.height.into()).collect();
    let shown = styled(&shown.join("\n")).into_iter();
    let lines = wrapped(shown, area.width.into(), area.height.into());
    frame.render_widget(Paragraph::new(Text::from(lines)), area);
}

fn menu(frame: &mut Frame<'_>, area: Rect, menu: &Menu) {
    let height = usize::from(area.height).max(1);
    let top = (menu.at + 1).saturating_sub(height);
    let items = menu.items.iter().enumerate().skip(top).take(height);
    let line = |(index, item): (usize, &String)| {
        let row = Row {
            text: item.clone(),
            is_cursor: index == menu.at,
            is_stop: false,
        };
        self::row(&row)
    };
    let lines: Vec<Line<'_>> = items.map(line).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn prompt(frame: &mut Frame<'_>, area: Rect, prompt: &Prompt) {
    let sign = Line::raw(prompt.question.sign());
    let [head, body] =
        Layout::horizontal([Constraint::Length(cells(sign.width())), Constraint::Min(0)])
            .areas(area);
    // One column is for the cursor behind the text.
    let hidden = prompt
        .input
        .visual_scroll(usize::from(body.width.max(1)) - 1);
    let typed = Paragraph::new(prompt.input.value()).scroll((0, cells(hidden)));
    let cursor = cells(prompt.input.visual_cursor().saturating_sub(hidden));
    frame.render_widget(sign, head);
    frame.render_widget(typed, body);
    frame.set_cursor_position(Position::new(body.x + cursor.min(body.width), body.y));
}

fn cells(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}
