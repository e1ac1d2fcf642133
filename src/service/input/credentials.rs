//! E-mail addresses and passwords in bodies.

use super::patch::{Field, Mode, Problems, TextMessages};
use crate::types::{EmailAddress, Password};

/// The address in a field of a body.
pub(in crate::service) fn parse_email(
    field: Field,
    mode: Mode,
    problems: &mut Problems,
) -> Option<EmailAddress> {
    let messages = TextMessages { not_a_string: "Email must be a string", required: "Email is required" };
    let text = problems.text("email", field, mode, messages)?;
    let parsed = EmailAddress::parse(&text)
        .map_err(|_| "Email must be a valid email address (e.g., user@example.com)");
    problems.check("email", parsed)
}

/// The password in a field of a body, which is to be set.
pub(in crate::service) fn parse_password(
    field: Field,
    mode: Mode,
    problems: &mut Problems,
) -> Option<Password> {
    let messages = TextMessages {
        not_a_string: "Password must be a string",
        required: "Password is required and cannot be empty",
    };
    let text = problems.text("password", field, mode, messages)?;
    problems.check("password", Password::new(text.into()))
}
