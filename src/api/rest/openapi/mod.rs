//! The OpenAPI document: its general part with the guides, schemas without a Rust type, the headers of all operations, and
//! webhooks.

mod body;
mod completion;
mod event;
mod event_records;
mod field;
mod guides;
mod headers;
mod parameters;
mod values;
mod webhooks;

use utoipa::ToSchema;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, License, OpenApi, OpenApiBuilder, Tag};

use crate::http::FailureEnvelope;
use guides::GUIDES;

pub(in crate::api::rest) use body::{components_of, schema_of};
pub use completion::complete;

pub(super) use field::{FieldType, OwnerType, SubField, Validation, ValuesByName};
pub(super) use values::{EntityTag, MailKind, MailStatus, PathUuid};

/// The document without its routes.
pub(super) fn base() -> OpenApi {
    let mut info = Info::new("patron", env!("CARGO_PKG_VERSION"));
    info.description = Some(GUIDES.to_owned());
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    info.license = Some(license);
    let bearer = |description: &str| {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".to_owned());
        scheme.description = Some(description.to_owned());
        SecurityScheme::Http(scheme)
    };
    // Responses reference the envelope by name, so its schemas are added here.
    let mut failures = Vec::new();
    FailureEnvelope::schemas(&mut failures);
    OpenApiBuilder::new()
        .info(info)
        .components(Some(
            ComponentsBuilder::new()
                .schema_from::<FailureEnvelope>()
                .schemas_from_iter(failures)
                .schemas_from_iter(webhooks::schemas())
                .security_scheme("admin", bearer("Access token of an admin, from POST /api/user/tokens."))
                .security_scheme(
                    "customer",
                    bearer("Access token of a customer, from POST /api/customer/tokens."),
                )
                .build(),
        ))
        .tags(Some(tags()))
        .build()
}

/// The groups of operations, in the order of the reference.
fn tags() -> Vec<Tag> {
    let tag = |name: &str, description: &str| {
        let mut tag = Tag::new(name);
        tag.description = Some(description.to_owned());
        tag.extensions = Some(Extensions::from_iter([("x-displayName", display_name(name))]));
        tag
    };
    vec![
        tag("customers", "Register, change and delete customers."),
        tag("account", "A customer's own account."),
        tag("addresses", "Postal addresses of customers."),
        tag("customer groups", "Groups of customers."),
        tag("custom fields", "Definitions and values of custom fields of customers."),
        tag("saved views", "Named filters of the list of customers; each admin has its own."),
        tag("webhooks", "Endpoints that receive events. The delivery log is available over GraphQL."),
        tag(webhooks::TAG, "The requests that webhook endpoints receive."),
        tag("mails", "Mails to customers and admins. The list is available over GraphQL."),
        tag("admins", "Admins, their passwords and their second factors."),
        tag("tokens", "Login, token refresh, logout and sessions."),
        tag("health", "Health checks and metrics, for supervisors, load balancers and Prometheus."),
        tag("documents", "The OpenAPI document."),
    ]
}

/// The name of a tag in the side bar of the reference.
fn display_name(tag: &str) -> String {
    match tag {
        "account" => "My account".to_owned(),
        "tokens" => "Login and sessions".to_owned(),
        "health" => "Health and metrics".to_owned(),
        "documents" => "This document".to_owned(),
        _ => {
            let (first, rest) = tag.split_at(1);
            first.to_uppercase() + rest
        }
    }
}
