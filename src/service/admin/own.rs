//! What an admin changes of its own account.

use super::{save, set_hash};
use crate::app::ctx::{INVALID_ACCESS_TOKEN, OwnAdminCtx};
use crate::app::write::{Write, Written};
use crate::entity::admin_user::Entity;
use crate::error::{Error, Result};
use crate::service::password::PasswordChange;
use crate::service::query::lock::find_for_update;
use crate::service::token::TokenPair;
use crate::service::{confirmation, login_attempts, second_factor, session};
use crate::spend;
use crate::types::Audience;

/// Changes the password of the calling admin. All earlier tokens become invalid and all other sessions end. The session of
/// the request continues with the tokens of the response.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, or for a wrong current password; [`Error::RateLimited`] after too
/// many wrong passwords; [`Error::Unauthenticated`] if the token has become invalid while the request was running.
pub async fn change_password(
    ctx: &OwnAdminCtx,
    write: Write<TokenPair>,
    input: PasswordChange,
) -> Result<Written<TokenPair>> {
    let (current_password, password) = input.parse(ctx)?;
    let (id, session) = (ctx.admin_user_id, ctx.proof.session);
    let confirmed = confirmation::confirm::<Entity>(ctx, &write, id, &current_password).await?;
    let wrong = || Error::invalid("current_password", "Current password is incorrect");
    let confirmed = confirmed.ok_or_else(wrong)?;
    let hash = ctx.app.hasher.hash(&write, ctx.lane(), &password, ctx.app.random.bytes()).await?;
    spend!(ctx, write, |tx| {
        login_attempts::reset_failures(tx, Audience::Admin, &confirmed.email.key()).await?;
        let current = find_for_update::<Entity>(tx, ctx.uuid).await?;
        if current.token_generation != confirmed.token_generation {
            // A concurrent change during the hashing has invalidated the token of this request.
            return Err(INVALID_ACCESS_TOKEN.into());
        }
        if session.is_none() && second_factor::is_on(tx, id).await? {
            // Turned on since the request began. A token of EverShop would get a session without a code.
            return Err(INVALID_ACCESS_TOKEN.into());
        }
        let saved = save(ctx, tx, current, |row, current| set_hash(row, current, &hash), session).await?;
        session::admin::continue_session(ctx, tx, &saved, session).await
    })
}
