//! The columns of customers and their addresses.

use chrono::{DateTime, Utc};
use sea_orm::prelude::Json;
use serde::Deserialize;
use uuid::Uuid;

use super::stored::stored_email;
use crate::entity::{customer, customer_address};
use crate::error::Result;
use crate::types::{CustomerStatus, PasswordHash};

#[derive(Deserialize)]
pub(super) struct CustomerColumns {
    customer_id: i32,
    uuid: Uuid,
    status: i16,
    group_id: Option<i32>,
    email: String,
    pending_email: Option<String>,
    email_verified_at: Option<DateTime<Utc>>,
    full_name: String,
    /// Missing if it did not change.
    #[serde(default)]
    meta_data: Json,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i32,
}

#[derive(Deserialize)]
pub(super) struct AddressColumns {
    customer_address_id: i32,
    uuid: Uuid,
    customer_id: i32,
    full_name: Option<String>,
    telephone: Option<String>,
    address_1: Option<String>,
    address_2: Option<String>,
    postcode: Option<String>,
    city: Option<String>,
    province: Option<String>,
    country: String,
    is_default: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i32,
}

/// The row with these columns; the journal needs no others.
pub(super) fn customer_row(columns: CustomerColumns) -> Result<customer::Model> {
    let is_enabled = columns.status == 1;
    Ok(customer::Model {
        customer_id: columns.customer_id,
        uuid: columns.uuid,
        status: if is_enabled { CustomerStatus::Enabled } else { CustomerStatus::DISABLED },
        group_id: columns.group_id,
        email: stored_email(columns.email)?,
        password: PasswordHash::new(String::new()),
        full_name: columns.full_name,
        created_at: columns.created_at,
        updated_at: columns.updated_at,
        meta_data: columns.meta_data,
        version: columns.version,
        token_generation: 0,
        email_verified_at: columns.email_verified_at,
        pending_email: columns.pending_email.map(stored_email).transpose()?,
        event_sequence: 0,
        email_key: None,
        email_unicode: None,
        search_text: String::new(),
        metafields_indexed: false,
        last_sign_in_at: None,
        tokens_valid_from: None,
    })
}

/// The row with these columns; the journal needs no others.
pub(super) fn address_row(columns: AddressColumns) -> customer_address::Model {
    customer_address::Model {
        customer_address_id: columns.customer_address_id,
        uuid: columns.uuid,
        customer_id: columns.customer_id,
        full_name: columns.full_name,
        telephone: columns.telephone,
        address_1: columns.address_1,
        address_2: columns.address_2,
        postcode: columns.postcode,
        city: columns.city,
        province: columns.province,
        country: columns.country,
        is_default: columns.is_default,
        created_at: columns.created_at,
        updated_at: columns.updated_at,
        version: columns.version,
        country_key: None,
        province_key: None,
        city_key: None,
        postcode_key: None,
        telephone_key: None,
    }
}
