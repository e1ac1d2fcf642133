//! The progress of an adoption, an undo or a finish on standard error: a bar on a terminal, otherwise a line for each step and
//! every few seconds.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::clock::Timer;
use crate::service::adoption::Progress;

/// The interval between lines without a terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Shows the progress.
pub(super) struct StepProgress {
    /// `None` without a terminal.
    bar: Option<ProgressBar>,
    timer: Timer,
    last_line: Duration,
    last_step: Option<(usize, &'static str)>,
}

impl StepProgress {
    pub(super) fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            // Only an invalid template is an error, and this one is valid.
            let style = ProgressStyle::with_template("{bar:32} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(1).with_style(style)
        });
        Self { bar, timer: Timer::start(), last_line: Duration::ZERO, last_step: None }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        let (elapsed, step) = (self.timer.elapsed(), Some((progress.step, progress.name)));
        if let Some(bar) = &self.bar {
            bar.set_length(progress.total.max(1));
            bar.set_position(progress.done.min(progress.total));
            bar.set_message(text(progress));
        } else if self.last_step != step || elapsed >= self.last_line + LINE_INTERVAL {
            (self.last_line, self.last_step) = (elapsed, step);
            // Without a reader the work continues.
            let _closed = writeln!(std::io::stderr(), "{}", text(progress));
        }
    }

    /// Removes the bar, and returns the seconds that have passed.
    pub(super) fn finish(self) -> f64 {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.timer.elapsed().as_secs_f64()
    }
}

fn text(progress: Progress) -> String {
    let Progress { step, steps, name, done, total } = progress;
    let step = if steps > 1 { format!("step {step} of {steps}: ") } else { String::new() };
    let part = if total > 0 { format!(", {done} of {total}") } else { String::new() };
    format!("{step}{name}{part}")
}
