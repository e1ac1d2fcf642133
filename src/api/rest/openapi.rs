//! The OpenAPI document: its frame, schemas that no Rust type has, and what is true of all operations.

mod completion;
mod field;
mod headers;
mod parameters;
mod values;

use utoipa::ToSchema;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, License, OpenApi, OpenApiBuilder, Tag};

use crate::http::FailureEnvelope;

pub use completion::complete;

pub(super) use field::{FieldType, NewSubField, OwnerType, SubField, Validation, ValuesByName};
pub(super) use values::{EntityTag, FlagInput, GroupIdInput, MailKind, MailStatus, PathId, StatusInput};

/// The document without its routes.
pub(super) fn base() -> OpenApi {
    let mut info = Info::new("patron", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Changes customer accounts. They are read over GraphQL: `/api/graphql`, `/api/admin/graphql`.\n\n\
         Success is `{\"data\": …}`, failure `{\"error\": …}`. Times are UTC with milliseconds. Unknown properties, \
         and those that the caller may not set, are ignored. A URL that doesn't exist is 404; a method that a URL \
         doesn't know is 405, with `Allow`. Every answer has an `X-Request-Id`."
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
    // Responses refer to it by its name only.
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
            tag("customers", "Register, change, delete."),
            tag("account", "What a customer does with its own account."),
            tag("addresses", "Where customers have things sent."),
            tag("customer groups", "What customers are sorted into."),
            tag("custom fields", "What else is known of customers: definitions and values."),
            tag("webhooks", "Who is told of changes. What was told is read over GraphQL."),
            tag("tokens", "Log in, stay in."),
            tag("health", "For supervisors and load balancers."),
            tag("documents", "This document."),
        ]))
        .build()
}
