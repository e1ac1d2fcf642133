//! Versions of resources that have no version column, for `If-Match`: groups, definitions of custom fields, webhook
//! endpoints, admins and saved views. Other programs change some of these tables, so a counter could miss a change.

use serde_json::{Value, json};

use crate::crypto::digest::sha256_hex;
use crate::entity::{admin_user, customer_group, metafield_definition, saved_view, webhook_endpoint};

/// The number of hexadecimal digits of a version. Versions are only compared with those of the same resource.
const DIGITS: usize = 16;

/// A resource whose version is computed from its content.
pub trait ContentVersion {
    /// What an admin can change with a PATCH, without secrets.
    fn content(&self) -> Value;

    /// The version. Equal contents have equal versions, on both databases.
    fn content_version(&self) -> String {
        let mut content = self.content();
        // PostgreSQL stores the names of JSON objects in another order than SQLite.
        content.sort_all_objects();
        let mut version = sha256_hex(&content.to_string());
        version.truncate(DIGITS);
        version
    }
}

impl ContentVersion for customer_group::Model {
    fn content(&self) -> Value {
        json!({"group_name": self.group_name})
    }
}

impl ContentVersion for metafield_definition::Model {
    fn content(&self) -> Value {
        json!({
            "name": self.name,
            "description": self.description,
            "required": self.required,
            "visible_to_customer": self.visible_to_customer,
            "validations": self.validations,
            "sub_fields": self.sub_fields,
            "position": self.position,
        })
    }
}

/// A rotation of the secret keeps the version: the previous secret stays valid, so no rotation is lost.
impl ContentVersion for webhook_endpoint::Model {
    fn content(&self) -> Value {
        json!({
            "url": self.url,
            "description": self.description,
            "events": self.events,
            "enabled": self.enabled,
        })
    }
}

impl ContentVersion for admin_user::Model {
    fn content(&self) -> Value {
        json!({"full_name": self.full_name, "status": self.status})
    }
}

impl ContentVersion for saved_view::Model {
    fn content(&self) -> Value {
        json!({"name": self.name, "query": self.query})
    }
}
