//! The documented rules of texts, implemented independently of patron.

use patron::types::is_blank;
use serde_json::Value;

/// Whether a text is a single visible line of at most `max` characters, without control characters.
pub(crate) fn is_line(text: &str, max: usize) -> bool {
    let visible = |c: char| !c.is_whitespace() && !c.is_control();
    text.chars().count() <= max && !text.chars().any(char::is_control) && text.chars().any(visible)
}

/// Whether a field contains a text that is certainly a valid name of at most `max` characters.
pub(crate) fn is_valid_name(field: Option<&Value>, max: usize) -> bool {
    let text = field.and_then(Value::as_str);
    text.is_some_and(|text| is_line(text, max) && !is_blank(text) && text.chars().any(char::is_alphanumeric))
}
