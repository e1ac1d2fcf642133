//! The text of a customer in which keywords are searched.

use crate::types::{EmailAddress, search_text};

/// The text in which keywords are searched: name and e-mail address, with the domain as A-labels and in Unicode. No word
/// goes over a line's end, so that none is found in two of them together.
pub(in crate::service) fn search_text_of(full_name: &str, email: &EmailAddress) -> String {
    let key = email.key();
    match email.unicode_key() {
        Some(unicode) => search_text(&format!("{full_name}\n{unicode}\n{key}")),
        None => search_text(&format!("{full_name}\n{key}")),
    }
}
