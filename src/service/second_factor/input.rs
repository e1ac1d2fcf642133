//! Parses the input of operations on a second factor.

use secrecy::SecretString;

use crate::error::{Error, Result};
use crate::input;
use crate::service::input::credentials::{self, MAX_CODE};
use crate::service::input::patch::{Field, Mode, Problems, TextMessages};
use crate::service::input::property::Rule;

const PASSWORD: TextMessages =
    TextMessages { not_a_string: "Password must be a string", required: "Password is required" };

input! {
    /// The password of the admin, as confirmation.
    pub struct EnrolmentInput {
        /// Password of the account.
        password: "password" = Rule::Password, [required], "\"correct horse battery\"";
    }
}

input! {
    /// A code of the authenticator app.
    pub struct CodeInput {
        /// The six digits that the authenticator app shows.
        code: "code" = Rule::Text { max: Some(MAX_CODE) }, [required], "\"287082\"";
    }
}

input! {
    /// How the admin confirms who it is: a code if it has a second factor, otherwise its password.
    pub struct StepUpInput {
        /// A code of the authenticator app, or a recovery code.
        code: "code" = Rule::Text { max: Some(MAX_CODE) }, [not_null], "\"287082\"";
        /// Password of the account, if it has no second factor.
        password: "password" = Rule::Password, [not_null], "\"correct horse battery\"";
    }
}

impl EnrolmentInput {
    pub(super) fn parse(self) -> Result<SecretString> {
        parse_password(self.password)
    }
}

impl CodeInput {
    pub(super) fn parse(self) -> Result<SecretString> {
        parse_code(self.code)
    }
}

impl StepUpInput {
    pub(super) fn code(self) -> Result<SecretString> {
        parse_code(self.code)
    }

    pub(super) fn password(self) -> Result<SecretString> {
        parse_password(self.password)
    }
}

fn parse_password(field: Field) -> Result<SecretString> {
    let mut problems = Problems::default();
    let text = problems.text("password", field, Mode::Create, PASSWORD).map(SecretString::from);
    problems.finish_with(text)
}

fn parse_code(field: Field) -> Result<SecretString> {
    let mut problems = Problems::default();
    let code = credentials::parse_code(field, Mode::Create, &mut problems);
    problems.finish_with(code)
}

/// The error for a code that is wrong, or was used before, of an admin that is signed in.
pub(super) fn wrong_code() -> Error {
    Error::invalid("code", "The code is not valid")
}
