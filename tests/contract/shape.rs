//! Functions and files stay short, so that each can be read at once. Unit tests in `src` don't count.

use std::path::{Path, PathBuf};

use crate::source::{code, files, files_of, item_length, word};

/// Maximum number of lines of a function, from its name to its closing brace.
const MAX_FUNCTION_LINES: usize = 60;
/// Maximum number of lines of the median file.
const MAX_MEDIAN_FILE_LINES: usize = 120;

/// The functions of some code, each with its number of lines. A type such as `fn(&str)` has no name.
fn functions(code: &str) -> impl Iterator<Item = (&str, usize)> {
    let starts = code.match_indices("fn ").map(|(at, _)| at);
    let starts = starts.filter(move |at| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    let functions = starts.map(move |at| {
        let function = &code[at..at + item_length(&code[at..])];
        (word(&function["fn ".len()..]), function.lines().count())
    });
    functions.filter(|(name, _)| !name.is_empty())
}

#[test]
fn functions_are_short() {
    let mut long = Vec::new();
    for folder in ["src", "tests"] {
        for (file, text) in files_of(folder) {
            let (file, code) = (Path::new(folder).join(file), code(&text));
            let found = functions(&code).filter(|(_, lines)| *lines > MAX_FUNCTION_LINES);
            long.extend(found.map(|(name, lines)| format!("{}: `{name}` has {lines} lines", file.display())));
        }
    }
    assert!(long.is_empty(), "a function has at most {MAX_FUNCTION_LINES} lines:\n{}", long.join("\n"));
}

#[test]
fn files_are_short() {
    let lines = |(file, text): (PathBuf, String)| (text.lines().count(), file);
    let mut files: Vec<(usize, PathBuf)> = files().into_iter().map(lines).collect();
    files.sort();
    let (median, _) = files[files.len() / 2];
    let longest: Vec<String> = files
        .iter()
        .rev()
        .take(10)
        .map(|(lines, file)| format!("src/{}: {lines} lines", file.display()))
        .collect();
    assert!(
        median <= MAX_MEDIAN_FILE_LINES,
        "the median file has {median} lines; at most {MAX_MEDIAN_FILE_LINES} are allowed. The longest:\n{}",
        longest.join("\n")
    );
}

#[test]
fn the_lines_of_functions_are_counted() {
    let text = "pub fn one(x: [u8; 2]) -> u8 {\n    // }\n    x[0]\n}\ntrait T {\n    fn two(\n        &self,\n    );\n}\ntype F = fn (u8);\n";
    let code = code(text);
    assert_eq!(functions(&code).collect::<Vec<_>>(), [("one", 4), ("two", 3)]);
}
