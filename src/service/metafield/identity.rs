//! What identifies a custom field: the kind of record that has it, its namespace and its key.

/// The only kind of record that has custom fields.
pub(crate) const OWNER_TYPE: &str = "customer";

/// The name of a custom field in messages.
pub(super) fn name_of(namespace: &str, key: &str) -> String {
    format!("\"{namespace}.{key}\"")
}
