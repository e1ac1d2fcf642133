//! The kinds of mails, and their status.

use std::fmt;

use sea_orm::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// The kind of a mail, which determines its templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum MailKind {
    /// Asks the recipient to confirm the e-mail address.
    VerifyEmail,
    /// Contains a link to set a new password.
    ResetPassword,
    /// Contains a link to set the first password.
    Invitation,
    /// Reports that the password was changed.
    PasswordChanged,
    /// Reports a pending e-mail change; sent to the current address.
    EmailChangeRequested,
    /// Reports that the e-mail address was changed; sent to the previous address.
    EmailChanged,
    /// Reports to an admin that its password was changed.
    AdminPasswordChanged,
    /// Reports to an admin that its second factor was turned on.
    SecondFactorOn,
    /// Reports to an admin that its second factor was turned off.
    SecondFactorOff,
    /// Reports to an admin that its second factor was removed by another admin or a command.
    SecondFactorReset,
    /// Reports to an admin that new recovery codes were made.
    RecoveryCodesCreated,
    /// Reports to an admin that a recovery code was used.
    RecoveryCodeUsed,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::Invitation,
        Self::PasswordChanged,
        Self::EmailChangeRequested,
        Self::EmailChanged,
        Self::AdminPasswordChanged,
        Self::SecondFactorOn,
        Self::SecondFactorOff,
        Self::SecondFactorReset,
        Self::RecoveryCodesCreated,
        Self::RecoveryCodeUsed,
    ];

    /// Whether the recipient is an admin, not a customer.
    pub fn is_for_admins(self) -> bool {
        match self {
            Self::VerifyEmail
            | Self::ResetPassword
            | Self::Invitation
            | Self::PasswordChanged
            | Self::EmailChangeRequested
            | Self::EmailChanged => false,
            Self::AdminPasswordChanged
            | Self::SecondFactorOn
            | Self::SecondFactorOff
            | Self::SecondFactorReset
            | Self::RecoveryCodesCreated
            | Self::RecoveryCodeUsed => true,
        }
    }

    /// Its name, as in the database and in the names of templates.
    pub fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::Invitation => "invitation",
            Self::PasswordChanged => "password_changed",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged => "email_changed",
            Self::AdminPasswordChanged => "admin_password_changed",
            Self::SecondFactorOn => "second_factor_on",
            Self::SecondFactorOff => "second_factor_off",
            Self::SecondFactorReset => "second_factor_reset",
            Self::RecoveryCodesCreated => "recovery_codes_created",
            Self::RecoveryCodeUsed => "recovery_code_used",
        }
    }
}

impl fmt::Display for MailKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The status of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum MailStatus {
    /// Not sent yet. It will be sent or retried.
    Pending,
    /// The mail server accepted it.
    Sent,
    /// Failed permanently. It is not retried any more.
    Failed,
    /// Superseded before it was sent. It is never sent.
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

#[cfg(test)]
mod tests {
    use sea_orm::ActiveEnum;

    use super::{MailKind, MailStatus};

    #[test]
    fn names_are_equal_to_the_stored_values() {
        for kind in MailKind::ALL {
            assert_eq!(kind.name(), kind.to_value());
        }
        for status in MailStatus::ALL {
            assert_eq!(status.to_string(), status.to_value());
        }
    }
}
