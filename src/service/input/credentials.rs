//! Parses the e-mail address and the new password of a request body. Errors are collected in [`Problems`].

use secrecy::SecretString;

use super::patch::{Field, Mode, Problems, TextMessages};
use super::property::Rule;
use crate::error::Result;
use crate::input;
use crate::types::{EmailAddress, Password};

const EMAIL: TextMessages =
    TextMessages { not_a_string: "Email must be a string", required: "Email is required" };

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
        let mut problems = Problems::default();
        let email = problems.text("email", self.email, Mode::Create, EMAIL).unwrap_or_default();
        let messages =
            TextMessages { not_a_string: "Password must be a string", required: "Password is required" };
        let password = problems.text("password", self.password, Mode::Create, messages).unwrap_or_default();
        problems.finish()?;
        Ok((email, password.into()))
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

/// Parses the field `email`.
pub(in crate::service) fn parse_email(
    field: Field,
    mode: Mode,
    problems: &mut Problems,
) -> Option<EmailAddress> {
    let text = problems.text("email", field, mode, EMAIL)?;
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
