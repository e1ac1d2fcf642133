//! Links in responses to related pages and operations.

use serde::Serialize;
use utoipa::ToSchema;

/// A link to a related page or operation.
#[derive(Serialize, ToSchema)]
pub(super) struct Link {
    /// The link relation.
    #[schema(example = "edit")]
    rel: &'static str,
    /// The URL on this server.
    #[schema(example = "/api/customers/me/addresses/0b5a3c3e-6d0c-4f0b-9a53-5b8f6f6a2c11")]
    href: String,
    /// The HTTP method.
    #[schema(example = "PATCH")]
    action: &'static str,
    /// The media types of the response.
    #[schema(example = json!(["application/json"]))]
    types: [&'static str; 1],
}

impl Link {
    /// A link to a page of the back office.
    pub(super) fn page(rel: &'static str, href: impl Into<String>) -> Self {
        Self { rel, href: href.into(), action: "GET", types: ["text/xml"] }
    }

    /// A link to change the resource itself.
    pub(super) fn own(url: &str) -> Self {
        Self { rel: "self", href: url.to_owned(), action: "PATCH", types: ["application/json"] }
    }

    /// Links to change and to delete the resource at this URL.
    pub(super) fn edit_and_delete(url: &str) -> [Self; 2] {
        let link = |rel, action| Self { rel, href: url.to_owned(), action, types: ["application/json"] };
        [link("edit", "PATCH"), link("delete", "DELETE")]
    }
}
