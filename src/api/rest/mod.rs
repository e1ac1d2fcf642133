//! The REST API: all changes, and the data export. Other reads use the GraphQL API.
//!
//! A handler extracts its input, calls one service and builds a view of the outcome. Each handler names its full path,
//! so that a search for a URL finds its code. Its name is the operation id in `docs/openapi.json`.

mod address;
mod admin;
mod bulk;
mod customer;
mod customer_action;
mod customer_export;
mod documented_failures;
mod export;
mod group;
mod link;
mod mail;
mod metafield;
pub mod openapi;
mod own_admin;
mod password;
mod profile;
mod response;
mod saved_view;
mod session;
mod shop;
mod token;
mod verification;
mod webhook;

use std::sync::Arc;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// The routes of the front door, if patron is one.
pub(crate) fn shop_routes(app: &Arc<App>) -> Router {
    shop::routes(app).with_state(Arc::clone(app))
}

/// All routes of the REST API.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(customer::create_customer))
        .routes(routes!(customer::update_customer, customer::delete_customer))
        .routes(routes!(bulk::change_customers))
        .routes(routes!(customer_export::export_customers))
        .routes(routes!(export::export_customer))
        .routes(routes!(customer_action::delete_customer_sessions))
        .routes(routes!(customer_action::delete_customer_session))
        .routes(routes!(customer_action::send_customer_verification))
        .routes(routes!(customer_action::send_customer_password_reset))
        .routes(routes!(saved_view::create_saved_view))
        .routes(routes!(saved_view::update_saved_view, saved_view::delete_saved_view))
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
        .routes(routes!(webhook::test_webhook_endpoint))
        .routes(routes!(mail::retry_mail))
        .routes(routes!(token::create_admin_tokens))
        .routes(routes!(token::refresh_admin_tokens))
        .routes(routes!(token::revoke_admin_token))
        .routes(routes!(token::create_customer_tokens))
        .routes(routes!(token::refresh_customer_tokens))
        .routes(routes!(token::revoke_customer_token))
        .routes(routes!(own_admin::change_my_admin_password))
        .routes(routes!(own_admin::create_second_factor, own_admin::delete_second_factor))
        .routes(routes!(own_admin::confirm_second_factor))
        .routes(routes!(own_admin::create_recovery_codes))
        .routes(routes!(own_admin::step_up))
        .routes(routes!(admin::create_admin))
        .routes(routes!(admin::update_admin))
        .routes(routes!(admin::delete_admin_second_factor))
        .routes(routes!(session::delete_my_sessions))
        .routes(routes!(session::delete_my_session))
}
