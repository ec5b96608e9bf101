//! Rows of figures and how they are printed; medians.

use std::time::Duration;

/// One comparison.
pub struct Row {
    /// What was measured.
    pub what: String,
    /// Our figure.
    pub ours: Figure,
    /// Theirs, and whose it is.
    pub theirs: Option<(&'static str, Figure)>,
    /// What ours must reach.
    pub target: Target,
}

/// A measured number with its unit.
#[derive(Clone, Copy)]
pub enum Figure {
    /// Operations a second.
    Rate(f64),
    /// Time for one operation.
    Time(Duration),
    /// Bytes.
    Bytes(f64),
}

/// What a figure must reach.
#[derive(Clone, Copy)]
pub enum Target {
    /// Ours divided by theirs is at least this.
    AtLeast(f64),
    /// Ours divided by theirs is at most this.
    AtMost(f64),
    /// Ours is at most this long, whatever theirs is.
    Within(Duration),
    /// Nothing: shown for comparison.
    Shown,
}

impl Figure {
    fn value(self) -> f64 {
        match self {
            Figure::Rate(value) | Figure::Bytes(value) => value,
            Figure::Time(time) => time.as_secs_f64(),
        }
    }

    fn text(self) -> String {
        let value = self.value();
        match self {
            Figure::Rate(_) if value >= 10_000.0 => format!("{:.0}k/s", value / 1e3),
            Figure::Rate(_) => format!("{value:.0}/s"),
            Figure::Bytes(_) if value >= 1e6 => format!("{:.1} MB", value / 1e6),
            Figure::Bytes(_) => format!("{value:.0} B"),
            Figure::Time(_) if value >= 1.0 => format!("{value:.2} s"),
            Figure::Time(_) if value >= 1e-3 => format!("{:.2} ms", value * 1e3),
            Figure::Time(_) if value >= 1e-6 => format!("{:.2} µs", value * 1e6),
            Figure::Time(_) => format!("{:.0} ns", value * 1e9),
        }
    }
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        let (_, theirs) = self.theirs?;
        Some(self.ours.value() / theirs.value())
    }

    fn reached(&self) -> Option<bool> {
        match (self.target, self.ratio()) {
            (Target::AtLeast(least), Some(ratio)) => Some(ratio >= least),
            (Target::AtMost(most), Some(ratio)) => Some(ratio <= most),
            (Target::Within(time), _) => Some(self.ours.value() <= time.as_secs_f64()),
            _ => None,
        }
    }
}

/// Prints a section as a Markdown table.
pub fn print(title: &str, rows: &[Row]) {
    println!("\n### {title}\n");
    if rows.is_empty() {
        return;
    }
    println!("| what | ours | against | ratio | must reach | reached |");
    println!("|---|---:|---:|---:|---:|---|");
    for row in rows {
        let theirs = row.theirs.map_or(String::new(), |(name, figure)| {
            format!("{} ({name})", figure.text())
        });
        let ratio = row
            .ratio()
            .map_or(String::new(), |ratio| format!("{ratio:.2}×"));
        let target = match row.target {
            Target::AtLeast(least) => format!("≥ {least}×"),
            Target::AtMost(most) => format!("≤ {most}×"),
            Target::Within(time) => format!("≤ {}", Figure::Time(time).text()),
            Target::Shown => String::new(),
        };
        let reached = match row.reached() {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        println!(
            "| {} | {} | {theirs} | {ratio} | {target} | {reached} |",
            row.what,
            row.ours.text()
        );
    }
}

/// The middle one of some measurements.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}

/// The median of what two measurements find when they take turns: A B B A, `turns` turns of two each.
pub fn alternate(
    turns: usize,
    mut ours: impl FnMut() -> f64,
    mut theirs: impl FnMut() -> f64,
) -> (f64, f64) {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..turns {
        a.push(ours());
        b.push(theirs());
        b.push(theirs());
        a.push(ours());
    }
    (median(a), median(b))
}
