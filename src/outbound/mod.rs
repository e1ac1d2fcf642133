//! Outgoing traffic: mail and webhooks.

pub mod mailer;
pub mod webhook_client;
