//! What the documents ask of texts, said once more in other words than in patron.

/// Whether this is a name: of at most so many characters, without control characters, and to be seen.
pub(crate) fn is_line(text: &str, most: usize) -> bool {
    let visible = |c: char| !c.is_whitespace() && !c.is_control();
    text.chars().count() <= most && !text.chars().any(char::is_control) && text.chars().any(visible)
}
