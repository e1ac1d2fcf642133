//! The schema of a database as text, to compare it before and after an adoption.

use std::process::Command;

use crate::support::{rows, tool};

/// The schema as `pg_dump --schema-only` prints it. A `pg_dump` that is older than the server refuses; then the lines of the
/// system catalogs, which contain the same.
pub(super) fn schema(url: &str) -> String {
    let mut command = Command::new(tool(&["pg_dump"]));
    let output = command.args(["--schema-only", url]).output().expect("pg_dump runs");
    let error = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let text = String::from_utf8(output.stdout).expect("the schema is text");
        // The key of these lines is random.
        let lines =
            text.lines().filter(|line| !line.starts_with(r"\restrict") && !line.starts_with(r"\unrestrict"));
        return lines.collect::<Vec<_>>().join("\n");
    }
    assert!(error.contains("server version mismatch"), "{error}");
    println!("pg_dump is older than the server: the catalogs are compared instead");
    catalog(url).join("\n")
}

/// The schema as lines from the system catalogs.
pub(super) fn catalog(url: &str) -> Vec<String> {
    rows(url, include_str!("catalog.sql"))
}

/// Fails if two schemas differ, and shows the lines that only one of them has.
pub(super) fn assert_same(before: &str, after: &str) {
    let only = |one: &str, other: &str, sign: char| -> Vec<String> {
        let known: std::collections::HashSet<&str> = other.lines().collect();
        one.lines().filter(|line| !known.contains(line)).map(|line| format!("{sign} {line}")).collect()
    };
    let differences = [only(before, after, '-'), only(after, before, '+')].concat();
    assert!(before == after, "the schemas differ:\n{}", differences.join("\n"));
}
