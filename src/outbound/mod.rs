//! Outgoing traffic: mail and webhooks.

mod error_chain;
pub(crate) mod mailer;
mod ssrf;
pub(crate) mod webhook_client;
