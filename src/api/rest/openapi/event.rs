//! Schemas of events, as `service::webhook` sends them, and of the customers, addresses and groups in them.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

/// The body of a webhook.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::webhook` sends")]
pub(super) struct WebhookEvent {
    /// Name of the event.
    #[serde(rename = "type")]
    #[schema(example = "customer.updated")]
    event_type: String,
    /// Time of the change (RFC 3339).
    #[schema(format = "date-time", example = "2026-11-24T01:01:20.006Z")]
    timestamp: String,
    /// Identifier of the event: the value of `webhook-id`.
    #[schema(format = "uuid", example = "0d0f8a5e-54d5-4b0c-9f1c-6d0f8f6a7a11")]
    id: String,
    /// Version of the form of `data`.
    #[schema(example = 2)]
    version: i32,
    /// Public identifier of the customer; null for events that concern no customer.
    #[schema(format = "uuid", example = "4db982eb-0037-45a2-bea4-1a4c3d4a2df9")]
    customer: Option<String>,
    /// Counts the events of the customer from 1 without gaps; null without a customer.
    #[schema(example = 2)]
    sequence: Option<i64>,
    /// Names of the changed fields.
    #[schema(example = json!(["full_name"]))]
    fields: Vec<String>,
}

/// The data of an event whose customer was deleted before the event was sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::journal` records")]
pub(super) struct ErasedData {
    /// Always true.
    #[schema(example = true)]
    erased: bool,
}

/// A customer in an event. It never contains a password, a hash or a token.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::journal` records")]
pub(super) struct CustomerSnapshot {
    #[schema(example = 1)]
    customer_id: i32,
    #[schema(format = "uuid", example = "4db982eb-0037-45a2-bea4-1a4c3d4a2df9")]
    uuid: String,
    /// 1: enabled, 0: disabled.
    #[schema(example = 1)]
    status: i32,
    #[schema(example = 1)]
    group_id: Option<i32>,
    #[schema(format = "idn-email", example = "john.smith@example.com")]
    email: String,
    /// A new address that is not verified yet.
    pending_email: Option<String>,
    #[schema(format = "date-time", example = "2026-11-24T01:01:20.006Z")]
    email_verified_at: Option<String>,
    #[schema(example = "John A. Smith")]
    full_name: String,
    /// Custom fields by namespace and key. In `customer.updated` only if they changed: the changed fields, with null for
    /// a removed one.
    #[schema(example = json!({"custom": {"tier": "gold"}}))]
    meta_data: Option<BTreeMap<String, Value>>,
    #[schema(format = "date-time", example = "2026-11-24T01:01:19.877Z")]
    created_at: String,
    #[schema(format = "date-time", example = "2026-11-24T01:01:20.006Z")]
    updated_at: String,
    #[schema(example = 2)]
    version: i32,
}

/// An address in an event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::journal` records")]
pub(super) struct AddressSnapshot {
    #[schema(example = 1)]
    customer_address_id: i32,
    #[schema(format = "uuid", example = "1f0c6a52-8f0d-4e25-9a43-0c1f3f0f5f5e")]
    uuid: String,
    #[schema(example = 1)]
    customer_id: i32,
    #[schema(example = "John Smith")]
    full_name: Option<String>,
    #[schema(example = "+1 415 555 0100")]
    telephone: Option<String>,
    #[schema(example = "1 Market Street")]
    address_1: Option<String>,
    address_2: Option<String>,
    #[schema(example = "94103")]
    postcode: Option<String>,
    #[schema(example = "San Francisco")]
    city: Option<String>,
    #[schema(example = "US-CA")]
    province: Option<String>,
    #[schema(example = "US")]
    country: String,
    #[schema(example = true)]
    is_default: bool,
    #[schema(format = "date-time", example = "2026-11-24T01:01:19.877Z")]
    created_at: String,
    #[schema(format = "date-time", example = "2026-11-24T01:01:20.006Z")]
    updated_at: String,
    #[schema(example = 1)]
    version: i32,
}

/// A customer group in an event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::journal` records")]
pub(super) struct GroupSnapshot {
    #[schema(example = 2)]
    customer_group_id: i32,
    #[schema(format = "uuid", example = "433ba97f-8be7-4be9-be3f-a9f341f2b89f")]
    uuid: String,
    #[schema(example = "VIP")]
    group_name: String,
    #[schema(format = "date-time", example = "2026-11-24T01:01:19.877Z")]
    created_at: String,
    #[schema(format = "date-time", example = "2026-11-24T01:01:20.006Z")]
    updated_at: String,
}
