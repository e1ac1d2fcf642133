//! Who a token stands for. Its account is asked every time, so that a token ends in the moment its account
//! is disabled, deleted or gets another password.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::app::App;
use crate::app::ctx::Caller;
use crate::db::Database;
use crate::db::batch_loader::pad_to_power_of_two;
use crate::entity::admin_user::Account;
use crate::entity::{admin_session, admin_user, customer, customer_session};
use crate::error::{Error, Result};
use crate::service::customer::find_batched;
use crate::service::token::{self, Audience};

/// One text for everything that can be wrong with a token: which of them it is helps only an attacker.
const REFUSED: Error = Error::Unauthenticated("The token is invalid or expired");

/// Who a token stands for.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The caller.
    pub caller: Caller,
    /// The token's own identifier.
    pub token_id: Option<Uuid>,
    /// A customer's row, which was read to find out, so that nobody has to read it again.
    pub customer: Option<customer::Model>,
}

/// The caller behind an access token.
///
/// # Errors
/// [`Error::Unauthenticated`] when it isn't one of ours, has expired, or its account no longer stands behind it.
pub async fn authenticate(app: &App, access_token: &str) -> Result<Authenticated> {
    let (audience, verified) = token::verify_access(app, access_token).ok_or(REFUSED)?;
    if audience == Audience::Admin {
        let admin = trusted_admin(app, &verified).await?;
        let caller = Caller::Admin { admin_user_id: admin.admin_user_id, uuid: admin.uuid };
        return Ok(Authenticated { caller, token_id: verified.id, customer: None });
    }
    let uuid = verified.account.uuid;
    let customer = match verified.session {
        // One query for both: whether the account stands behind the token, and whether its session goes on.
        Some(session) => {
            let db = app.db.clone();
            let fetch = move |keys| with_sessions(db.clone(), keys);
            app.batch_loaders.sessions.get((uuid, session), fetch).await?
        }
        None => find_batched(app, uuid).await?,
    };
    let customer = customer
        .filter(|customer| customer.status.is_enabled() && customer.token_generation == verified.generation)
        .ok_or(REFUSED)?;
    let customer_id = customer.customer_id;
    let caller = Caller::Customer { customer_id, uuid, session: verified.session };
    Ok(Authenticated { caller, token_id: verified.id, customer: Some(customer) })
}

/// The admin whose token it is, when it is enabled, its password is still that of the token's time, and its session has
/// not ended.
///
/// # Errors
/// [`Error::Unauthenticated`] when not.
async fn trusted_admin(app: &App, verified: &token::Verified) -> Result<Account> {
    let (db, uuid) = (app.db.clone(), verified.account.uuid);
    let admin = match verified.session {
        Some(session) => {
            let fetch = move |keys| admins_with_sessions(db.clone(), keys);
            app.batch_loaders.admin_sessions.get((uuid, session), fetch).await?
        }
        None => app.batch_loaders.admins.get(uuid, move |uuids| admins(db.clone(), uuids)).await?,
    };
    admin.filter(|admin| admin.status && admin.token_generation == verified.generation).ok_or(REFUSED)
}

async fn admins(db: Database, uuids: Vec<Uuid>) -> Result<HashMap<Uuid, Account>> {
    let select = admin_user::Entity::find().select_only().columns(Account::COLUMNS);
    let select =
        select.filter(admin_user::Column::Uuid.is_in(pad_to_power_of_two(uuids))).into_model::<Account>();
    Ok(select.all(db.reader()).await?.into_iter().map(|admin| (admin.uuid, admin)).collect())
}

/// The admins whose sessions these are.
async fn admins_with_sessions(
    db: Database,
    keys: Vec<(Uuid, Uuid)>,
) -> Result<HashMap<(Uuid, Uuid), Account>> {
    let sessions = pad_to_power_of_two(keys).into_iter().map(|(_, session)| session);
    let select = admin_session::Entity::find().filter(admin_session::Column::Uuid.is_in(sessions));
    let select = select.inner_join(admin_user::Entity).select_only().column(admin_session::Column::Uuid);
    let rows: Vec<(Uuid, i32, Uuid, bool, i64)> =
        select.columns(Account::COLUMNS).into_tuple().all(db.reader()).await?;
    let both = rows.into_iter().map(|(session, admin_user_id, uuid, status, token_generation)| {
        ((uuid, session), Account { admin_user_id, uuid, status, token_generation })
    });
    Ok(both.collect())
}

/// The customers whose sessions these are.
async fn with_sessions(
    db: Database,
    keys: Vec<(Uuid, Uuid)>,
) -> Result<HashMap<(Uuid, Uuid), customer::Model>> {
    let sessions = pad_to_power_of_two(keys).into_iter().map(|(_, session)| session);
    let select = customer_session::Entity::find().filter(customer_session::Column::Uuid.is_in(sessions));
    let rows = select.find_also_related(customer::Entity).all(db.reader()).await?;
    let both = rows.into_iter().filter_map(|(session, customer)| {
        let customer = customer?;
        Some(((customer.uuid, session.uuid), customer))
    });
    Ok(both.collect())
}
