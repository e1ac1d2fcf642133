//! The progress of an import or export on standard error: a bar on a terminal, otherwise a line every few seconds.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::ProgressStyle;

use super::exit::print_error;
use crate::clock::Timer;

/// The interval between lines without a terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Shows the progress of an import or export.
pub(super) struct ProgressBar {
    /// `None` without a terminal.
    bar: Option<indicatif::ProgressBar>,
    verb: &'static str,
    /// The total amount of work in the caller's units; 0 if it is unknown.
    total: u64,
    timer: Timer,
    last_line: Duration,
}

impl ProgressBar {
    pub(super) fn start(verb: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = match total {
                0 => indicatif::ProgressBar::new_spinner(),
                total => indicatif::ProgressBar::new(total),
            };
            let template = if total == 0 { "{spinner} {msg}" } else { "{bar:32} {percent:>3} %  {msg}" };
            // Only an invalid template is an error, and these are valid.
            bar.with_style(
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
            )
        });
        Self { bar, verb, total, timer: Timer::start(), last_line: Duration::ZERO }
    }

    /// Shows that `done` of the total is processed, with the number of `customers`.
    pub(super) fn show(&mut self, done: u64, customers: u64) {
        let elapsed = self.timer.elapsed();
        if let Some(bar) = &self.bar {
            bar.set_message(self.text(done, customers, elapsed));
            bar.set_position(done.min(self.total));
        } else if elapsed >= self.last_line + LINE_INTERVAL {
            self.last_line = elapsed;
            print_error(&self.text(done, customers, elapsed));
        }
    }

    /// Removes the bar and returns the elapsed time as text.
    pub(super) fn finish(self) -> String {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        format_duration(self.timer.elapsed())
    }

    fn text(&self, done: u64, customers: u64, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64().max(0.001);
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let (share, rate) = (done as f64 / self.total as f64, customers as f64 / seconds);
        let verb = self.verb;
        // An estimate before the first hundredth would be too inaccurate.
        let left = if self.total > 0 && share > 0.01 && share <= 1.0 {
            format!(", {} left", format_duration(Duration::from_secs_f64(seconds / share - seconds)))
        } else {
            String::new()
        };
        format!("{verb} {customers} customers, {rate:.0}/s{left}")
    }
}

fn format_duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, _) => format!("{:.1} s", time.as_secs_f64()),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
