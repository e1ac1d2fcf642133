//! The password of a line, after the expensive hashing.

use super::draft::{CustomerDraft, Secret};
use super::{NO_PASSWORD, Options};
use crate::app::ctx::AdminCtx;
use crate::db::BackgroundJob;
use crate::error::{Problem, Result};
use crate::types::{Password, PasswordHash};

/// What a line does to the password of its customer.
#[derive(Debug)]
pub(super) enum NewPassword {
    /// An existing customer keeps it: the line has none, or it is not compared.
    Kept,
    /// It is set to this hash. A customer without a password has an empty hash.
    Hash(PasswordHash),
    /// It was compared with the stored hash. `new` is the hash to set if it is another password.
    Compared {
        /// The stored hash.
        stored: PasswordHash,
        /// The hash of the new password.
        new: Option<PasswordHash>,
    },
}

impl NewPassword {
    /// The password of a new customer. Without one, it has to be invited.
    pub(super) async fn of_new(
        ctx: &AdminCtx,
        options: Options,
        draft: &CustomerDraft,
    ) -> Result<std::result::Result<Self, Vec<Problem>>> {
        Ok(Ok(Self::Hash(match &draft.secret {
            Some(Secret::Hash(hash)) => hash.clone(),
            Some(Secret::Password(password)) => hash(ctx, options, password).await?,
            None if options.invite => PasswordHash::none(),
            None => return Ok(Err(vec![Problem::new("password", NO_PASSWORD)])),
        })))
    }

    /// The password of a customer that is changed. A plain password is compared with the stored hash: if it is the same, a
    /// repeated import must not end the sessions of the customer.
    pub(super) async fn of_existing(
        ctx: &AdminCtx,
        options: Options,
        draft: &CustomerDraft,
        stored: &PasswordHash,
    ) -> Result<Self> {
        let password = match &draft.secret {
            None => return Ok(Self::Kept),
            Some(Secret::Hash(hash)) => return Ok(Self::Hash(hash.clone())),
            Some(Secret::Password(password)) => password,
        };
        let hasher = &ctx.app.hasher;
        let verified = hasher.verify(&BackgroundJob, ctx.lane(), password.secret(), Some(stored)).await?;
        let new = match verified.verdict.is_match() {
            true => None,
            false => Some(hash(ctx, options, password).await?),
        };
        Ok(Self::Compared { stored: stored.clone(), new })
    }

    /// Whether the password of a customer with this stored hash changes.
    pub(super) fn changes(&self, stored: &PasswordHash) -> bool {
        match self {
            Self::Kept => false,
            Self::Hash(hash) => hash != stored,
            Self::Compared { new, .. } => new.is_some(),
        }
    }
}

/// Hashes a password. A dry run stores no hash, so it skips the expensive hashing.
async fn hash(ctx: &AdminCtx, options: Options, password: &Password) -> Result<PasswordHash> {
    if options.dry_run {
        return Ok(PasswordHash::none());
    }
    ctx.app.hasher.hash(&BackgroundJob, ctx.lane(), password, ctx.app.random.bytes()).await
}
