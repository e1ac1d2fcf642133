//! Checks a code of a second factor: of the authenticator app, or a recovery code. An accepted code is used up in the same
//! transaction, by a statement with a condition, so that two requests, also on two instances, never use the same code.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};

use super::factor::report;
use super::recovery::without_separators;
use super::{recovery, totp};
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::admin_second_factor::{Column, Entity, Model};
use crate::entity::admin_user;
use crate::service::login_attempts::LoginAttempts;
use crate::types::{EventKind, MailKind};

/// The number of digits of a one-time password.
const DIGITS: usize = 6;

/// A code of a request.
enum TypedCode {
    OneTime(SecretString),
    Recovery(SecretString),
}

/// A code was refused. Its attempt is committed.
pub(super) struct CodeRefused;

/// A code that is right and was not used before.
enum UnusedCode {
    /// The time step of a one-time password.
    Step(i64),
    /// The primary key of a recovery code.
    Recovery(i64),
}

impl TypedCode {
    /// Parses a code. `None` if it has the form of neither kind.
    fn parse(typed: &SecretString) -> Option<Self> {
        let text = without_separators(typed.expose_secret());
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        match text.len() {
            DIGITS => Some(Self::OneTime(text.into())),
            recovery::LENGTH => Some(Self::Recovery(text.to_ascii_lowercase().into())),
            _ => None,
        }
    }

    async fn find(
        &self,
        ctx: &Ctx,
        tx: &impl ConnectionTrait,
        admin: &admin_user::Model,
        factor: &Model,
    ) -> TxResult<Option<UnusedCode>> {
        // Also for a recovery code, whose hash has the same key: it would be refused as a wrong one.
        let secret = totp::unseal(&ctx.app, admin.uuid, &factor.secret)?;
        match self {
            Self::OneTime(code) => {
                let step = totp::step_of(&ctx.app, secret, code.expose_secret())?;
                Ok(step.filter(|step| *step > factor.last_step).map(UnusedCode::Step))
            }
            Self::Recovery(code) => {
                let hash = recovery::hash(&ctx.app, admin.uuid, code.expose_secret())?;
                Ok(recovery::find(tx, admin.admin_user_id, &hash).await?.map(UnusedCode::Recovery))
            }
        }
    }
}

impl UnusedCode {
    /// Uses the code up. Returns false if another request was faster.
    async fn spend(self, ctx: &Ctx, tx: &impl ConnectionTrait, admin: &admin_user::Model) -> TxResult<bool> {
        match self {
            Self::Step(step) => {
                let update = Entity::update_many().col_expr(Column::LastStep, Expr::val(step));
                let update = update.filter(Column::AdminUserId.eq(admin.admin_user_id));
                Ok(update.filter(Column::LastStep.lt(step)).exec(tx).await?.rows_affected == 1)
            }
            Self::Recovery(id) => {
                let is_spent = recovery::spend(tx, id).await?;
                if is_spent {
                    report(ctx, tx, admin, EventKind::RecoveryCodeUsed, MailKind::RecoveryCodeUsed).await?;
                }
                Ok(is_spent)
            }
        }
    }
}

/// Checks a code and uses it up. Returns whether it is accepted. The attempt is counted: after a wrong code, further ones are
/// refused for a time, right ones too, and are not used up. The admin's row is locked.
///
/// # Errors
/// [`Error::SecondFactorUnreadable`](crate::error::Error::SecondFactorUnreadable).
pub(super) async fn accept(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    admin: &admin_user::Model,
    factor: &Model,
    typed: &SecretString,
    attempts: &LoginAttempts,
) -> TxResult<bool> {
    let unused = match TypedCode::parse(typed) {
        Some(code) => code.find(ctx, tx, admin, factor).await?,
        None => None,
    };
    let is_accepted = attempts.record_attempt(ctx, tx, unused.is_some()).await?;
    match unused {
        Some(unused) if is_accepted => unused.spend(ctx, tx, admin).await,
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::TypedCode;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let kind = |text: &str| match TypedCode::parse(&text.into()) {
            Some(TypedCode::OneTime(_)) => "one-time",
            Some(TypedCode::Recovery(_)) => "recovery",
            None => "none",
        };
        for (text, expected) in [
            ("123456", "one-time"),
            ("123 456", "one-time"),
            (" 123-456\n", "one-time"),
            ("k7m2p-9xw4d", "recovery"),
            ("K7M2P9XW4D", "recovery"),
            ("", "none"),
            ("12345", "none"),
            ("1234567", "none"),
            ("１２３４５６", "none"),
            ("k7m2p-9xw4ä", "none"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }
}
