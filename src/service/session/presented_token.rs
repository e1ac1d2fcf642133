//! The refresh token of a request.

use uuid::Uuid;

use super::family::SessionTable;
use crate::app::ctx::Ctx;
use crate::error::{Error, Result};
use crate::service::account_table::StoredAccount;
use crate::service::secret;
use crate::service::token::{self, TokenKind};
use crate::types::{Audience, TokenHash};

/// The error for every invalid refresh token, whatever the reason.
pub(crate) const INVALID_REFRESH_TOKEN: Error =
    Error::Unauthenticated("The refresh token is invalid or expired");

/// A refresh token of a request. Its signature is valid and it has not expired.
#[derive(Debug)]
pub(super) struct PresentedToken {
    pub(super) account: Uuid,
    /// The `token_generation` of the account when the token was issued.
    pub(super) generation: i64,
    pub(super) session: Uuid,
    pub(super) step: i64,
    pub(super) hash: TokenHash,
}

impl PresentedToken {
    /// Verifies a token. Returns `None` for an invalid token, and for a token of EverShop: it has no session and can't
    /// be refreshed here.
    pub(super) fn verify(ctx: &Ctx, refresh_token: &str, audience: Audience) -> Option<Self> {
        let verified = token::verify(&ctx.app, refresh_token, audience, TokenKind::Refresh)?;
        Some(Self {
            account: verified.account,
            generation: verified.generation?,
            session: verified.session?,
            step: verified.step?,
            hash: secret::hash_of_token(refresh_token),
        })
    }

    /// Verifies a token and finds its session. Returns `None` if the token is invalid or its session has ended. Finds it
    /// without a transaction, so that requests with tokens of ended sessions don't block writers.
    pub(super) async fn of_session<S: SessionTable>(
        ctx: &Ctx,
        refresh_token: &str,
        audience: Audience,
    ) -> Result<Option<Self>> {
        let Some(presented) = Self::verify(ctx, refresh_token, audience) else { return Ok(None) };
        let session = S::find_by_public_id(presented.session).one(ctx.app.db.reader()).await?;
        Ok(session.map(|_| presented))
    }

    /// Whether the token was issued to this account and the account still accepts it.
    pub(super) fn is_accepted_by(&self, account: StoredAccount<'_>) -> bool {
        account.uuid == self.account && account.accepts_generation(self.generation)
    }
}
