//! Errors with their causes, as text.

use std::error::Error;

/// Appends the causes of an error to a text, outermost first. Omits a cause that the text already contains.
pub(super) fn with_causes(mut text: String, error: &dyn Error) -> String {
    // A chain of causes is short; the bound only guards against cycles.
    for cause in std::iter::successors(error.source(), |&cause| cause.source()).take(8) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}
