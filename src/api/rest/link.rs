//! What can be done next with what was answered.

use serde::Serialize;
use utoipa::ToSchema;

/// Something that can be done next.
#[derive(Serialize, ToSchema)]
pub(super) struct Link {
    /// What it is.
    #[schema(example = "edit")]
    rel: &'static str,
    /// Its URL on this server.
    #[schema(example = "/api/customers/me/addresses/0b5a3c3e-6d0c-4f0b-9a53-5b8f6f6a2c11")]
    href: String,
    /// The HTTP method.
    #[schema(example = "PATCH")]
    action: &'static str,
    /// The media types it answers with.
    #[schema(example = json!(["application/json"]))]
    types: [&'static str; 1],
}

impl Link {
    /// A page of the back office.
    pub(super) fn page(rel: &'static str, href: impl Into<String>) -> Self {
        Self { rel, href: href.into(), action: "GET", types: ["text/xml"] }
    }

    /// How to change what is at this URL, which is where the caller is.
    pub(super) fn own(url: &str) -> Self {
        Self { rel: "self", href: url.to_owned(), action: "PATCH", types: ["application/json"] }
    }

    /// How to change and how to delete what is at this URL.
    pub(super) fn edit_and_delete(url: &str) -> [Self; 2] {
        let link = |rel, action| Self { rel, href: url.to_owned(), action, types: ["application/json"] };
        [link("edit", "PATCH"), link("delete", "DELETE")]
    }
}
