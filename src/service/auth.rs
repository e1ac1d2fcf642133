//! Authenticates access tokens.
//!
//! The account and session of a token are read from the database at every request. A token is therefore refused as
//! soon as its account is disabled, deleted or gets a new password, or its session has ended. Concurrent requests
//! share one query. Every failure has the same message: the exact reason would help only an attacker.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryResult,
    QuerySelect, RelationTrait,
};
use uuid::Uuid;

use crate::app::App;
use crate::app::ctx::{AdminProof, Caller, INVALID_ACCESS_TOKEN};
use crate::config::SecondFactorPolicy;
use crate::db::Database;
use crate::db::batch_loader::pad_to_power_of_two;
use crate::db::lookup_texts::LookupTexts;
use crate::entity::admin_user::Account;
use crate::entity::customer_row::{CustomerRow, SessionCustomer};
use crate::entity::{admin_second_factor, admin_session, admin_user, admin_write, customer_session};
use crate::error::Result;
use crate::service::customer::find_batched;
use crate::service::token;
use crate::types::{Audience, VerifiedToken};

/// The result of a successful authentication.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The caller that the token identifies.
    pub caller: Caller,
    /// The identifier of the token (`jti`).
    pub token_id: Option<Uuid>,
    /// The row of an authenticated customer, so that services don't have to read it again.
    pub customer: Option<CustomerRow>,
}

/// Verifies an access token and returns its caller.
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) if the token is invalid, has expired or was revoked,
/// or if its account is disabled or deleted.
pub async fn authenticate(app: &App, access_token: &str) -> Result<Authenticated> {
    let (audience, verified) = token::verify_access(app, access_token).ok_or(INVALID_ACCESS_TOKEN)?;
    if audience == Audience::Admin {
        let admin = find_admin(app, &verified).await?;
        let caller = calling_admin(app, admin, verified.session);
        return Ok(Authenticated { caller, token_id: verified.id, customer: None });
    }
    let uuid = verified.account;
    let customer = match verified.session {
        // One query checks both the account and its session.
        Some(session) => {
            let db = app.db.clone();
            let fetch = move |keys| customers_with_sessions(db.clone(), keys);
            app.batch_loaders.sessions.get((uuid, session), fetch).await?
        }
        None => find_batched(app, uuid).await?,
    };
    let customer = customer
        .filter(|row| row.status.is_enabled())
        .filter(|row| verified.is_accepted(row.token_generation, row.tokens_valid_from))
        .ok_or(INVALID_ACCESS_TOKEN)?;
    let customer_id = customer.customer_id;
    let caller = Caller::Customer { customer_id, uuid, session: verified.session };
    Ok(Authenticated { caller, token_id: verified.id, customer: Some(customer) })
}

/// The caller of an admin's token: one that may do what admins may, or one that has to set up a second factor first.
fn calling_admin(app: &App, admin: Account, session: Option<Uuid>) -> Caller {
    let Account { admin_user_id, uuid, has_second_factor, stepped_up_at, .. } = admin;
    let Account { session_used_at, last_write_at, .. } = admin;
    let proof = AdminProof { session, has_second_factor, stepped_up_at, session_used_at, last_write_at };
    let is_required = app.config.accounts.admin_second_factor == SecondFactorPolicy::Required;
    if is_required && !has_second_factor {
        return Caller::UnenrolledAdmin { admin_user_id, uuid, proof };
    }
    Caller::Admin { admin_user_id, uuid, proof }
}

/// The caller of an admin whom the shop has authenticated, without a session of patron. `None` if the admin is disabled. Also if
/// it has a second factor, for which the shop does not ask.
pub(super) async fn admin_without_session(app: &App, uuid: Uuid) -> Result<Option<Caller>> {
    let db = app.db.clone();
    let admin = app.batch_loaders.admins.get(uuid, move |uuids| admins(db.clone(), uuids)).await?;
    let admin = admin.filter(|admin| admin.status && !admin.has_second_factor);
    Ok(admin.map(|admin| calling_admin(app, admin, None)))
}

/// Finds the admin of a token.
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) if the admin is disabled, the token was revoked or its
/// session has ended. Also for a token without a session, which EverShop issues without asking for a code, if the admin has
/// a second factor.
async fn find_admin(app: &App, verified: &VerifiedToken) -> Result<Account> {
    let (db, uuid) = (app.db.clone(), verified.account);
    let admin = match verified.session {
        Some(session) => {
            let fetch = move |keys| admins_with_sessions(db.clone(), keys);
            app.batch_loaders.admin_sessions.get((uuid, session), fetch).await?
        }
        None => {
            let admin = app.batch_loaders.admins.get(uuid, move |uuids| admins(db.clone(), uuids)).await?;
            admin.filter(|admin| !admin.has_second_factor)
        }
    };
    admin
        .filter(|admin| admin.status && verified.is_accepted(admin.token_generation, admin.tokens_valid_from))
        .ok_or(INVALID_ACCESS_TOKEN)
}

