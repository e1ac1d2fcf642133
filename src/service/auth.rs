//! Who a token stands for. Its account is asked every time, so that a token ends in the moment its account
//! is disabled, deleted or gets another password.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::app::App;
use crate::ctx::Caller;
use crate::entity::{admin_user, customer, customer_session};
use crate::error::{Error, Result};
use crate::service::token::{self, Audience, Kind};

/// One text for everything that can be wrong with a token: which of them it is helps only an attacker.
const REFUSED: Error = Error::Unauthenticated("The token is invalid or expired");

/// The caller behind an access token; for a customer with its row, which was read to find out, so that nobody has to
/// read it again.
///
/// # Errors
/// [`Error::Unauthenticated`] when it isn't one of ours, has expired, or its account no longer stands behind it.
pub async fn authenticate(app: &App, access_token: &str) -> Result<(Caller, Option<customer::Model>)> {
    if let Some(verified) = token::verify(app, access_token, Audience::Admin, Kind::Access) {
        let admin = trusted_admin(app, &verified).await?;
        return Ok((Caller::Admin { admin_user_id: admin.admin_user_id, uuid: admin.uuid }, None));
    }
    let verified = token::verify(app, access_token, Audience::Customer, Kind::Access).ok_or(REFUSED)?;
    // One query for both: whether the account stands behind the token, and whether its session goes on.
    let mut select = customer::Entity::find_by_public_id(verified.account.uuid);
    if let Some(session) = verified.session {
        select =
            select.inner_join(customer_session::Entity).filter(customer_session::Column::Uuid.eq(session));
    }
    let customer = select
        .one(app.db.reader())
        .await?
        .filter(|customer| customer.status == 1 && customer.token_generation == verified.generation)
        .ok_or(REFUSED)?;
    let (customer_id, uuid) = (customer.customer_id, customer.uuid);
    Ok((Caller::Customer { customer_id, uuid, session: verified.session }, Some(customer)))
}

/// The admin whose token it is, when it is enabled and its password is still that of the token's time.
///
/// # Errors
/// [`Error::Unauthenticated`] when not.
pub(super) async fn trusted_admin(app: &App, verified: &token::Verified) -> Result<admin_user::Model> {
    admin_user::Entity::find()
        .filter(admin_user::Column::Uuid.eq(verified.account.uuid))
        .one(app.db.reader())
        .await?
        .filter(|admin| admin.status && admin.token_generation == verified.generation)
        .ok_or(REFUSED)
}
