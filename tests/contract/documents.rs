//! What documents list is what the source has: codes of errors, lines of the log.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The words of a certain form between quotes.
fn quoted<'a>(code: &'a str, form: impl Fn(char) -> bool + 'a) -> impl Iterator<Item = String> + 'a {
    let words = code.split('"').skip(1).step_by(2);
    words.filter(move |word| word.len() > 3 && word.chars().all(|c| form(c) || c == '_')).map(str::to_owned)
}

/// The source files of a folder and of those in it, with their code.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("the folder is read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let code = std::fs::read_to_string(&path).expect("a file");
            found.push((path, code));
        }
    }
}

fn all_sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    sources(Path::new("src"), &mut found);
    found
}

/// Every code that `extensions.code` may hold, as the source has them: written as they are in the folder `graphql`, and
/// those of `Failure`s, of `http` as well, which go out in capitals.
fn codes_of_the_source() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (path, code) in all_sources() {
        let is_in = |folder: &str| path.iter().any(|part| part == folder);
        if is_in("graphql") {
            codes.extend(quoted(&code, |c| c.is_ascii_uppercase()));
        } else if !is_in("http") {
            continue;
        }
        for constructor in ["Failure::new(", "Self::new("] {
            let calls = code.split(constructor).skip(1);
            let codes_of_calls = calls.filter_map(|call| {
                let arguments = &call[..call.find(';').unwrap_or(call.len())];
                quoted(arguments, |c| c.is_ascii_lowercase()).next()
            });
            codes.extend(codes_of_calls.map(|code| code.to_uppercase()));
        }
    }
    codes
}

/// Codes of failures that only changes have: reads are not told of keys and versions.
const OF_CHANGES: [&str; 3] = ["IDEMPOTENCY_MISMATCH", "PRECONDITION_FAILED", "PRECONDITION_REQUIRED"];

#[test]
fn codes_of_graphql_errors() {
    let design = include_str!("../../docs/api-design.md");
    let section = design.split("\n## GraphQL\n").nth(1).and_then(|rest| rest.split("\n## ").next());
    let rows = section.expect("there is a section").lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<String> =
        rows.filter_map(|row| Some(row.split_once('`')?.0.to_owned())).collect();
    let mut given = codes_of_the_source();
    for code in OF_CHANGES {
        assert!(given.remove(code), "{code} is in no source");
    }
    assert!(
        given.contains("EMAIL_TAKEN") && given.contains("PAYLOAD_TOO_LARGE") && given.len() > 15,
        "{given:?}"
    );
    let missing: Vec<_> = given.difference(&documented).collect();
    let unknown: Vec<_> = documented.difference(&given).collect();
    assert!(missing.is_empty(), "in the source but not in docs/api-design.md: {missing:?}");
    assert!(unknown.is_empty(), "in docs/api-design.md but not in the source: {unknown:?}");
}

/// A line as an operator looks for it: what differs each time is left out.
fn without_values(text: &str) -> String {
    let mut parts = text.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| line + "…" + part.split_once('}').map_or(part, |(_, rest)| rest))
}

/// The level and text of every line that is logged at `info` and above.
fn lines_of_the_source() -> BTreeSet<(String, String)> {
    let files = all_sources();
    let mut lines = BTreeSet::new();
    for call in files.iter().flat_map(|(_, code)| code.split("tracing::").skip(1)) {
        let Some((level, rest)) = call.split_once("!(") else { continue };
        if !["error", "warn", "info"].contains(&level) {
            continue;
        }
        // The text is the last argument.
        let is_last = |end: &usize| rest[end + 1..].trim_start().starts_with(')');
        let end = rest.match_indices('"').map(|(end, _)| end).find(is_last).expect("it ends");
        let start = rest[..end].rfind('"').expect("it begins") + 1;
        let text = rest[start..end].replace("\\\n", " ");
        lines.insert((
            level.to_owned(),
            without_values(&text.split_whitespace().collect::<Vec<_>>().join(" ")),
        ));
    }
    lines
}

#[test]
fn log_lines() {
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