/// The columns of the account, when its second factor was confirmed, and when it last changed something.
type AdminRow = (i32, Uuid, bool, i64, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

async fn admins(db: Database, uuids: Vec<Uuid>) -> Result<HashMap<Uuid, Account>> {
    let select = admin_user::Entity::find().select_only().columns(Account::COLUMNS);
    let select = select.join(JoinType::LeftJoin, admin_user::Relation::SecondFactor.def());
    let select = select.column(admin_second_factor::Column::ConfirmedAt);
    let select = select.join(JoinType::LeftJoin, admin_user::Relation::LastWrite.def());
    let select = select.column(admin_write::Column::WrittenAt);
    let select = select.filter(admin_user::Column::Uuid.is_in(pad_to_power_of_two(uuids)));
    let rows: Vec<AdminRow> = select.into_tuple().all(db.reader()).await?;
    let accounts = rows.into_iter().map(|row| {
        let (id, uuid, status, generation, valid_from, confirmed_at, last_write_at) = row;
        let account = Account {
            admin_user_id: id,
            uuid,
            status,
            token_generation: generation,
            tokens_valid_from: valid_from,
            has_second_factor: confirmed_at.is_some(),
            stepped_up_at: None,
            session_used_at: None,
            last_write_at,
        };
        (uuid, account)
    });
    Ok(accounts.collect())
}

/// The session with the times of its last step-up and its last use, the columns of the account, when its second factor was
/// confirmed, and when it last changed something.
type SessionRow = (
    Uuid,
    Option<DateTime<Utc>>,
    DateTime<Utc>,
    i32,
    Uuid,
    bool,
    i64,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
);

/// Reads the admins by pairs of admin and session. A pair whose session has ended is missing in the result.
async fn admins_with_sessions(
    db: Database,
    keys: Vec<(Uuid, Uuid)>,
) -> Result<HashMap<(Uuid, Uuid), Account>> {
    static TEXTS: LookupTexts = LookupTexts::new();
    let sessions = keys.into_iter().map(|(_, session)| session).collect();
    let statement = TEXTS.statement(db.backend(), pad_to_power_of_two(sessions), |sessions| {
        let select = admin_session::Entity::find().filter(admin_session::Column::Uuid.is_in(sessions));
        let select = select.inner_join(admin_user::Entity).select_only().column(admin_session::Column::Uuid);
        let select = select.columns([admin_session::Column::SteppedUpAt, admin_session::Column::LastUsedAt]);
        let select = select.columns(Account::COLUMNS);
        let select = select.join(JoinType::LeftJoin, admin_user::Relation::SecondFactor.def());
        let select = select.column(admin_second_factor::Column::ConfirmedAt);
        let select = select.join(JoinType::LeftJoin, admin_user::Relation::LastWrite.def());
        select.column(admin_write::Column::WrittenAt)
    });
    let rows = db.reader().query_all_raw(statement).await?;
    let rows: Vec<SessionRow> = rows
        .iter()
        .map(QueryResult::try_get_many_by_index::<SessionRow>)
        .collect::<std::result::Result<_, _>>()?;
    let accounts = rows.into_iter().map(|row| {
        let (session, stepped_up_at, used_at, ..) = row;
        let (.., id, uuid, status, generation, valid_from, confirmed_at, last_write_at) = row;
        let account = Account {
            admin_user_id: id,
            uuid,
            status,
            token_generation: generation,
            tokens_valid_from: valid_from,
            has_second_factor: confirmed_at.is_some(),
            stepped_up_at,
            session_used_at: Some(used_at),
            last_write_at,
        };
        ((uuid, session), account)
    });
    Ok(accounts.collect())
}

/// Reads the customers by pairs of customer and session. A pair whose session has ended is missing in the result.
async fn customers_with_sessions(
    db: Database,
    keys: Vec<(Uuid, Uuid)>,
) -> Result<HashMap<(Uuid, Uuid), CustomerRow>> {
    static TEXTS: LookupTexts = LookupTexts::new();
    let sessions = keys.into_iter().map(|(_, session)| session).collect();
    let statement = TEXTS.statement(db.backend(), pad_to_power_of_two(sessions), |sessions| {
        let select = CustomerRow::select().inner_join(customer_session::Entity);
        let select = select.column(customer_session::Column::Uuid);
        select.filter(customer_session::Column::Uuid.is_in(sessions))
    });
    let rows = SessionCustomer::find_by_statement(statement).all(db.reader()).await?;
    let customers =
        rows.into_iter().map(|SessionCustomer { customer, session }| ((customer.uuid, session), customer));
    Ok(customers.collect())
}
