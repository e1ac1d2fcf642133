//! `patron keys`: rotates the generated keys. Keys that are set by settings are listed, and stay as they are.

use clap::Subcommand;

use super::exit::{CommandFailure, print};
use crate::clock::Clock;
use crate::config::{Config, Flags};
use crate::crypto::key_files::{RotateError, rotate};
use crate::random::Random;

/// The subcommands of `patron keys`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Replace the generated keys; existing tokens stay valid until they expire
    Rotate {
        /// Also invalidate all existing tokens, if a key has leaked: everyone has to log in again
        #[arg(long)]
        end_tokens: bool,
    },
}

/// Runs the command.
pub(super) fn run(flags: &Flags, command: &Command) -> Result<(), CommandFailure> {
    let Command::Rotate { end_tokens } = command;
    let config = Config::load(flags)?;
    super::build::start_telemetry(&config)?;
    let outcome = rotate(&config.tokens, &config.data_dir, &Random::System, &Clock::System, *end_tokens);
    let outcome = outcome.map_err(|error| match error {
        RotateError::TooSoon { .. } => CommandFailure::Refused(error.to_string()),
        RotateError::Io(error) => CommandFailure::Settings(vec![format!(
            "PATRON_DATA_DIR: the keys in `{}` can't be read or replaced: {error}",
            config.data_dir.join("keys").display()
        )]),
    })?;
    let mut text: String = outcome.keys.iter().map(|path| format!("rotated  {}\n", path.display())).collect();
    for variable in &outcome.set {
        text.push_str(&format!(
            "set      {variable}: change it where it is set, and keep the old one in {variable}_PREVIOUS\n"
        ));
    }
    if !outcome.keys.is_empty() {
        text.push_str("The server reads its keys only when it starts: restart it now.\n");
    }
    print(&text)?;
    if outcome.keys.is_empty() && outcome.set.is_empty() {
        let folder = config.data_dir.join("keys");
        return Err(CommandFailure::Refused(format!("there are no keys in {} yet", folder.display())));
    }
    Ok(())
}
