//! `patron config check`: checks all settings that can be checked without the database and the network.

use crate::cli::exit::{CommandFailure, print};
use crate::config::{Config, Flags, unknown_variables};
use crate::outbound::mailer::Mailer;
use crate::outbound::webhook_client::WebhookClient;

/// Checks the settings as the start of the server does, with the templates of mails and the sender. Creates no files.
pub(super) fn run(flags: &Flags) -> Result<(), CommandFailure> {
    let config = Config::load(flags)?;
    Mailer::new(&config.mail, &config.shop)?;
    WebhookClient::new(&config.webhooks)?;
    for (name, nearest) in unknown_variables() {
        let suggestion = nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default();
        eprintln!("patron: warning: {name} is set, but is not a setting of patron{suggestion}");
    }
    print("the settings are valid\n")
}
