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

/// The section of docs/settings.md for a group of settings.
fn settings_section(heading: &str, settings: &[&patron::config::Setting]) -> String {
    let row = |setting: &&patron::config::Setting| {
        let cell = |text: &str| text.replace('|', "\\|");
        let default = setting.default.map(|default| format!("`{}`", cell(default))).unwrap_or_default();
        let value = cell(&format!("`{}`", setting.value));
        format!(
            "| `{}` | `{}` | {value} | {default} | {} |\n",
            setting.variable,
            setting.key,
            cell(setting.help)
        )
    };
    let rows: String = settings.iter().map(row).collect();
    format!("\n## {heading}\n\n| variable | key | value | default | |\n|---|---|---|---|---|\n{rows}")
}

#[test]
fn every_setting_is_documented() {
    let page = include_str!("../../docs/settings.md");
    for (heading, settings) in patron::config::setting_groups() {
        let section = settings_section(heading, &settings);
        assert!(page.contains(&section), "docs/settings.md needs this section:\n{section}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, patron::config::SETTINGS.len(), "docs/settings.md has rows of unknown settings");
}

/// The anchor of a heading, as renderers of Markdown derive it from a heading of letters, digits and spaces.
fn anchor(heading: &str) -> String {
    heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-")
}

/// An alert that fires at night says what has happened, and where its reader finds out what to do.
#[test]
fn every_alert_has_a_description_and_a_runbook() {
    let runbooks = include_str!("../../docs/operations.md").lines().filter(|line| line.starts_with("### "));
    let runbooks: BTreeSet<String> = runbooks.map(anchor).collect();
    let rules = include_str!("../../operations/alerts.yml");
    let mut linked = BTreeSet::new();
    for rule in rules.split("- alert: ").skip(1) {
        let name = rule.lines().next().expect("a rule has a name");
        let annotation =
            |key: &str| rule.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
        assert!(annotation("description").is_some_and(|text| text.len() > 40), "{name} has no description");
        let link = annotation("runbook_url").unwrap_or_else(|| panic!("{name} has no runbook_url"));
        let heading = link.strip_prefix("docs/operations.md#").unwrap_or_else(|| panic!("{name}: {link}"));
        assert_eq!(heading, anchor(name), "{name} links to the section of another alert");
        linked.insert(heading.to_owned());
    }
    assert!(linked.len() > 10, "{linked:?}");
    assert_eq!(linked, runbooks, "docs/operations.md has a section for each alert, and no others");
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
