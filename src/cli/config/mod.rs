//! `patron config`: shows the values of the settings, checks them, and prints a settings file.

mod check;
mod example;
mod show;
mod unknown_variables;

use clap::{Args, Subcommand};

use super::exit::{CommandFailure, print};
use super::list_format::ListOptions;
use crate::config::Flags;

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
