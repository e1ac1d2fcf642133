//! Limits the tokens of a document before it is parsed: the parser needs hundreds of bytes for each token, and every
//! message about a name repeats the name.

use async_graphql::ServerError;

use super::position::Positions;
use crate::api::graphql::error;
use crate::api::graphql::error_code::ErrorCode;

/// Maximum length of a name in a document, in characters.
const MAX_NAME: usize = 128;
/// Maximum number of tokens of a document. Apollo Router has the same default (`parser_max_tokens`).
const MAX_TOKENS: usize = 15_000;

/// Checks the lengths of names and the number of tokens, in one pass over the bytes.
///
/// # Errors
/// `QUERY_TOO_LARGE` when a limit is exceeded.
pub(super) fn check(document: &str) -> Result<(), ServerError> {
    let bytes = document.as_bytes();
    let (mut at, mut tokens) = (0, 0);
    while let Some(input) = bytes.get(at..).filter(|input| !input.is_empty()) {
        let (length, is_token) = next(input);
        tokens += usize::from(is_token);
        let message = if is_word(input[0]) && length > MAX_NAME {
            format!("A name in the document has {length} characters; at most {MAX_NAME} are allowed")
        } else if tokens > MAX_TOKENS {
            format!("The document has more than {MAX_TOKENS} tokens (names, values, brackets)")
        } else {
            at += length;
            continue;
        };
        return Err(error::with_code(
            ServerError::new(message, Some(Positions::of(document).at(at))),
            ErrorCode::QueryTooLarge,
        ));
    }
    Ok(())
}

/// The length of the next lexical element, and whether it is a token (specification 2.1).
fn next(input: &[u8]) -> (usize, bool) {
    let until = |end: fn(&u8) -> bool| input.iter().position(end).unwrap_or(input.len());
    match input[0] {
        b' ' | b'\t' | b'\r' | b'\n' | b',' => (1, false),
        b'#' => (until(|byte| matches!(byte, b'\n' | b'\r')), false),
        b'"' => (string(input), true),
        b'.' if input.starts_with(b"...") => (3, true),
        byte if is_word(byte) => (until(|byte| !is_word(*byte)), true),
        _ => (1, true),
    }
}

/// Whether a byte is part of a name or a number.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The length of a string or block string. The parser refuses one that isn't terminated.
fn string(input: &[u8]) -> usize {
    const BLOCK: &[u8] = b"\"\"\"";
    let block = input.starts_with(BLOCK);
    let mut at = if block { BLOCK.len() } else { 1 };
    while let Some(byte) = input.get(at) {
        let remaining = &input[at..];
        match (block, byte) {
            (true, b'\\') if remaining[1..].starts_with(BLOCK) => at += 1 + BLOCK.len(),
            (true, b'"') if remaining.starts_with(BLOCK) => return at + BLOCK.len(),
            (false, b'"') => return at + 1,
            (false, b'\n' | b'\r') => return at,
            (false, b'\\') => at += 2,
            _ => at += 1,
        }
    }
    input.len()
}

#[cfg(test)]
mod tests {
    use async_graphql::Pos;

    use super::*;

    fn message(document: &str) -> Option<String> {
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
            assert_eq!(message(&form.replace('X', &name(128))), None, "{form}");
            let message = message(&form.replace('X', &name(129)));
            assert!(message.is_some_and(|message| message.contains("has 129 characters")), "{form}");
        }
    }

    #[test]
    fn strings_and_comments_contain_no_names() {
        let text = "a".repeat(1000);
        for form in [
            "{ a(b: \"X\") }",
            "{ a(b: \"\\\"X\") }",
            "{ a(b: \"\"\"\n\"X\" \\\"\"\" X\"\"\") }",
            "# X\n{ a }",
            "# X",
        ] {
            assert_eq!(message(&form.replace('X', &text)), None, "{form}");
        }
    }

    #[test]
    fn unterminated_strings_end_with_the_document() {
        for document in ["\"", "\"\\", "\"\"\"", "\"\"\"\\", "\"a\n", "é{", "", "\u{feff}{a}"] {
            assert_eq!(message(document), None, "{document}");
        }
    }

    #[test]
    fn too_many_tokens_are_refused_with_a_position() {
        assert_eq!(message(&format!("{{{}}}", "a,".repeat(MAX_TOKENS - 2))), None);
        assert!(message(&format!("{{{}}}", "a,".repeat(MAX_TOKENS - 1))).is_some());
        assert!(message(&"{".repeat(MAX_TOKENS + 1)).is_some());
        // The token that is one too many is the second byte of a character.
        assert!(message(&format!("{{{}", "é".repeat(MAX_TOKENS))).is_some());
        let error = check(&format!("{{\n b {} }}", "a".repeat(200))).unwrap_err();
        assert_eq!(error.locations, [Pos { line: 2, column: 4 }]);
    }
}
