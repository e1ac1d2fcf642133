//! What mails are about, and how far they are.

use std::fmt;

use sea_orm::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// What a mail says; also the name of its templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum MailKind {
    /// Confirm this address.
    VerifyEmail,
    /// Set a new password.
    ResetPassword,
    /// The password was changed.
    PasswordChanged,
    /// Another address is wanted; to the one in force.
    EmailChangeRequested,
    /// The address was changed; to the old one.
    EmailChanged,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::PasswordChanged,
        Self::EmailChangeRequested,
        Self::EmailChanged,
    ];

    /// Its name, as in the database and in the names of templates.
    pub fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::PasswordChanged => "password_changed",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged => "email_changed",
        }
    }
}

impl fmt::Display for MailKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum MailStatus {
    /// To be sent.
    Pending,
    /// The mail server took it.
    Sent,
    /// Given up.
    Failed,
    /// Never to be sent: something newer has overtaken it.
    Withdrawn,
}

impl MailStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Sent, Self::Failed, Self::Withdrawn];
}

impl fmt::Display for MailStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
        })
    }
}
