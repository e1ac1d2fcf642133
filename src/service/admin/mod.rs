//! Admins: their sign-in, their management by other admins, and the commands that manage them.
//!
//! Every change is journaled in its transaction. Disabling an admin or setting a password revokes all tokens and sessions of
//! the admin.

mod command;
mod input;
mod list;
mod log_in;
mod manage;
mod own;

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel};
use uuid::Uuid;

pub use command::{create, list, none_exists, reset_factor, set_password, set_status};
pub use input::{AdminInput, NewAdminInput};
pub use list::{AdminPage, by_uuids, find_caller, page, second_factors};
pub use log_in::log_in;
pub use manage::{AdminRecord, add, remove_factor, update};
pub(crate) use manage::{DISABLES_ITSELF, REMOVES_OWN_FACTOR};
pub use own::change_password;

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::admin_user::{ActiveModel, Model};
use crate::service::journal::{self, Change, snapshot};
use crate::service::{mail, session, token};
use crate::types::{EmailAddress, EventKind, MailKind, PasswordHash};

/// The row of a new admin.
fn draft(ctx: &Ctx, email: EmailAddress, full_name: String, password: PasswordHash) -> ActiveModel {
    let now = ctx.app.clock.now();
    ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        status: Set(true),
        email_key: Set(Some(email.key())),
        email: Set(email),
        password: Set(password),
        full_name: Set(full_name),
        created_at: Set(now),
        updated_at: Set(now),
        token_generation: Set(0),
        ..Default::default()
    }
}

async fn insert(ctx: &Ctx, tx: &impl ConnectionTrait, draft: ActiveModel) -> TxResult<Model> {
    let admin = draft.insert(tx).await?;
    let created = Change::created(EventKind::AdminCreated, admin.uuid, snapshot::admin(&admin));
    journal::append(ctx, tx, created).await?;
    Ok(admin)
}

/// Saves a change of an admin, whose row is locked, with its consequences. `current_session` continues after a change that
/// invalidates the tokens; all others end.
async fn save(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    current: Model,
    apply: impl Fn(&mut ActiveModel, &Model),
    current_session: Option<Uuid>,
) -> TxResult<Model> {
    let mut row = current.clone().into_active_model();
    apply(&mut row, &current);
    if !row.is_changed() {
        return Ok(current);
    }
    if row.token_generation.is_set() {
        row.tokens_valid_from = Set(Some(token::valid_from(ctx.app.clock.now(), current.tokens_valid_from)));
    }
    row.updated_at = Set(ctx.app.clock.now_after(current.updated_at));
    let new_password = row.password.is_set();
    let admin = row.update(tx).await?;
    let (before, data) = (snapshot::admin(&current), snapshot::admin(&admin));
    let updated = Change::updated(EventKind::AdminUpdated, admin.uuid, &before, data);
    let updated = if new_password { updated.with_secret("password") } else { updated };
    journal::append(ctx, tx, updated).await?;
    if new_password {
        mail::enqueue(ctx, tx, MailKind::AdminPasswordChanged, None, &admin.email).await?;
    }
    if admin.token_generation != current.token_generation {
        session::admin::end_all(ctx, tx, &admin, current_session).await?;
    }
    Ok(admin)
}

/// Enables or disables an admin. Disabling invalidates its tokens.
fn set_enabled(row: &mut ActiveModel, current: &Model, enabled: bool) {
    row.status.set_if_not_equals(enabled);
    if current.status && !enabled {
        row.token_generation = Set(current.token_generation + 1);
    }
}

/// Sets the password of an admin, which invalidates its tokens.
fn set_hash(row: &mut ActiveModel, current: &Model, password: &PasswordHash) {
    row.password = Set(password.clone());
    row.token_generation = Set(current.token_generation + 1);
}
