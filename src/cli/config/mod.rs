//! `patron config`: shows the values of the settings, checks them, and prints a settings file.

mod check;
mod example;
mod show;

use clap::{Args, Subcommand};

use super::exit::{CommandFailure, print, print_error};
use super::list_format::ListOptions;
use crate::config::{Flags, unknown_variables};

/// The options of `patron config`.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: ListOptions,
}

/// The subcommands of `patron config`.
#[derive(Debug, Subcommand)]
enum Command {
    /// Check all settings, without the database; exit code 78 if one is not valid
    Check,
    /// Print a settings file in which every setting is explained and commented out
    Example,
}

/// Runs the command.
pub(super) fn run(flags: &Flags, options: &Options) -> Result<(), CommandFailure> {
    match options.command {
        None => show::run(flags, &options.list),
        Some(Command::Check) => check::run(flags),
        Some(Command::Example) => print(&example::example_file()),
    }
}

/// Warns of variables of the environment that look like settings but are not. They are not errors: other programs may use
/// them.
fn warn_of_unknown_variables() {
    for (name, nearest) in unknown_variables() {
        let suggestion = nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default();
        print_error(&format!("patron: warning: {name} is set, but is not a setting of patron{suggestion}"));
    }
}
