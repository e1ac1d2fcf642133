//! The documentation lists every GraphQL error code and every log line of the source, and no others.

use std::collections::BTreeSet;

use crate::source;

/// Codes of failures that occur only in writes: GraphQL has no logins, no idempotency keys and no preconditions.
const WRITE_CODES: [&str; 6] = [
    "IDEMPOTENCY_MISMATCH",
    "PRECONDITION_FAILED",
    "PRECONDITION_REQUIRED",
    "SECOND_FACTOR_INVALID",
    "SECOND_FACTOR_REQUIRED",
    "STEP_UP_REQUIRED",
];

#[test]
fn every_graphql_error_code_is_documented() {
    let design = include_str!("../../docs/api-design.md");
    let section = design.split("\n## GraphQL\n").nth(1).and_then(|text| text.split("\n## ").next());
    let rows = section
        .expect("the document has a section about GraphQL")
        .lines()
        .filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<String> =
        rows.filter_map(|row| Some(row.split_once('`')?.0.to_owned())).collect();
    let mut codes: BTreeSet<String> = patron::api::graphql::error_codes().collect();
    for code in WRITE_CODES {
        assert!(codes.remove(code), "{code} does not exist");
    }
    let missing: Vec<_> = codes.difference(&documented).collect();
    let unknown: Vec<_> = documented.difference(&codes).collect();
    assert!(missing.is_empty(), "in the source but not in docs/api-design.md: {missing:?}");
    assert!(unknown.is_empty(), "in docs/api-design.md but not in the source: {unknown:?}");
}

/// A log text as docs/logs.md lists it: with `…` instead of the values.
fn without_values(text: &str) -> String {
    let mut parts = text.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| line + "…" + part.split_once('}').map_or(part, |(_, rest)| rest))
}

/// The level and text of every line that is logged at `info` and above.
fn lines_of_the_source() -> BTreeSet<(String, String)> {
    let files = source::files();
    let mut lines = BTreeSet::new();
    for call in files.iter().flat_map(|(_, code)| code.split("tracing::").skip(1)) {
        let Some((level, rest)) = call.split_once("!(") else { continue };
        if !["error", "warn", "info"].contains(&level) {
            continue;
        }
        // The text is the last argument of the macro.
        let is_last = |end: &usize| rest[end + 1..].trim_start().starts_with(')');
        let end =
            rest.match_indices('"').map(|(end, _)| end).find(is_last).expect("the text ends with a quote");
        let start = rest[..end].rfind('"').expect("the text starts with a quote") + 1;
        let text = rest[start..end].replace("\\\n", " ");
        lines.insert((
            level.to_owned(),
            without_values(&text.split_whitespace().collect::<Vec<_>>().join(" ")),
        ));
    }
    lines
}

#[test]
fn every_log_line_is_documented() {
    let rows = include_str!("../../docs/logs.md").lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (text, level) = (cells.next()?, cells.next()?);
        ["error", "warn", "info"].contains(&level).then(|| (level.to_owned(), text.to_owned()))
    });
    let (documented, logged) = (rows.collect::<BTreeSet<_>>(), lines_of_the_source());
    assert!(logged.len() > 30, "{logged:?}");
    let missing: Vec<_> = logged.difference(&documented).collect();
    let unknown: Vec<_> = documented.difference(&logged).collect();
    assert!(missing.is_empty(), "in the source but not in docs/logs.md: {missing:#?}");
    assert!(unknown.is_empty(), "in docs/logs.md but not in the source: {unknown:#?}");
}
