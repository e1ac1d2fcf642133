//! Parses the input of password changes and resets. All validation errors of an input are reported at once.

use secrecy::SecretString;
use serde_json::Value;

use crate::app::ctx::Ctx;
use crate::error::Result;
use crate::input;
use crate::service::input::credentials::{parse_email, parse_password};
use crate::service::input::patch::{Field, Mode, Problems, TextMessages};
use crate::service::input::property::Rule;
use crate::types::{EmailAddress, Password};

const TOKEN: TextMessages =
    TextMessages { not_a_string: "Token must be a string", required: "Token is required" };

input! {
    /// The current and the new password.
    pub struct PasswordChange {
        /// The current password.
        current_password: "current_password" = Rule::Password, [required], "\"correct horse battery\"";
        /// The new password: 8 characters to 1024 bytes, not a common password.
        password: "password" = Rule::NewPassword, [required], "\"battery staple horse\"";
    }
}

input! {
    /// The account whose password is to be reset.
    pub struct ResetRequest {
        /// E-mail address of the account; upper and lower case are equal.
        email: "email" = Rule::Email, [required], "\"john.smith@example.com\"";
    }
}

input! {
    /// A mailed token and the new password.
    pub struct PasswordReset {
        /// The token from the mailed link.
        token: "token" = Rule::Text { max: None }, [required], "\"c2h5mn4wq8zr0t6xk3vbj7dfpy9las1e\"";
        /// The new password: 8 characters to 1024 bytes, not a common password.
        password: "password" = Rule::NewPassword, [required], "\"battery staple horse\"";
    }
}

impl PasswordChange {
    pub(in crate::service) fn parse(self, ctx: &Ctx) -> Result<(SecretString, Password)> {
        let mut problems = Problems::default();
        let current =
            required_password("current_password", "Current password", self.current_password, &mut problems);
        let new = parse_password(ctx, self.password, Mode::Create, &mut problems);
        problems.finish_with(current.zip(new))
    }
}

impl ResetRequest {
    pub(super) fn parse(self) -> Result<EmailAddress> {
        let mut problems = Problems::default();
        let email = parse_email(self.email, Mode::Create, &mut problems);
        problems.finish_with(email)
    }
}

impl PasswordReset {
    pub(super) fn parse(self, ctx: &Ctx) -> Result<(SecretString, Password)> {
        let mut problems = Problems::default();
        let token = problems.text("token", self.token, Mode::Create, TOKEN).map(SecretString::from);
        let password = parse_password(ctx, self.password, Mode::Create, &mut problems);
        problems.finish_with(token.zip(password))
    }
}

/// Parses a required token.
pub(in crate::service) fn parse_token(token: Field) -> Result<SecretString> {
    let mut problems = Problems::default();
    let token = problems.text("token", token, Mode::Create, TOKEN).map(SecretString::from);
    problems.finish_with(token)
}

/// Parses the caller's current password. It is compared and not set, so the password rules do not apply.
pub(in crate::service) fn parse_current_password(password: Field) -> Result<SecretString> {
    let mut problems = Problems::default();
    let password = required_password("password", "Password", password, &mut problems);
    problems.finish_with(password)
}

fn required_password(
    name: &'static str,
    label: &'static str,
    field: Field,
    problems: &mut Problems,
) -> Option<SecretString> {
    match field {
        Field::Value(Value::String(text)) => return Some(text.into()),
        Field::Absent => problems.add(name, format!("{label} is required")),
        Field::Null | Field::Value(_) => problems.add(name, format!("{label} must be a string")),
    }
    None
}
