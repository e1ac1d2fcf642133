//! Builds the text that keyword searches match for a customer.

use crate::types::{EmailAddress, search_text};

/// Joins name and e-mail address (domain as A-labels and in Unicode) with line breaks. A keyword contains no line
/// break, so it never matches across two of them.
pub(in crate::service) fn search_text_of(full_name: &str, email: &EmailAddress) -> String {
    let key = email.key();
    match email.unicode_key() {
        Some(unicode) => search_text(&format!("{full_name}\n{unicode}\n{key}")),
        None => search_text(&format!("{full_name}\n{key}")),
    }
}
