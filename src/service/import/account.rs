//! A customer with its addresses, as it is stored: what a line is compared with.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Json;
use uuid::Uuid;

use super::draft::{Address, CustomerDraft};
use crate::app::ctx::Ctx;
use crate::entity::{customer, customer_address};
use crate::service::account::search_text_of;
use crate::service::address;
use crate::types::{CustomerStatus, EmailAddress, PasswordHash};

/// A customer with its addresses, the default first.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) uuid: Uuid,
    status: CustomerStatus,
    pub(super) group_id: Option<i32>,
    full_name: String,
    email: EmailAddress,
    search_text: String,
    email_verified_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    meta_data: Json,
    pub(super) addresses: Vec<(Uuid, address::AddressDraft)>,
}

impl Account {
    /// What comes of a draft; what it doesn't say has its default.
    pub(super) fn of_draft(ctx: &Ctx, draft: &CustomerDraft, group_id: i32, meta_data: Json) -> Self {
        let random = &ctx.app.random;
        let addresses = draft.addresses.as_deref().unwrap_or_default().iter();
        let addresses =
            addresses.map(|Address { uuid, draft }| (uuid.unwrap_or_else(|| random.uuid()), draft.clone()));
        let now = ctx.app.clock.now();
        let created_at = draft.created_at.or(draft.updated_at).unwrap_or(now);
        Self {
            uuid: draft.uuid.unwrap_or_else(|| random.uuid()),
            status: draft.status.unwrap_or(CustomerStatus::Enabled),
            group_id: Some(group_id),
            full_name: draft.full_name.clone(),
            email: draft.email.clone(),
            search_text: search_text_of(&draft.full_name, &draft.email),
            email_verified_at: draft.email_verified_at,
            created_at,
            updated_at: draft.updated_at.unwrap_or(now),
            meta_data,
            addresses: addresses.collect(),
        }
    }

    /// What is stored.
    pub(super) fn of_rows(row: customer::Model, addresses: Vec<customer_address::Model>) -> Self {
        let addresses = addresses.into_iter().map(|row| (row.uuid, address::AddressDraft::from(row)));
        Self {
            uuid: row.uuid,
            status: row.status,
            group_id: row.group_id,
            full_name: row.full_name,
            email: row.email,
            search_text: row.search_text,
            email_verified_at: row.email_verified_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            meta_data: row.meta_data,
            addresses: addresses.collect(),
        }
    }

    /// Whether all that the line says is so. When it was last changed is not compared, nor is the password.
    pub(super) fn agrees(&self, draft: &CustomerDraft, wanted: &Self) -> bool {
        fn said<T: PartialEq>(said: Option<&T>, stored: &T) -> bool {
            said.is_none_or(|said| said == stored)
        }
        let meta_data = match (&draft.meta_data, &draft.metafields) {
            (None, None) => true,
            // Set alone, they leave the rest as it is.
            (None, Some(given)) => given.iter().all(|(namespace, fields)| {
                let value = |json: &Json, key: &String| json.get(namespace)?.get(key).cloned();
                let mut keys = fields.as_object().into_iter().flat_map(|fields| fields.keys());
                keys.all(|key| value(&wanted.meta_data, key) == value(&self.meta_data, key))
            }),
            (Some(_), _) => self.meta_data == wanted.meta_data,
        };
        let addresses = draft.addresses.as_ref().is_none_or(|given| {
            given.len() == self.addresses.len()
                && given
                    .iter()
                    .zip(&self.addresses)
                    .all(|(given, (uuid, stored))| said(given.uuid.as_ref(), uuid) && given.draft == *stored)
        });
        meta_data
            && addresses
            && self.full_name == draft.full_name
            && self.email == draft.email
            && said(draft.uuid.as_ref(), &self.uuid)
            && said(draft.status.as_ref(), &self.status)
            && (draft.group.is_none() || self.group_id == wanted.group_id)
            && said(draft.created_at.as_ref(), &self.created_at)
            && draft.email_verified_at.is_none_or(|time| self.email_verified_at == Some(time))
    }

    /// The same for two lines that say the same.
    pub(super) fn fingerprint(&self, draft: &CustomerDraft) -> u64 {
        let mut hasher = DefaultHasher::new();
        let Self { status, group_id, full_name, email, email_verified_at, meta_data, .. } = self;
        let said = (draft.uuid, draft.created_at, &draft.addresses);
        format!(
            "{} {group_id:?} {full_name:?} {email:?} {email_verified_at:?} {meta_data} {said:?}",
            status.number()
        )
        .hash(&mut hasher);
        hasher.finish()
    }

    /// The row of a new customer.
    pub(super) fn row(&self, password: PasswordHash) -> customer::ActiveModel {
        let mut row = customer::ActiveModel {
            uuid: Set(self.uuid),
            status: Set(self.status),
            group_id: Set(self.group_id),
            search_text: Set(self.search_text.clone()),
            email: Set(self.email.clone()),
            password: Set(password),
            full_name: Set(self.full_name.clone()),
            created_at: Set(self.created_at),
            updated_at: Set(self.updated_at),
            meta_data: Set(self.meta_data.clone()),
            version: Set(1),
            token_generation: Set(0),
            event_sequence: Set(0),
            email_verified_at: Set(self.email_verified_at),
            pending_email: Set(None),
            ..Default::default()
        };
        row.derive_keys();
        row
    }

    /// The rows of a new customer's addresses.
    pub(super) fn address_rows(
        &self,
        customer_id: i32,
    ) -> impl Iterator<Item = customer_address::ActiveModel> {
        self.addresses.iter().map(move |(uuid, draft)| {
            let mut row = customer_address::ActiveModel {
                uuid: Set(*uuid),
                customer_id: Set(customer_id),
                created_at: Set(self.created_at),
                updated_at: Set(self.updated_at),
                version: Set(1),
                ..Default::default()
            };
            draft.clone().fill(&mut row);
            row
        })
    }
}
