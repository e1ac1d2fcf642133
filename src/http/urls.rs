//! The URLs of resources, as responses name them. They are relative to the server.

use uuid::Uuid;

use crate::service::account::Owner;

/// The caller's own account.
pub(crate) const ME: &str = "/api/customers/me";
/// The second factor of the calling admin.
pub(crate) const OWN_SECOND_FACTOR: &str = "/api/user/me/second-factor";
/// The page of the back office that lists customers.
pub(crate) const CUSTOMERS_PAGE: &str = "/admin/customers";

/// A customer.
pub(crate) fn customer(uuid: Uuid) -> String {
    format!("/api/customers/{uuid}")
}

/// The page of the back office that edits a customer.
pub(crate) fn customer_page(uuid: Uuid) -> String {
    format!("{CUSTOMERS_PAGE}/edit/{uuid}")
}

/// An address. The URL names the customer in the same way as the request.
pub(crate) fn address(owner: Owner, uuid: Uuid) -> String {
    let owner = if owner.is_caller() { ME.to_owned() } else { customer(owner.uuid()) };
    format!("{owner}/addresses/{uuid}")
}

/// A customer group.
pub(crate) fn customer_group(uuid: Uuid) -> String {
    format!("/api/customer-groups/{uuid}")
}

/// The definition of a custom field.
pub(crate) fn metafield_definition(uuid: Uuid) -> String {
    format!("/api/metafield-definitions/{uuid}")
}

/// An admin.
pub(crate) fn admin(uuid: Uuid) -> String {
    format!("/api/users/{uuid}")
}

/// A saved view.
pub(crate) fn saved_view(uuid: Uuid) -> String {
    format!("/api/views/{uuid}")
}

/// A webhook endpoint.
pub(crate) fn webhook_endpoint(uuid: Uuid) -> String {
    format!("/api/webhook-endpoints/{uuid}")
}
