//! Parses the e-mail address and the new password of a request body. Errors are collected in [`Problems`].

use super::patch::{Field, Mode, Problems, TextMessages};
use crate::types::{EmailAddress, Password};

/// Parses the field `email`.
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

/// Parses the field `password`: a password that will be set, so the password rules apply.
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
