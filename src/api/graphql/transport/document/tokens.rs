//! The tokens of a document, judged before it is parsed: the parser takes hundreds of bytes for each, and every message
//! about a name repeats it.

use async_graphql::{Pos, ServerError};

use crate::api::graphql::error;

/// The longest name of anything in a document, in characters.
const MAX_NAME: usize = 128;
/// The most tokens of a document; Apollo Router's default as well (`parser_max_tokens`).
const MAX_TOKENS: usize = 15_000;

/// Refuses a document with a longer name, or with more tokens. One pass over the bytes.
pub(super) fn check(document: &str) -> Result<(), ServerError> {
    let bytes = document.as_bytes();
    let (mut at, mut tokens) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (length, counts) = next(rest);
        tokens += usize::from(counts);
        let message = if is_word(rest[0]) && length > MAX_NAME {
            format!("A name in the document has {length} characters; at most {MAX_NAME} are allowed")
        } else if tokens > MAX_TOKENS {
            format!("The document has more than {MAX_TOKENS} tokens (names, values, brackets)")
        } else {
            at += length;
            continue;
        };
        return Err(error::coded(ServerError::new(message, Some(position(bytes, at))), "QUERY_TOO_LARGE"));
    }
    Ok(())
}

/// The length of what comes next, and whether it is a token (specification 2.1).
fn next(rest: &[u8]) -> (usize, bool) {
    let until = |end: fn(&u8) -> bool| rest.iter().position(end).unwrap_or(rest.len());
    match rest[0] {
        b' ' | b'\t' | b'\r' | b'\n' | b',' => (1, false),
        b'#' => (until(|byte| matches!(byte, b'\n' | b'\r')), false),
        b'"' => (string(rest), true),
        b'.' if rest.starts_with(b"...") => (3, true),
        byte if is_word(byte) => (until(|byte| !is_word(*byte)), true),
        _ => (1, true),
    }
}

/// Part of a name, or of a number.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The length of a string, which may be a block; one that isn't closed is refused by the parser.
fn string(rest: &[u8]) -> usize {
    const BLOCK: &[u8] = b"\"\"\"";
    let block = rest.starts_with(BLOCK);
    let mut at = if block { BLOCK.len() } else { 1 };
    while let Some(byte) = rest.get(at) {
        let left = &rest[at..];
        match (block, byte) {
            (true, b'\\') if left[1..].starts_with(BLOCK) => at += 1 + BLOCK.len(),
            (true, b'"') if left.starts_with(BLOCK) => return at + BLOCK.len(),
            (false, b'"') => return at + 1,
            (false, b'\n' | b'\r') => return at,
            (false, b'\\') => at += 2,
            _ => at += 1,
        }
    }
    rest.len()
}

fn position(bytes: &[u8], at: usize) -> Pos {
    let before = &bytes[..at];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = at - before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1) + 1;
    Pos { line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(document: &str) -> Option<String> {
        check(document).err().map(|error| error.message)
    }

    #[test]
    fn names_have_at_most_128_characters() {
        let name = |length: usize| "a".repeat(length);
        for form in [
            "{ X: b }",
            "{ X }",
            "query X { b }",
            "query ($X: Int) { b }",
            "{ ...X }",
            "{ a(X: 1) }",
            "{ a @X }",
            "fragment X on Query { b }",
            "{ a(b: X) }",
            "{ a(b: {X: 1}) }",
            "{ a(b: $X) }",
            "{ \"\"\"b\\\"\"\"\"\"\" X }",
        ] {
            assert_eq!(refusal(&form.replace('X', &name(128))), None, "{form}");
            let message = refusal(&form.replace('X', &name(129)));
            assert!(message.is_some_and(|message| message.contains("has 129 characters")), "{form}");
        }
    }

    #[test]
    fn texts_and_comments_hold_no_names() {
        let text = "a".repeat(1000);
        for form in [
            "{ a(b: \"X\") }",
            "{ a(b: \"\\\"X\") }",
            "{ a(b: \"\"\"\n\"X\" \\\"\"\" X\"\"\") }",
            "# X\n{ a }",
            "# X",
        ] {
            assert_eq!(refusal(&form.replace('X', &text)), None, "{form}");
        }
    }

    #[test]
    fn what_is_not_closed_ends() {
        for document in ["\"", "\"\\", "\"\"\"", "\"\"\"\\", "\"a\n", "é{", "", "\u{feff}{a}"] {
            assert_eq!(refusal(document), None, "{document}");
        }
    }

    #[test]
    fn tokens_are_counted_and_the_place_is_named() {
        assert_eq!(refusal(&format!("{{{}}}", "a,".repeat(MAX_TOKENS - 2))), None);
        assert!(refusal(&format!("{{{}}}", "a,".repeat(MAX_TOKENS - 1))).is_some());
        assert!(refusal(&"{".repeat(MAX_TOKENS + 1)).is_some());
        let error = check(&format!("{{\n b {} }}", "a".repeat(200))).unwrap_err();
        assert_eq!(error.locations, [Pos { line: 2, column: 4 }]);
    }
}
