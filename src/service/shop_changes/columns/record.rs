//! The columns of groups, admins and definitions of custom fields.

use chrono::{DateTime, Utc};
use sea_orm::prelude::Json;
use serde::Deserialize;
use uuid::Uuid;

use super::stored::{stored_email, unreadable};
use crate::entity::metafield_definition::FieldType;
use crate::entity::{admin_user, customer_group, metafield_definition};
use crate::error::Result;
use crate::types::PasswordHash;

#[derive(Deserialize)]
pub(super) struct GroupColumns {
    customer_group_id: i32,
    uuid: Uuid,
    group_name: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub(super) struct AdminColumns {
    admin_user_id: i32,
    uuid: Uuid,
    status: bool,
    email: String,
    full_name: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub(super) struct DefinitionColumns {
    metafield_definition_id: i32,
    uuid: Uuid,
    owner_type: String,
    namespace: String,
    field_key: String,
    name: String,
    description: Option<String>,
    field_type: String,
    is_list: bool,
    required: bool,
    visible_to_customer: bool,
    validations: Json,
    sub_fields: Json,
    position: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The row with these columns; the journal needs no others.
pub(super) fn group_row(columns: GroupColumns) -> customer_group::Model {
    customer_group::Model {
        customer_group_id: columns.customer_group_id,
        uuid: columns.uuid,
        group_name: columns.group_name,
        created_at: columns.created_at,
        updated_at: columns.updated_at,
        name_key: None,
    }
}

/// The row with these columns; the journal needs no others.
pub(super) fn admin_row(columns: AdminColumns) -> Result<admin_user::Model> {
    Ok(admin_user::Model {
        admin_user_id: columns.admin_user_id,
        uuid: columns.uuid,
        status: columns.status,
        email: stored_email(columns.email)?,
        password: PasswordHash::new(String::new()),
        full_name: columns.full_name,
        created_at: columns.created_at,
        updated_at: columns.updated_at,
        token_generation: 0,
        email_key: None,
        last_sign_in_at: None,
        tokens_valid_from: None,
    })
}

/// The row with these columns; the journal needs no others.
pub(super) fn definition_row(columns: DefinitionColumns) -> Result<metafield_definition::Model> {
    Ok(metafield_definition::Model {
        metafield_definition_id: columns.metafield_definition_id,
        uuid: columns.uuid,
        owner_type: columns.owner_type,
        namespace: columns.namespace,
        field_key: columns.field_key,
        name: columns.name,
        description: columns.description,
        field_type: FieldType::parse(&columns.field_type).ok_or_else(unreadable)?,
        is_list: columns.is_list,
        required: columns.required,
        visible_to_customer: columns.visible_to_customer,
        validations: columns.validations,
        sub_fields: columns.sub_fields,
        position: columns.position,
        created_at: columns.created_at,
        updated_at: columns.updated_at,
        deleted_at: None,
        cleaned_up_to: 0,
    })
}
