//! What the documents ask of texts, said once more in other words than in patron.

use patron::types::is_blank;
use serde_json::Value;

/// Whether this is a name: of at most so many characters, without control characters, and to be seen.
pub(crate) fn is_line(text: &str, most: usize) -> bool {
    let visible = |c: char| !c.is_whitespace() && !c.is_control();
    text.chars().count() <= most && !text.chars().any(char::is_control) && text.chars().any(visible)
}

/// Whether a field holds a text that nobody would refuse as a name of at most so many characters.
pub(crate) fn is_fine(field: Option<&Value>, most: usize) -> bool {
    let text = field.and_then(Value::as_str);
    text.is_some_and(|text| is_line(text, most) && !is_blank(text) && text.chars().any(char::is_alphanumeric))
}
