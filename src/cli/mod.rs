//! The commands. Each is one file; all of them go through the services.

mod admin;
mod build;
mod demo;
mod exit;
mod export;
mod format;
mod import;
mod keys;
mod mail;
mod migrate;
mod progress;
mod serve;
mod start;
mod webhook;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::api::graphql;
use crate::config::{Flags, SETTINGS};
use crate::{router, telemetry};

/// A gateway for customer accounts: REST changes them, GraphQL reads them.
#[derive(Debug, Parser)]
#[command(name = "patron", version, after_long_help = after_help(), args_conflicts_with_subcommands = false)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the playground (the default)
    Serve(serve::Options),
    /// Bring the database schema up to date, back, or tell how it is
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Print the GraphQL schema
    Schema,
    /// Print the OpenAPI document
    Openapi,
    /// Manage the admins
    #[command(subcommand)]
    Admin(admin::Command),
    /// Change the generated keys that tokens are signed with
    #[command(subcommand)]
    Keys(keys::Command),
    /// See what became of mails, and send them again
    #[command(subcommand)]
    Mail(mail::Command),
    /// See what became of webhooks, and send them again
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Import customers from a file (CSV, NDJSON)
    Import(import::Options),
    /// Export all customers to a file (CSV, NDJSON)
    Export(export::Options),
    /// Serve a throwaway database with 1 000 customers and an admin
    Demo,
}

fn after_help() -> String {
    let mut help = String::from(
        "Settings that are secret have no flag; set them in the environment or the settings file:\n",
    );
    for setting in SETTINGS.iter().filter(|setting| setting.secret) {
        help.push_str(&format!("  {:36} {}\n", setting.variable, setting.help));
    }
    help.push_str(
        "\nExit codes:\n  0   done\n  1   could not be done\n  2   the command line is wrong\n  \
         65  lines of a file were refused\n  69  the database can't be reached\n  70  a defect\n  78  a setting can't be used",
    );
    help
}

/// Parses the command line, runs the command, and says how it ended.
pub async fn run() -> ExitCode {
    let Cli { command, flags } = Cli::parse();
    let outcome = match command.unwrap_or_else(|| Command::Serve(serve::Options::default())) {
        Command::Serve(options) => serve::run(&flags, &options).await,
        Command::Migrate(command) => migrate::run(&flags, &command).await,
        Command::Schema => exit::print(&graphql::sdl()),
        Command::Openapi => exit::print(router::openapi()),
        Command::Admin(command) => admin::run(&flags, command).await,
        Command::Keys(command) => keys::run(&flags, &command),
        Command::Mail(command) => mail::run(&flags, command).await,
        Command::Webhook(command) => webhook::run(&flags, command).await,
        Command::Import(options) => import::run(&flags, options).await,
        Command::Export(options) => export::run(&flags, options).await,
        Command::Demo => demo::run(&flags).await,
    };
    telemetry::stop().await;
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
