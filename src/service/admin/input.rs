//! Parses the input of the management of admins.

use crate::app::ctx::Ctx;
use crate::error::Result;
use crate::input;
use crate::service::customer::{parse_full_name, parse_status};
use crate::service::input::credentials::{parse_local_email, parse_password};
use crate::service::input::patch::{Mode, Problems};
use crate::service::input::property::Rule;
use crate::service::input::text::TextRule;
use crate::types::{EmailAddress, Password};

const FULL_NAME: TextRule = TextRule::name("Full name");

input! {
    /// The fields of a new admin. Other properties are ignored.
    pub struct NewAdminInput {
        /// E-mail address to log in with. It is unique among admins, regardless of case and of the encoding of its domain.
        email: "email" = Rule::Email, [required], "\"ada@example.com\"";
        /// Display name, at most 255 characters.
        full_name: "full_name" = Rule::Line(FULL_NAME), [required], "\"Ada Smith\"";
        /// Password: 8 characters to 1024 bytes, not a common password.
        password: "password" = Rule::NewPassword, [required], "\"correct horse battery\"";
    }
}

input! {
    /// Changes to an admin. Other properties are ignored.
    pub struct AdminInput {
        /// Display name, at most 255 characters.
        full_name: "full_name" = Rule::Line(FULL_NAME), [not_null], "\"Ada Smith\"";
        /// 1 enabled, 0 disabled. Disabling ends all sessions of the admin. Admins cannot disable themselves.
        status: "status" = Rule::Named("StatusInput"), [not_null], "1";
    }
}

impl NewAdminInput {
    pub(super) fn parse(self, ctx: &Ctx) -> Result<(EmailAddress, String, Password)> {
        let mut problems = Problems::default();
        let email = parse_local_email(self.email, &mut problems);
        let full_name = parse_full_name(self.full_name, Mode::Create, &mut problems);
        let password = parse_password(ctx, self.password, Mode::Create, &mut problems);
        let all = email.zip(full_name).zip(password);
        problems.finish_with(all.map(|((email, full_name), password)| (email, full_name, password)))
    }
}

impl AdminInput {
    /// The name, and whether the admin is enabled.
    pub(super) fn parse(self) -> Result<(Option<String>, Option<bool>)> {
        let mut problems = Problems::default();
        let full_name = parse_full_name(self.full_name, Mode::Update, &mut problems);
        let enabled = parse_status(self.status, &mut problems).map(|status| status.is_enabled());
        problems.finish()?;
        Ok((full_name, enabled))
    }
}
