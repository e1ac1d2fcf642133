//! The change of an existing customer by a line: only the fields that the line has, with the rules and the consequences of a
//! change over REST.

use chrono::SubsecRound;
use sea_orm::ActiveValue::{self, Set};
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel};
use uuid::Uuid;

use super::existing_records::StoredCustomer;
use super::fields::problems_of;
use super::new_password::NewPassword;
use super::prepare::Prepared;
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::customer::{ActiveModel, Model};
use crate::entity::metafield_definition::Model as Definition;
use crate::error::Problem;
use crate::service::account::save;
use crate::service::address::AddressPlan;

/// The change of a customer.
#[derive(Debug)]
pub(super) struct CustomerUpdate {
    current: Model,
    row: ActiveModel,
    addresses: AddressPlan,
    fields: Vec<String>,
}

impl CustomerUpdate {
    /// Compares a line with its customer.
    pub(super) fn new(
        stored: &StoredCustomer,
        prepared: &Prepared,
        definitions: &[Definition],
    ) -> Result<Self, Vec<Problem>> {
        let Prepared { draft, values, group_id, password, .. } = prepared;
        let current = stored.row.clone();
        let mut row = current.clone().into_active_model();
        let mut fields = Vec::new();
        set(&mut row.status, draft.status, "status", &mut fields);
        set(&mut row.group_id, group_id.map(Some), "group", &mut fields);
        set(&mut row.full_name, draft.full_name.clone(), "full_name", &mut fields);
        set(&mut row.email, draft.email.clone(), "email", &mut fields);
        if password.changes(&current.password)
            && let NewPassword::Hash(hash) | NewPassword::Compared { new: Some(hash), .. } = password
        {
            row.password = Set(hash.clone());
            fields.push("password".to_owned());
        }
        // An export has the time at which the stored address was verified. With another address in the file, the time is
        // still the same, so it is not set, and the new address is not verified.
        let verified = draft.times.email_verified_at.map(Some);
        set(&mut row.email_verified_at, verified, "email_verified_at", &mut fields);
        // A file has milliseconds. Other programs store microseconds.
        let created_at = draft.times.created_at.filter(|time| *time != current.created_at.trunc_subsecs(3));
        set(&mut row.created_at, created_at, "created_at", &mut fields);
        if draft.meta_data.is_some() || draft.metafields.is_some() {
            let merged = values.merged(draft.meta_data.as_ref(), &current.meta_data, definitions);
            set(&mut row.meta_data, Some(merged.map_err(problems_of)?), "meta_data", &mut fields);
        }
        let full_name = draft.full_name.as_deref().unwrap_or(&current.full_name);
        let given = draft.addresses.as_deref().unwrap_or_default();
        let addresses = AddressPlan::new(&stored.addresses, given, full_name)?;
        fields.extend(addresses.fields().iter().cloned());
        Ok(Self { current, row, addresses, fields })
    }

    /// The names of the changed fields.
    pub(super) fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The key of the new e-mail address, if it is another mailbox.
    pub(super) fn new_email_key(&self) -> Option<String> {
        match &self.row.email {
            Set(email) => Some(email.key()).filter(|key| *key != self.current.email.key()),
            ActiveValue::Unchanged(_) | ActiveValue::NotSet => None,
        }
    }

    /// The uuids of new addresses that the line gives, with the names of their fields.
    pub(super) fn new_uuids(&self) -> impl Iterator<Item = (String, Uuid)> {
        self.addresses.new_uuids()
    }

    /// The primary key of the customer, if it is enabled and has no password after the change.
    pub(super) fn invited(&self) -> Option<i32> {
        let is_enabled = self.row.status.try_as_ref().is_some_and(|status| status.is_enabled());
        let has_password = self.current.password.is_set() || self.row.password.is_set();
        (is_enabled && !has_password).then_some(self.current.customer_id)
    }

    /// Writes the change. The customer is locked.
    pub(super) async fn write(&self, ctx: &Ctx, tx: &impl ConnectionTrait) -> TxResult<()> {
        if self.row.is_changed() {
            save(ctx, tx, self.current.clone(), self.row.clone(), None).await?;
        }
        self.addresses.write(ctx, tx, self.current.customer_id).await
    }
}

/// Sets a field to a value that the line has, and adds its name if it changes.
fn set<V>(field: &mut ActiveValue<V>, value: Option<V>, name: &str, fields: &mut Vec<String>)
where
    V: Into<sea_orm::Value> + PartialEq,
{
    let Some(value) = value else { return };
    field.set_if_not_equals(value);
    if field.is_set() {
        fields.push(name.to_owned());
    }
}
