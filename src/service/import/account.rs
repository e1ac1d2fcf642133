//! A customer with its addresses, built either from a line of the file or from the database.
//!
//! Both have the same form, so that a line can be compared with the stored customer.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Json;
use uuid::Uuid;

use super::addresses::ImportedAddress;
use super::draft::{CustomerDraft, NewCustomer};
use super::times::Times;
use crate::app::ctx::Ctx;
use crate::entity::{customer, customer_address};
use crate::service::account::search_text_of;
use crate::service::address;
use crate::types::{CustomerStatus, EmailAddress, PasswordHash};

/// A customer with its addresses, the default first.
#[derive(Clone, Debug)]
pub(super) struct ImportedAccount {
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

impl ImportedAccount {
    /// Builds the account of a new customer. A field that the draft omits gets its default.
    pub(super) fn from_draft(
        ctx: &Ctx,
        draft: &CustomerDraft,
        new: &NewCustomer,
        group_id: i32,
        meta_data: Json,
    ) -> Self {
        let now = ctx.app.clock.now();
        let new_uuid = || ctx.app.random.uuid_of(now);
        let addresses = new.addresses.as_deref().unwrap_or_default().iter();
        let addresses =
            addresses.map(|ImportedAddress { uuid, draft }| (uuid.unwrap_or_else(new_uuid), draft.clone()));
        let addresses: Vec<_> = addresses.collect();
        let searched = addresses.iter().map(|(_, draft)| draft.texts());
        let Times { created_at, updated_at, email_verified_at } = draft.times;
        Self {
            uuid: draft.uuid.unwrap_or_else(new_uuid),
            status: draft.status.unwrap_or(CustomerStatus::Enabled),
            group_id: Some(group_id),
            full_name: new.full_name.clone(),
            email: new.email.clone(),
            search_text: search_text_of(&new.full_name, &new.email, searched),
            email_verified_at,
            created_at: created_at.or(updated_at).unwrap_or(now),
            updated_at: updated_at.unwrap_or(now),
            meta_data,
            addresses,
        }
    }

    /// Builds the account from database rows.
    pub(super) fn from_rows(row: customer::Model, addresses: Vec<customer_address::Model>) -> Self {
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

    /// Whether this stored account has every value that the line contains. `updated_at` and the password are not
    /// compared. `imported` is the account that the line would create.
    pub(super) fn matches(&self, draft: &CustomerDraft, imported: &Self) -> bool {
        fn absent_or_equal<T: PartialEq>(value: Option<&T>, stored: &T) -> bool {
            value.is_none_or(|value| value == stored)
        }
        let meta_data = match (&draft.meta_data, &draft.metafields) {
            (None, None) => true,
            // Custom fields without `meta_data` leave other stored data as it is.
            (None, Some(metafields)) => metafields.iter().all(|(namespace, fields)| {
                let value = |json: &Json, key: &String| json.get(namespace)?.get(key).cloned();
                let mut keys = fields.as_object().into_iter().flat_map(|fields| fields.keys());
                keys.all(|key| value(&imported.meta_data, key) == value(&self.meta_data, key))
            }),
            (Some(_), _) => self.meta_data == imported.meta_data,
        };
        let given_addresses = draft.new.as_ref().and_then(|new| new.addresses.as_ref());
        let addresses = given_addresses.is_none_or(|addresses| {
            addresses.len() == self.addresses.len()
                && addresses.iter().zip(&self.addresses).all(|(address, (uuid, stored))| {
                    absent_or_equal(address.uuid.as_ref(), uuid) && address.draft == *stored
                })
        });
        meta_data
            && addresses
            && self.full_name == imported.full_name
            && self.email == imported.email
            && absent_or_equal(draft.uuid.as_ref(), &self.uuid)
            && absent_or_equal(draft.status.as_ref(), &self.status)
            && (draft.group.is_none() || self.group_id == imported.group_id)
            && absent_or_equal(draft.times.created_at.as_ref(), &self.created_at.trunc_subsecs(3))
            && draft.times.email_verified_at.is_none_or(|time| self.email_verified_at == Some(time))
    }

    /// The key of the e-mail address.
    pub(super) fn email_key(&self) -> String {
        self.email.key()
    }

    /// Whether the customer may log in.
    pub(super) fn is_enabled(&self) -> bool {
        self.status.is_enabled()
    }

    /// A hash that is equal for two lines with equal data.
    pub(super) fn fingerprint(&self, draft: &CustomerDraft) -> u64 {
        let mut hasher = DefaultHasher::new();
        let Self { status, group_id, full_name, email, email_verified_at, meta_data, .. } = self;
        let addresses = draft.new.as_ref().map(|new| &new.addresses);
        let given = (draft.uuid, draft.times.created_at, addresses);
        format!(
            "{} {group_id:?} {full_name:?} {email:?} {email_verified_at:?} {meta_data} {given:?}",
            status.number()
        )
        .hash(&mut hasher);
        hasher.finish()
    }

    /// The database row of the new customer.
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
            metafields_indexed: Set(true),
            last_sign_in_at: Set(None),
            version: Set(1),
            token_generation: Set(0),
            tokens_valid_from: Set(None),
            event_sequence: Set(0),
            email_verified_at: Set(self.email_verified_at),
            pending_email: Set(None),
            ..Default::default()
        };
        row.derive_keys();
        row
    }

    /// The database rows of the new customer's addresses.
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
