//! Settings of the journal.

use std::time::Duration;

use super::Values;

/// How long the journal (events and the audit trail) is kept.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// `PATRON_JOURNAL_RETENTION`; none keeps it forever.
    pub retention: Option<Duration>,
}

impl JournalConfig {
    pub(super) fn from_values(v: &mut Values) -> Self {
        Self { retention: v.retention("PATRON_JOURNAL_RETENTION") }
    }
}

impl Values {
    /// Reads days; none for 0. The minimum is a week, since webhooks are retried for several days.
    fn retention(&mut self, variable: &'static str) -> Option<Duration> {
        let days = self.between(variable, 0, 36_500);
        if (1..7).contains(&days) {
            self.problem(variable, format!("must be at least 7, or 0 to keep everything, but is {days}"));
        }
        (days > 0).then(|| Duration::from_secs(u64::from(days) * 24 * 60 * 60))
    }
}
