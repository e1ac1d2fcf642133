//! Parses the input of password changes and resets. All validation errors of an input are reported at once.

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::error::Result;
use crate::service::input::credentials::{parse_email, parse_password};
use crate::service::input::patch::{Field, Mode, Problems, TextMessages};
use crate::types::{EmailAddress, Password};

const TOKEN: TextMessages =
    TextMessages { not_a_string: "Token must be a string", required: "Token is required" };

/// The input of a password change by a customer who knows the current password.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// The current password.
    pub current_password: Field,
    /// The new password.
    pub password: Field,
}

/// The input of a request for a password reset link.
#[derive(Clone, Debug)]
pub struct ResetRequest {
    /// The e-mail address of the account.
    pub email: Field,
}

/// The input of a password reset with a mailed token.
#[derive(Clone, Debug)]
pub struct Reset {
    /// The token in the link.
    pub token: Field,
    /// The new password.
    pub password: Field,
}

impl From<Map<String, Value>> for PasswordChange {
    fn from(mut body: Map<String, Value>) -> Self {
        let current_password = Field::take(&mut body, "current_password");
        Self { current_password, password: Field::take(&mut body, "password") }
    }
}

impl From<Map<String, Value>> for ResetRequest {
    fn from(mut body: Map<String, Value>) -> Self {
        Self { email: Field::take(&mut body, "email") }
    }
}

impl From<Map<String, Value>> for Reset {
    fn from(mut body: Map<String, Value>) -> Self {
        Self { token: Field::take(&mut body, "token"), password: Field::take(&mut body, "password") }
    }
}

/// Returns the values of two required fields, or both errors.
fn both<A, B>(problems: Problems, a: Option<A>, b: Option<B>) -> Result<(A, B)> {
    problems.finish()?;
    let missing = || crate::error::Error::internal("a required field passed the check without a value");
    Ok((a.ok_or_else(missing)?, b.ok_or_else(missing)?))
}

impl PasswordChange {
    pub(super) fn parse(self) -> Result<(SecretString, Password)> {
        let mut problems = Problems::default();
        let current =
            required_password("current_password", "Current password", self.current_password, &mut problems);
        let new = parse_password(self.password, Mode::Create, &mut problems);
        both(problems, current, new)
    }
}

impl ResetRequest {
    pub(super) fn parse(self) -> Result<EmailAddress> {
        let mut problems = Problems::default();
        let email = parse_email(self.email, Mode::Create, &mut problems);
        both(problems, email, Some(())).map(|(email, ())| email)
    }
}

impl Reset {
    pub(super) fn parse(self) -> Result<(SecretString, Password)> {
        let mut problems = Problems::default();
        let token = problems.text("token", self.token, Mode::Create, TOKEN).map(SecretString::from);
        let password = parse_password(self.password, Mode::Create, &mut problems);
        both(problems, token, password)
    }
}

/// Parses a required token.
pub(in crate::service) fn parse_token(token: Field) -> Result<SecretString> {
    let mut problems = Problems::default();
    let token = problems.text("token", token, Mode::Create, TOKEN).map(SecretString::from);
    both(problems, token, Some(())).map(|(token, ())| token)
}

/// Parses the caller's current password. It is compared and not set, so the password rules do not apply.
pub(in crate::service) fn parse_current_password(password: Field) -> Result<SecretString> {
    let mut problems = Problems::default();
    let password = required_password("password", "Password", password, &mut problems);
    both(problems, password, Some(())).map(|(password, ())| password)
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
