//! Everything that leaves the machine: mail and webhooks.

pub mod mailer;
pub mod webhook_client;
