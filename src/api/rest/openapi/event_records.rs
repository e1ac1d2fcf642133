//! Schemas of the other records in events: custom fields, admins, webhook endpoints, sessions and identifiers.

use serde_json::Value;
use utoipa::ToSchema;

use super::field::{SubField, Validation};

/// The definition of a custom field in an event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::journal` records")]
pub(super) struct DefinitionSnapshot {
    #[schema(format = "uuid", example = "d1f4b2a0-8c33-4f5e-9d57-0a6e2b9c7f18")]
    uuid: String,
    #[schema(example = "custom")]
    namespace: String,
    #[schema(example = "tier")]
    key: String,
    #[schema(example = "Tier")]
    name: String,
    description: Option<String>,
    /// Type of the values.
    #[serde(rename = "type")]
    #[schema(example = "short_text")]
    field_type: String,
    #[schema(example = false)]
    is_list: bool,
    #[schema(example = false)]
    required: bool,
    /// Whether the customer can see and set the field.
    #[schema(example = true)]
    visible_to_customer: bool,
    /// Rules for the values.
    #[schema(value_type = Vec<Validation>, example = json!([{"type": "choices", "values": ["gold", "silver"]}]))]
    validations: Value,
    /// The fields of a group.
    #[schema(value_type = Vec<SubField>, example = json!([]))]
    sub_fields: Value,
    #[schema(example = 1)]
    position: i32,
    #[schema(format = "date-time", example = "2026-11-24T01:01:20.006Z")]
    updated_at: String,
}

/// An admin in an event. It never contains a password, a hash or a secret.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::journal` records")]
pub(super) struct AdminSnapshot {
    #[schema(format = "uuid", example = "7a1f6c1e-3c1a-4c57-8a4b-5a0f2f0d3c11")]
    uuid: String,
    /// Whether the admin can log in.
    #[schema(example = true)]
    status: bool,
    #[schema(format = "idn-email", example = "admin@example.com")]
    email: String,
    #[schema(example = "Ada Admin")]
    full_name: String,
    #[schema(format = "date-time", example = "2026-11-24T01:01:20.006Z")]
    updated_at: String,
}

/// A webhook endpoint in an event. It never contains the secret.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::journal` records")]
pub(super) struct EndpointSnapshot {
    #[schema(format = "uuid", example = "5d0d0c7e-0f6b-4b7a-9a58-1d1a9a9f7c22")]
    uuid: String,
    #[schema(format = "uri", example = "https://hooks.example.com/patron")]
    url: String,
    #[schema(example = "Mailing list")]
    description: String,
    /// The selected events.
    #[schema(value_type = Vec<String>, example = json!(["customer.*"]))]
    events: Value,
    #[schema(example = true)]
    enabled: bool,
    #[schema(format = "date-time", example = "2026-11-24T01:01:20.006Z")]
    updated_at: String,
}

/// A session that began or was confirmed, or sessions that ended.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::session` records")]
pub(super) struct SessionSnapshot {
    /// Identifier of the session; absent if all sessions ended.
    #[schema(format = "uuid", example = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", nullable = false)]
    session: Option<String>,
    /// Number of ended sessions.
    #[schema(example = 1, nullable = false)]
    count: Option<i64>,
    /// Public identifier of the admin, in events of admins.
    #[schema(format = "uuid", example = "7a1f6c1e-3c1a-4c57-8a4b-5a0f2f0d3c11", nullable = false)]
    admin: Option<String>,
}

/// The admin whose second factor was changed or used.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::second_factor` records")]
pub(super) struct AdminIdentifier {
    #[schema(format = "uuid", example = "7a1f6c1e-3c1a-4c57-8a4b-5a0f2f0d3c11")]
    admin: String,
}

/// The identifier of a deleted record, of a saved view, of a tested webhook endpoint, or of the customer whose password was
/// changed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::journal` records")]
pub(super) struct RecordIdentifier {
    #[schema(format = "uuid", example = "433ba97f-8be7-4be9-be3f-a9f341f2b89f")]
    uuid: String,
    /// Only of a deleted customer.
    #[schema(example = 1, nullable = false)]
    customer_id: Option<i32>,
}

/// A link that an admin had mailed to a customer, or a failed mail that an admin had sent again.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::mail` records")]
pub(super) struct RequestedMail {
    /// Public identifier of the customer; of the mail if it was sent again.
    #[schema(format = "uuid", example = "4db982eb-0037-45a2-bea4-1a4c3d4a2df9")]
    uuid: String,
    /// The kind of the mail.
    #[schema(example = "reset_password")]
    kind: String,
}

/// What an admin downloaded: the data of one customer, or customers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `service::export` records")]
pub(super) struct ExportedData {
    /// Public identifier of the customer whose data was downloaded.
    #[schema(format = "uuid", example = "4db982eb-0037-45a2-bea4-1a4c3d4a2df9", nullable = false)]
    uuid: Option<String>,
    /// Whether a filter selected the customers.
    #[schema(example = true, nullable = false)]
    filtered: Option<bool>,
}
