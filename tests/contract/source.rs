//! The Rust files, for the checks that read them.

use std::path::{Path, PathBuf};

/// The Rust files of `src`, by their paths in it, with their contents.
pub(super) fn files() -> Vec<(PathBuf, String)> {
    files_of("src")
}

/// The Rust files of a folder of the repository, by their paths in it, with their contents.
pub(super) fn files_of(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    collect(&root, &mut files);
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("the file is readable");
        (path.strip_prefix(&root).expect("below the root").to_path_buf(), text)
    };
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the entry is readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The code of a file. Comments, literals of texts and characters, and tests are blank, so braces in them don't count.
/// Line breaks are kept.
pub(super) fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = skipped_length(rest);
        let (part, after) = rest.split_at(skipped.unwrap_or(next.len_utf8()));
        match skipped {
            Some(_) => code.push_str(&blank(part)),
            None => code.push(next),
        }
        rest = after;
    }
    while let Some(start) = code.find("#[cfg(test)]") {
        let end = start + item_length(&code[start..]);
        let tests = blank(&code[start..end]);
        code.replace_range(start..end, &tests);
    }
    code
}

fn blank(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect()
}

/// The length of the comment or literal at the start of a text, if there is one.
fn skipped_length(text: &str) -> Option<usize> {
    let until = |end: &str| text[2..].find(end).map_or(text.len(), |at| 2 + at + end.len());
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(until("*/"));
    }
    let hashes: String = text.chars().skip(1).take_while(|c| *c == '#').collect();
    if text.starts_with('r') && text[1 + hashes.len()..].starts_with('"') {
        // The quote that opens `r"` is the second character.
        let opening = hashes.len() + 2;
        let end = text[opening..].find(&format!("\"{hashes}"));
        return Some(end.map_or(text.len(), |at| opening + at + 1 + hashes.len()));
    }
    let mut following = text.chars().skip(1);
    match (text.chars().next()?, following.next(), following.next()) {
        ('"', _, _) | ('\'', Some('\\'), _) | ('\'', _, Some('\'')) => Some(quoted_length(text)),
        // Code, or the name of a lifetime.
        _ => None,
    }
}

/// The length of a literal that ends with the same quote as it starts with.
fn quoted_length(text: &str) -> usize {
    let quote = text.chars().next();
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if Some(c) == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The length of the item at the start of the code: to its closing brace, or to its semicolon.
pub(super) fn item_length(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 && (c == '}' || c == ';') {
            return at + 1;
        }
    }
    code.len()
}

/// The word at the start of the code: letters, digits and underscores.
pub(super) fn word(code: &str) -> &str {
    let end = code.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    &code[..end.unwrap_or(code.len())]
}

#[test]
fn comments_literals_and_tests_are_blank() {
    let code = |text: &str| code(text).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(code("a // {\nb /* { \n */ c"), "a b c");
    assert_eq!(code(r#"f("{ \" {", '{', '\'', b'"', '\u{7b}') {}"#), "f( , , , b , ) {}");
    assert_eq!(code("f(r\"{ \\\", r#\"{ \" {\"#, br\"\") {}"), "f( , , b ) {}");
    assert_eq!(code("fn f<'a>(x: &'a str, y: &'a str) {}"), "fn f<'a>(x: &'a str, y: &'a str) {}");
    assert_eq!(code("a\n#[cfg(test)]\nmod tests {\n    fn f() { {} }\n}\nb"), "a b");
    assert_eq!(code("#[cfg(test)]\nmod tests;\nb"), "b");
}
