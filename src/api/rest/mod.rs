//! The REST API: all changes, and the data export. Other reads use the GraphQL API.
//!
//! A handler extracts its input, calls one service and builds a view of the outcome. Each handler names its full path,
//! so that a search for a URL finds its code. Its name is the operation id in `docs/openapi.json`.

mod address;
mod customer;
mod documented_failures;
mod export;
mod group;
mod link;
mod metafield;
pub mod openapi;
mod password;
mod profile;
mod response;
mod session;
mod token;
mod verification;
mod webhook;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// All routes of the REST API.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(customer::create_customer))
        .routes(routes!(customer::update_customer, customer::delete_customer))
        .routes(routes!(profile::update_me, profile::delete_me))
        .routes(routes!(password::change_my_password))
        .routes(routes!(password::request_password_reset))
        .routes(routes!(password::reset_password))
        .routes(routes!(verification::verify_email))
        .routes(routes!(verification::send_my_verification))
        .routes(routes!(export::export_me))
        .routes(routes!(address::create_customer_address))
        .routes(routes!(address::update_customer_address, address::delete_customer_address))
        .routes(routes!(address::create_my_address))
        .routes(routes!(address::update_my_address, address::delete_my_address))
        .routes(routes!(group::create_customer_group))
        .routes(routes!(group::update_customer_group, group::delete_customer_group))
        .routes(routes!(metafield::create_metafield_definition))
        .routes(routes!(metafield::update_metafield_definition, metafield::delete_metafield_definition))
        .routes(routes!(metafield::update_customer_metafields))
        .routes(routes!(metafield::update_my_metafields))
        .routes(routes!(webhook::create_webhook_endpoint))
        .routes(routes!(webhook::update_webhook_endpoint, webhook::delete_webhook_endpoint))
        .routes(routes!(webhook::rotate_webhook_secret))
        .routes(routes!(webhook::replay_webhook_endpoint))
        .routes(routes!(webhook::replay_webhook_delivery))
        .routes(routes!(token::create_admin_tokens))
        .routes(routes!(token::refresh_admin_tokens))
        .routes(routes!(token::revoke_admin_token))
        .routes(routes!(token::create_customer_tokens))
        .routes(routes!(token::refresh_customer_tokens))
        .routes(routes!(token::revoke_customer_token))
        .routes(routes!(session::delete_my_sessions))
        .routes(routes!(session::delete_my_session))
}
