//! The caller of a request with a session of the shop.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::app::App;
use crate::app::ctx::Caller;
use crate::config::FrontDoorConfig;
use crate::entity::customer_row::CustomerRow;
use crate::entity::{admin_user, customer};
use crate::error::Result;
use crate::service::auth::{Authenticated, admin_without_session};
use crate::service::shop_session::find::account_id;
use crate::types::Audience;

/// The caller that is logged in with a session of the shop. `None` without a valid session, for a visitor that is not logged
/// in, and for a disabled or deleted account. Also for an admin with a second factor, because EverShop does not ask for it.
pub async fn authenticate(
    app: &App,
    door: &FrontDoorConfig,
    audience: Audience,
    sid: &str,
) -> Result<Option<Authenticated>> {
    let id = account_id(app.db.reader(), door, audience, sid, app.clock.now()).await?;
    let Some(id) = id else { return Ok(None) };
    match audience {
        Audience::Customer => customer(app, id).await,
        Audience::Admin => admin(app, id).await,
    }
}

async fn customer(app: &App, customer_id: i32) -> Result<Option<Authenticated>> {
    let select = CustomerRow::select().filter(customer::Column::CustomerId.eq(customer_id));
    let customer = select.into_model::<CustomerRow>().one(app.db.reader()).await?;
    let Some(customer) = customer.filter(|customer| customer.status.is_enabled()) else { return Ok(None) };
    let caller = Caller::Customer { customer_id, uuid: customer.uuid, session: None };
    Ok(Some(Authenticated { caller, token_id: None, customer: Some(customer) }))
}

async fn admin(app: &App, admin_user_id: i32) -> Result<Option<Authenticated>> {
    let select = admin_user::Entity::find().filter(admin_user::Column::AdminUserId.eq(admin_user_id));
    let select = select.select_only().column(admin_user::Column::Uuid);
    let Some(uuid) = select.into_tuple::<Uuid>().one(app.db.reader()).await? else { return Ok(None) };
    let caller = admin_without_session(app, uuid).await?;
    Ok(caller.map(|caller| Authenticated { caller, token_id: None, customer: None }))
}
