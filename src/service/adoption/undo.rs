//! The way back to the shop's own schema, and what is lost on it.

use std::collections::BTreeMap;

use migration::adoption::{self, Progress};
use serde::Serialize;

use super::inspection::Inspection;
use super::session::{AdoptionSession, failure};
use crate::app::ctx::AdminCtx;
use crate::error::Result;

/// Rows that are lost: a fixed name for scripts, the table, a column that must exist, the condition, and the words.
struct LossRule(&'static str, &'static str, &'static str, &'static str, &'static str);

const RULES: [LossRule; 13] = [
    LossRule(
        "customer_passwords",
        "customer",
        "version",
        "password LIKE '$argon2%'",
        "customers need a new password: EverShop can't verify argon2id",
    ),
    LossRule(
        "admin_passwords",
        "admin_user",
        "token_generation",
        "password LIKE '$argon2%'",
        "admins need a new password: EverShop can't verify argon2id",
    ),
    LossRule(
        "verified_emails",
        "customer",
        "email_verified_at",
        "email_verified_at IS NOT NULL",
        "verified e-mail addresses",
    ),
    LossRule(
        "pending_emails",
        "customer",
        "pending_email",
        "pending_email IS NOT NULL",
        "pending e-mail changes",
    ),
    LossRule("customer_sessions", "customer_session", "customer_id", "true", "sessions of customers"),
    LossRule("admin_sessions", "admin_session", "admin_user_id", "true", "sessions of admins"),
    LossRule(
        "second_factors",
        "admin_second_factor",
        "admin_user_id",
        "true",
        "second factors of admins, who then log in with their password alone",
    ),
    LossRule("journal_entries", "journal_entry", "journal_entry_id", "true", "entries of the journal"),
    LossRule(
        "queued_changes",
        "shop_change",
        "shop_change_id",
        "true",
        "changes of the shop without an entry",
    ),
    LossRule(
        "webhook_endpoints",
        "webhook_endpoint",
        "webhook_endpoint_id",
        "true",
        "webhook endpoints, with their deliveries",
    ),
    LossRule("pending_mails", "mail", "status", "status = 'pending'", "mails that are not sent yet"),
    LossRule("saved_views", "saved_view", "saved_view_id", "true", "saved views"),
    LossRule(
        "deleted_definitions",
        "metafield_definition",
        "deleted_at",
        "deleted_at IS NOT NULL",
        "deleted definitions of custom fields whose values are not removed yet",
    ),
];

/// What an undo loses, by a fixed name for scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Losses(BTreeMap<&'static str, u64>);

impl Losses {
    /// What is lost, in words, with its number of rows.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &'static str)> {
        RULES.iter().filter_map(|LossRule(code, .., text)| Some((*self.0.get(code)?, *text)))
    }
}

/// Counts what an undo loses. Writes nothing.
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) if the database can't be reached.
pub async fn losses(ctx: &AdminCtx) -> Result<Losses> {
    let inspection = Inspection::begin(&ctx.app.config.database).await?;
    let mut losses = BTreeMap::new();
    for LossRule(code, table, column, condition, _) in &RULES {
        // An undo that was interrupted has dropped some of them.
        let exists = format!(
            "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('{table}') \
             AND attname = '{column}' AND NOT attisdropped)"
        );
        if !inspection.value::<bool>(&exists).await? {
            continue;
        }
        let count = inspection.count(&format!(r#"SELECT count(*) FROM "{table}" WHERE {condition}"#)).await?;
        if count > 0 {
            losses.insert(*code, count);
        }
    }
    inspection.end().await?;
    Ok(Losses(losses))
}

/// Takes back what the adoption has changed in the schema, or continues an undo that was interrupted. Nothing of patron is
/// left.
///
/// # Errors
/// [`Error::Conflict`](crate::error::Error::Conflict) with what to do, if the schema can't be changed. The undo can then be
/// continued.
pub async fn undo(session: &AdoptionSession, report: &mut (dyn FnMut(Progress) + Send)) -> Result<()> {
    adoption::undo(session.connection(), report).await.map_err(failure)
}
