//! `patron config check`: checks all settings that can be checked without the database and the network.

use super::unknown_variables::warn_of_unknown_variables;
use crate::cli::exit::{CommandFailure, print};
use crate::config::{Config, Flags};
use crate::outbound::mailer::Mailer;
use crate::outbound::webhook_client::WebhookClient;

/// Checks the settings as the start of the server does, with the templates of mails and the sender. Creates no files.
pub(super) fn run(flags: &Flags) -> Result<(), CommandFailure> {
    let config = Config::load(flags)?;
    Mailer::new(&config.mail, &config.shop)?;
    WebhookClient::new(&config.webhooks)?;
    warn_of_unknown_variables();
    print("the settings are valid\n")
}
