//! Text with colours, as the verbs print it, to lines that can be drawn.

use anstream::adapter::WinconBytes;
use anstyle::AnsiColor;
use anstyle::Effects;
use ratatui::style::Color;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use unicode_width::UnicodeWidthChar;

/// The lines of a text, at least one.
pub fn styled(text: &str) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    let mut bytes = WinconBytes::new();
    for (style, part) in bytes.extract_next(text.trim_end().as_bytes()) {
        for (index, piece) in part.split('\n').enumerate() {
            if index > 0 {
                lines.push(Line::default());
            }
            let span = Span::styled(piece.to_owned(), translated(style));
            lines.last_mut().expect("there is one line").push_span(span);
        }
    }
    lines
}

fn translated(style: anstyle::Style) -> Style {
    let mut out = Style::new();
    if let Some(anstyle::Color::Ansi(colour)) = style.get_fg_color() {
        out = out.fg(match colour {
            AnsiColor::Green => Color::Green,
            AnsiColor::Red => Color::Red,
            AnsiColor::Yellow => Color::Yellow,
            AnsiColor::Cyan => Color::Cyan,
            _ => Color::Reset,
        });
    }
    let effects = style.get_effects();
    if effects.contains(Effects::BOLD) {
        out = out.add_modifier(Modifier::BOLD);
    }
    if effects.contains(Effects::DIMMED) {
        out = out.add_modifier(Modifier::DIM);
    }
    out
}

/// Lines broken where they are wider than the screen; no more than fit.
pub fn wrapped(
    lines: impl Iterator<Item = Line<'static>>,
    width: usize,
    height: usize,
) -> Vec<Line<'static>> {
    lines
        .flat_map(|line| broken(line, width.max(1)))
        .take(height)
        .collect()
}

fn broken(line: Line<'static>, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    let mut used = 0;
    for span in line.spans {
        let mut piece = String::new();
        for letter in span.content.chars() {
            let wide = letter.width().unwrap_or(0);
            if used + wide > width {
                push(&mut lines, std::mem::take(&mut piece), span.style);
                lines.push(Line::default());
                used = 0;
            }
            piece.push(letter);
            used += wide;
        }
        push(&mut lines, piece, span.style);
    }
    lines
}

fn push(lines: &mut [Line<'static>], piece: String, style: Style) {
    if let Some(line) = lines.last_mut() {
        line.push_span(Span::styled(piece, style));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_lines_are_kept() {
        let lines = styled("a \x1b[32mgreen\x1b[0m\n\nend\n");
        let texts: Vec<String> = lines.iter().map(Line::to_string).collect();
        assert_eq!(texts, ["a green", "", "end"]);
        assert_eq!(lines[0].spans[1].style, Style::new().fg(Color::Green));
    }

    #[test]
    fn lines_are_broken_by_what_is_seen() {
        let line = Line::from(vec![Span::raw("ab"), Span::raw("漢字c")]);
        let texts = |width, height| -> Vec<String> {
            let lines = wrapped([line.clone()].into_iter(), width, height);
            lines.iter().map(Line::to_string).collect()
        };
        assert_eq!(texts(4, 9), ["ab漢", "字c"]);
        assert_eq!(texts(80, 9), ["ab漢字c"]);
        assert_eq!(texts(2, 2), ["ab", "漢"]);
        // A letter that is wider than the screen is not waited for.
        assert_eq!(texts(1, 9).concat(), "ab漢字c");
    }
}
