//! Parses the e-mail address and the new password of a request body. Errors are collected in [`Problems`].

use secrecy::SecretString;

use super::patch::{Field, Mode, Problems, TextMessages};
use super::property::Rule;
use crate::app::ctx::Ctx;
use crate::error::Result;
use crate::input;
use crate::types::{EmailAddress, Password};

const EMAIL: TextMessages =
    TextMessages { not_a_string: "Email must be a string", required: "Email is required" };

const INVALID_EMAIL: &str = "Email must be a valid email address (e.g., user@example.com)";

/// The maximum length of a code of a second factor as it is typed, in characters.
pub const MAX_CODE: usize = 64;

input! {
    /// An account's credentials.
    pub struct CredentialsInput {
        /// E-mail address; upper and lower case are equal.
        email: "email" = Rule::Text { max: None }, [required], "\"admin@localhost\"";
        /// Password.
        password: "password" = Rule::Password, [required], "\"correct horse battery\"";
    }
}

input! {
    /// An admin's credentials.
    pub struct AdminCredentialsInput {
        /// E-mail address; upper and lower case are equal.
        email: "email" = Rule::Text { max: None }, [required], "\"admin@localhost\"";
        /// Password.
        password: "password" = Rule::Password, [required], "\"correct horse battery\"";
        /// A code of the authenticator app, or a recovery code, if the admin has a second factor.
        code: "code" = Rule::Text { max: Some(MAX_CODE) }, [not_null], "\"287082\"";
    }
}

input! {
    /// A refresh token.
    pub struct RefreshInput {
        /// The refresh token as it was issued.
        refresh_token: "refreshToken" = Rule::Text { max: None }, [required], "\"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ0b2tlbktpbmQiOiJhY2Nlc3MifQ.c2lnbmF0dXJl\"";
    }
}

impl CredentialsInput {
    /// The e-mail address and the password. They are compared, so the rules for new ones do not apply.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) with all problems.
    pub fn parse(self) -> Result<(String, SecretString)> {
        self.parse_with(Problems::default())
    }

    fn parse_with(self, mut problems: Problems) -> Result<(String, SecretString)> {
        let email = problems.text("email", self.email, Mode::Create, EMAIL).unwrap_or_default();
        let messages =
            TextMessages { not_a_string: "Password must be a string", required: "Password is required" };
        let password = problems.text("password", self.password, Mode::Create, messages).unwrap_or_default();
        problems.finish()?;
        Ok((email, password.into()))
    }
}

impl AdminCredentialsInput {
    /// The e-mail address, the password and the code.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) with all problems.
    pub fn parse(self) -> Result<(String, SecretString, Option<SecretString>)> {
        let mut problems = Problems::default();
        let code = parse_code(self.code, Mode::Update, &mut problems);
        let credentials = CredentialsInput { email: self.email, password: self.password };
        let (email, password) = credentials.parse_with(problems)?;
        Ok((email, password, code))
    }
}

impl RefreshInput {
    /// The token.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) without one.
    pub fn parse(self) -> Result<String> {
        let mut problems = Problems::default();
        let messages = TextMessages {
            not_a_string: "Refresh token must be a string",
            required: "Refresh token is required",
        };
        let token =
            problems.text("refreshToken", self.refresh_token, Mode::Create, messages).unwrap_or_default();
        problems.finish()?;
        Ok(token)
    }
}

/// Parses the field `code`: a code of a second factor, as it was typed.
pub(in crate::service) fn parse_code(
    field: Field,
    mode: Mode,
    problems: &mut Problems,
) -> Option<SecretString> {
    let messages = TextMessages { not_a_string: "Code must be a string", required: "Code is required" };
    let text = problems.text("code", field, mode, messages)?;
    if text.chars().count() > MAX_CODE {
        problems.add("code", format!("Code must be at most {MAX_CODE} characters"));
    }
    Some(text.into())
}

/// Parses the field `email` of an account that may be local to this machine or network, such as `admin@localhost`.
pub(in crate::service) fn parse_local_email(field: Field, problems: &mut Problems) -> Option<EmailAddress> {
    let text = problems.text("email", field, Mode::Create, EMAIL)?;
    let parsed = EmailAddress::parse_local(&text).map_err(|_| INVALID_EMAIL);
    problems.check("email", parsed)
}

/// Parses the field `email`.
pub(in crate::service) fn parse_email(
    field: Field,
    mode: Mode,
    problems: &mut Problems,
) -> Option<EmailAddress> {
    let text = problems.text("email", field, mode, EMAIL)?;
    let parsed = EmailAddress::parse(&text).map_err(|_| INVALID_EMAIL);
    problems.check("email", parsed)
}

/// Parses the field `password`: a password that will be set, so the password rules apply.
pub(in crate::service) fn parse_password(
    ctx: &Ctx,
    field: Field,
    mode: Mode,
    problems: &mut Problems,
) -> Option<Password> {
    let messages = TextMessages {
        not_a_string: "Password must be a string",
        required: "Password is required and cannot be empty",
    };
    let text = problems.text("password", field, mode, messages)?;
    let password = Password::new(text.into());
    problems.check("password", password.and_then(|password| ctx.app.hasher.check(password)))
}
