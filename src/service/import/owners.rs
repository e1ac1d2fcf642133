//! Finds the stored customers that lines are about.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::Options;
use super::by_email::find_by_emails;
use super::draft::CustomerDraft;
use crate::db::TxResult;
use crate::entity::customer;
use crate::error::Problem;
use crate::types::EmailAddress;

/// The primary keys of stored customers: by [key](EmailAddress::key) of the e-mail address, and in an update also by uuid.
#[derive(Debug, Default)]
pub(super) struct Owners {
    is_update: bool,
    by_email: HashMap<String, i32>,
    by_uuid: HashMap<Uuid, i32>,
}

impl Owners {
    /// Finds the customers that these lines are about.
    pub(super) async fn find(
        db: &impl ConnectionTrait,
        options: Options,
        drafts: &[&CustomerDraft],
    ) -> TxResult<Self> {
        let emails = drafts.iter().filter_map(|draft| draft.email.as_ref());
        let by_email = find_by_emails(db, emails.map(EmailAddress::key).collect()).await?;
        let mut by_uuid = HashMap::new();
        let uuids: Vec<Uuid> = drafts.iter().filter_map(|draft| draft.uuid).collect();
        if options.update && !uuids.is_empty() {
            let select = customer::Entity::find().filter(customer::Column::Uuid.is_in(uuids)).select_only();
            let select = select.columns([customer::Column::Uuid, customer::Column::CustomerId]);
            by_uuid.extend(select.into_tuple::<(Uuid, i32)>().all(db).await?);
        }
        Ok(Self { is_update: options.update, by_email, by_uuid })
    }

    /// These customers, in an update.
    pub(super) fn of_rows(rows: &[customer::Model]) -> Self {
        let email_key = |row: &customer::Model| row.email_key.clone().unwrap_or_else(|| row.email.key());
        let by_email = rows.iter().map(|row| (email_key(row), row.customer_id)).collect();
        let by_uuid = rows.iter().map(|row| (row.uuid, row.customer_id)).collect();
        Self { is_update: true, by_email, by_uuid }
    }

    /// The primary keys, in their order.
    pub(super) fn ids(&self) -> Vec<i32> {
        let mut ids: Vec<i32> = self.by_email.values().chain(self.by_uuid.values()).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The customer that a line is about, if it exists, or why the line is refused.
    pub(super) fn of(&self, draft: &CustomerDraft) -> Result<Option<i32>, Vec<Problem>> {
        let by_email = draft.email.as_ref().and_then(|email| self.by_email.get(&email.key()).copied());
        let by_uuid = draft.uuid.and_then(|uuid| self.by_uuid.get(&uuid).copied());
        match (by_uuid, by_email) {
            (Some(id), Some(other)) if id != other => Err(email_taken()),
            (None, Some(_)) if self.is_update && draft.uuid.is_some() => {
                let message = "The customer with this email has another uuid, which can't be changed";
                Err(vec![Problem::new("uuid", message)])
            }
            (by_uuid, by_email) => Ok(by_uuid.or(by_email)),
        }
    }
}

/// The problem of a line whose e-mail address another customer has.
pub(super) fn email_taken() -> Vec<Problem> {
    vec![Problem::new("email", "Email is already used")]
}
