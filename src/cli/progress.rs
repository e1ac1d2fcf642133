//! How far a file is: a bar on a terminal, a line every few seconds otherwise, both on standard error.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::clock::Timer;

/// How often a line is printed where there is no terminal.
const PAUSE: Duration = Duration::from_secs(10);

/// Shows how far something is.
pub(super) struct Progress {
    /// None where there is no terminal.
    bar: Option<ProgressBar>,
    verb: &'static str,
    /// How much there is to do, in units of the caller; 0 when that isn't known.
    total: u64,
    watch: Timer,
    last_line: Duration,
}

impl Progress {
    pub(super) fn start(verb: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = if total == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(total) };
            let template = if total == 0 { "{spinner} {msg}" } else { "{bar:32} {percent:>3} %  {msg}" };
            // It has been tried: only a mistake in the template is an error.
            bar.with_style(
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
            )
        });
        Self { bar, verb, total, watch: Timer::start(), last_line: Duration::ZERO }
    }

    /// `done` of the total, with so many customers.
    pub(super) fn show(&mut self, done: u64, customers: u64) {
        let elapsed = self.watch.elapsed();
        if let Some(bar) = &self.bar {
            bar.set_message(self.text(done, customers, elapsed));
            bar.set_position(done.min(self.total));
        } else if elapsed >= self.last_line + PAUSE {
            self.last_line = elapsed;
            eprintln!("{}", self.text(done, customers, elapsed));
        }
    }

    /// Takes the bar away, and gives back how long it took.
    pub(super) fn finish(self) -> String {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        length(self.watch.elapsed())
    }

    fn text(&self, done: u64, customers: u64, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64().max(0.001);
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let (share, rate) = (done as f64 / self.total as f64, customers as f64 / seconds);
        let verb = self.verb;
        // Before the first hundredth nobody knows.
        let left = if self.total > 0 && share > 0.01 && share <= 1.0 {
            format!(", {} left", length(Duration::from_secs_f64(seconds / share - seconds)))
        } else {
            String::new()
        };
        format!("{verb} {customers} customers, {rate:.0}/s{left}")
    }
}

fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, _) => format!("{:.1} s", time.as_secs_f64()),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
