//! The OpenAPI document: its general part, schemas without a Rust type, and the headers of all operations.

mod body;
mod completion;
mod field;
mod headers;
mod parameters;
mod values;

use utoipa::ToSchema;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, License, OpenApi, OpenApiBuilder, Tag};

use crate::http::FailureEnvelope;

pub(in crate::api::rest) use body::{components_of, schema_of};
pub use completion::complete;

pub(super) use field::{FieldType, OwnerType, SubField, Validation, ValuesByName};
pub(super) use values::{EntityTag, MailKind, MailStatus, PathUuid};

/// The document without its routes.
pub(super) fn base() -> OpenApi {
    let mut info = Info::new("patron", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Changes customer accounts. To read them, use the GraphQL API: `/api/graphql`, `/api/admin/graphql`.\n\n\
         A successful response is `{\"data\": …}`, a failure `{\"error\": …}`. Timestamps are in UTC with milliseconds. \
         Unknown properties, and properties that the caller may not set, are ignored. An unknown URL is 404; a method that \
         a URL does not support is 405 with `Allow`. Every response has an `X-Request-Id`."
            .to_owned(),
    );
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    info.license = Some(license);
    let bearer = |description: &str| {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".to_owned());
        scheme.description = Some(description.to_owned());
        SecurityScheme::Http(scheme)
    };
    let tag = |name: &str, description: &str| {
        let mut tag = Tag::new(name);
        tag.description = Some(description.to_owned());
        tag
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
                .security_scheme("admin", bearer("Access token of an admin, from POST /api/user/tokens."))
                .security_scheme(
                    "customer",
                    bearer("Access token of a customer, from POST /api/customer/tokens."),
                )
                .build(),
        ))
        .tags(Some([
            tag("customers", "Register, change and delete customers."),
            tag("account", "A customer's own account."),
            tag("addresses", "Postal addresses of customers."),
            tag("customer groups", "Groups of customers."),
            tag("custom fields", "Definitions and values of custom fields of customers."),
            tag("webhooks", "Endpoints that receive events. The delivery log is available over GraphQL."),
            tag("tokens", "Login, token refresh, logout and sessions."),
            tag("health", "Health checks and metrics, for supervisors, load balancers and Prometheus."),
            tag("documents", "The OpenAPI document."),
        ]))
        .build()
}
