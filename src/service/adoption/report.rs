//! The report of a check: what blocks an adoption, what the adoption changes, and what is only reported.

use std::collections::BTreeMap;

use serde::Serialize;

use super::decisions::Proposals;
use crate::error::truncate;

/// The maximum number of examples of a finding.
pub(super) const MAX_EXAMPLES: usize = 20;
/// The maximum length of an example, in characters.
const MAX_EXAMPLE: usize = 200;

/// The findings that decisions of the operator fix.
const RESOLVABLE: [&str; 5] =
    ["customer_twins", "admin_twins", "group_twins", "group_without_name", "several_defaults"];

/// What a finding means for the adoption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The adoption is refused until it is fixed.
    Blocks,
    /// The adoption changes these rows.
    Changes,
    /// Nothing is changed.
    Reports,
}

/// Something that a check found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// A fixed name, for scripts.
    pub code: &'static str,
    /// What it means for the adoption.
    pub severity: Severity,
    /// The table; empty if it concerns the whole database.
    pub table: &'static str,
    /// How many rows or objects.
    pub count: u64,
    /// At most 20 of them, without control characters.
    pub examples: Vec<String>,
    /// What is wrong.
    pub text: String,
    /// What the adoption does about it, or what the operator can do.
    pub remedy: String,
}

impl Finding {
    /// Sets the table, the number of rows and the examples.
    pub(super) fn of_rows(
        mut self,
        table: &'static str,
        count: u64,
        examples: impl IntoIterator<Item = String>,
    ) -> Self {
        self.table = table;
        self.count = count;
        self.examples = examples.into_iter().take(MAX_EXAMPLES).map(|text| printable(&text)).collect();
        self
    }

    /// Whether decisions of the operator fix it.
    pub fn is_resolvable(&self) -> bool {
        RESOLVABLE.contains(&self.code)
    }

    /// A finding about the whole database.
    pub(super) fn new(
        code: &'static str,
        severity: Severity,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (text, remedy) = (text.into(), remedy.into());
        Self { code, severity, table: "", count: 1, examples: Vec::new(), text, remedy }
    }
}

/// A text of the database for a terminal: control characters are escaped, and it is not longer than an example may be.
fn printable(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    truncate(text.chars().take(MAX_EXAMPLE + 1).map(escape).collect(), MAX_EXAMPLE)
}

/// The result of a check.
#[derive(Clone, Debug, Serialize)]
pub struct AdoptionReport {
    /// Whether the adoption can start: `ready` or `blocked`.
    pub outcome: &'static str,
    /// The modules of the shop that patron shares tables with, and their versions.
    pub modules: BTreeMap<String, String>,
    /// The number of rows of each table.
    pub rows: BTreeMap<&'static str, u64>,
    /// A rough estimate of the time that the adoption takes, in seconds.
    pub estimated_seconds: u64,
    /// Whether an adoption was interrupted, which the next one continues.
    pub is_interrupted: bool,
    /// What was found, the most severe first.
    pub findings: Vec<Finding>,
    /// Decisions about rows that patron can't have twice, for the operator to review.
    #[serde(skip)]
    pub proposals: Proposals,
}

impl AdoptionReport {
    /// Whether something blocks the adoption.
    pub fn is_blocked(&self) -> bool {
        self.count(Severity::Blocks) > 0
    }

    /// Whether something blocks the adoption that decisions of the operator don't fix.
    pub fn is_blocked_for_good(&self) -> bool {
        let mut blocking = self.findings.iter().filter(|finding| finding.severity == Severity::Blocks);
        blocking.any(|finding| !finding.is_resolvable())
    }

    /// The number of findings of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn examples_can_be_printed() {
        assert_eq!(printable("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(printable(&"é".repeat(300)).chars().count(), 201);
    }
}
