//! The tables of accounts, of customers and of admins. Logins and tokens have the same rules for both.

use sea_orm::Select;
use uuid::Uuid;

use crate::entity::{PublicId, admin_user, customer};
use crate::types::{Audience, EmailAddress, InvalidEmail, PasswordHash};

/// A table of accounts that log in with a password.
pub(super) trait AccountTable: PublicId {
    /// The kind of its accounts.
    const AUDIENCE: Audience;
    /// The primary key.
    const ID: Self::Column;
    const PASSWORD: Self::Column;

    /// Parses the e-mail address of a login.
    fn parse_email(email: &str) -> Result<EmailAddress, InvalidEmail>;

    /// The account with this e-mail address in any spelling.
    fn with_email(email: &EmailAddress) -> Select<Self>;

    /// The columns that decide about logins and tokens.
    fn account(row: &Self::Model) -> StoredAccount<'_>;
}

/// The columns of an account that decide about logins and tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredAccount<'a> {
    pub(super) id: i32,
    pub(super) uuid: Uuid,
    /// Whether the account may log in.
    pub(super) is_enabled: bool,
    /// Tokens of an earlier generation are refused.
    pub(super) token_generation: i64,
    pub(super) password: &'a PasswordHash,
}

impl StoredAccount<'_> {
    /// Whether tokens of this generation are valid: the account is enabled and has not invalidated them.
    pub(super) fn accepts_generation(&self, generation: i64) -> bool {
        self.is_enabled && self.token_generation == generation
    }
}

impl AccountTable for customer::Entity {
    const AUDIENCE: Audience = Audience::Customer;
    const ID: Self::Column = customer::Column::CustomerId;
    const PASSWORD: Self::Column = customer::Column::Password;

    fn parse_email(email: &str) -> Result<EmailAddress, InvalidEmail> {
        EmailAddress::parse(email)
    }

    fn with_email(email: &EmailAddress) -> Select<Self> {
        Self::find_by_address(email)
    }

    fn account(row: &customer::Model) -> StoredAccount<'_> {
        StoredAccount {
            id: row.customer_id,
            uuid: row.uuid,
            is_enabled: row.status.is_enabled(),
            token_generation: row.token_generation,
            password: &row.password,
        }
    }
}

impl AccountTable for admin_user::Entity {
    const AUDIENCE: Audience = Audience::Admin;
    const ID: Self::Column = admin_user::Column::AdminUserId;
    const PASSWORD: Self::Column = admin_user::Column::Password;

    fn parse_email(email: &str) -> Result<EmailAddress, InvalidEmail> {
        EmailAddress::parse_local(email)
    }

    fn with_email(email: &EmailAddress) -> Select<Self> {
        Self::find_by_address(email)
    }

    fn account(row: &admin_user::Model) -> StoredAccount<'_> {
        StoredAccount {
            id: row.admin_user_id,
            uuid: row.uuid,
            is_enabled: row.status,
            token_generation: row.token_generation,
            password: &row.password,
        }
    }
}
