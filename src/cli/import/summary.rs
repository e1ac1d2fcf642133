//! What an import did: the number of lines by outcome, and the changes of a dry run.

use std::path::Path;

use crate::cli::exit::{CommandFailure, print};
use crate::cli::text::count;
use crate::service::import::{self, ImportOutcome, NO_PASSWORD};

/// The maximum number of lines whose changes a dry run prints.
const MAX_PRINTED: u64 = 1000;
/// The maximum number of changed fields of a line that are printed.
const MAX_FIELDS: usize = 20;

/// The number of lines by outcome.
pub(super) struct Summary {
    options: import::Options,
    created: u64,
    updated: u64,
    unchanged: u64,
    refused: u64,
    without_password: u64,
}

impl Summary {
    pub(super) fn new(options: import::Options) -> Self {
        Self { options, created: 0, updated: 0, unchanged: 0, refused: 0, without_password: 0 }
    }

    /// Counts a line. A dry run prints the changed fields of an existing customer.
    pub(super) fn count(&mut self, number: u64, outcome: &ImportOutcome) -> Result<(), CommandFailure> {
        match outcome {
            ImportOutcome::Created => self.created += 1,
            ImportOutcome::Unchanged => self.unchanged += 1,
            ImportOutcome::Updated(fields) => {
                self.updated += 1;
                if self.options.dry_run && self.updated <= MAX_PRINTED {
                    print(&format!("line {number}: {}\n", listed(fields)))?;
                }
            }
            ImportOutcome::Refused(problems) => {
                self.refused += 1;
                let has_no_password = problems.iter().any(|problem| problem.message == NO_PASSWORD);
                self.without_password += u64::from(has_no_password);
            }
        }
        Ok(())
    }

    /// The number of lines that were not refused.
    pub(super) fn accepted(&self) -> u64 {
        self.created + self.updated + self.unchanged
    }

    /// The last line of the output, and before it the number of changes that a dry run did not print.
    pub(super) fn text(&self, invited: u64, elapsed: &str) -> String {
        let would = if self.options.dry_run { "would be " } else { "" };
        let mut parts = vec![format!("{} {would}imported", self.created)];
        if self.options.update {
            parts.push(format!("{} {would}updated", self.updated));
        }
        parts.push(format!("{} skipped", self.unchanged));
        parts.push(format!("{} refused", self.refused));
        if self.options.send_invitations {
            parts.push(format!("{invited} {would}invited"));
        }
        let hidden = self.updated.saturating_sub(MAX_PRINTED);
        let more = if self.options.dry_run && hidden > 0 {
            format!("and {}\n", count(hidden, "more changed line", "more changed lines"))
        } else {
            String::new()
        };
        format!("{more}{}, in {elapsed}\n", parts.join(", "))
    }

    /// The message for an import with refused lines, which this file lists.
    pub(super) fn refusal(&self, file: &Path) -> String {
        let hint = match self.without_password {
            0 => String::new(),
            lines => {
                format!("; --invite accepts {lines} of them without a password, if nothing else is wrong")
            }
        };
        let refused = count(self.refused, "line was refused", "lines were refused");
        format!("{refused}: see {}{hint}", file.display())
    }
}

fn listed(fields: &[String]) -> String {
    let shown = fields.iter().take(MAX_FIELDS).map(String::as_str).collect::<Vec<_>>().join(", ");
    match fields.len().saturating_sub(MAX_FIELDS) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::{ImportOutcome, Summary, import, listed};

    #[test]
    fn the_changes_of_a_line_are_limited() {
        let fields: Vec<String> = (1..=23).map(|number| format!("f{number}")).collect();
        assert_eq!(listed(&fields[..2]), "f1, f2");
        assert!(listed(&fields).ends_with(", f20 and 3 more"));
    }

    #[test]
    fn the_number_of_lines_that_are_not_printed_is_reported() {
        let options = import::Options { update: true, dry_run: true, ..import::Options::default() };
        let mut summary = Summary::new(options);
        summary.updated = 1000;
        summary.count(9, &ImportOutcome::Updated(vec!["status".to_owned()])).unwrap();
        let text = summary.text(0, "1 s");
        assert_eq!(
            text,
            "and 1 more changed line\n0 would be imported, 1001 would be updated, 0 skipped, 0 refused, in 1 s\n"
        );
    }
}
