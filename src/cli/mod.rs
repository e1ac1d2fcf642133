//! The commands of the program, one file per command. Every command calls the services.
//!
//! A failed command prints its reason to standard error and ends with an exit code of sysexits.h (`exit.rs`).

mod admin;
mod adopt;
mod backup;
mod build;
mod completions;
mod config;
mod demo;
mod exit;
mod export;
mod format;
mod health;
mod import;
mod keys;
mod list_format;
mod mail;
mod man;
mod migrate;
mod progress;
mod restore;
mod serve;
mod settings_help;
mod start;
mod stop;
mod text;
mod webhook;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::api::graphql;
use crate::config::Flags;
use crate::{router, telemetry};

/// A gateway for customer accounts: REST changes them, GraphQL reads them.
#[derive(Debug, Parser)]
#[command(name = "patron", version, after_help = after_help())]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API, the console and the account pages (the default)
    Serve(serve::Options),
    /// Migrate the database schema up or down, or show its status
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Share the database of an EverShop shop: check, adopt, undo, finish
    Adopt(adopt::Options),
    /// Print the GraphQL schema
    Schema,
    /// Print the OpenAPI document
    Openapi,
    /// Manage admins
    #[command(subcommand)]
    Admin(admin::Command),
    /// Rotate the generated keys that sign tokens
    #[command(subcommand)]
    Keys(keys::Command),
    /// Inspect and retry mails
    #[command(subcommand)]
    Mail(mail::Command),
    /// Inspect webhooks and replay failed deliveries
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Print the values of the settings and where each comes from, check them, or print a settings file
    Config(config::Options),
    /// Explain all settings: flags, variables, values and defaults
    #[command(override_help = settings_help::settings_help())]
    Settings,
    /// Print the completions of a shell
    Completions(completions::Options),
    /// Print the manual page
    Man,
    /// Import customers from a file (CSV, NDJSON)
    Import(import::Options),
    /// Export all customers to a file (CSV, NDJSON)
    Export(export::Options),
    /// Write the embedded database and the generated keys to one file, also while the server runs
    Backup(backup::Options),
    /// Restore a backup, without sending the mails and webhooks that were pending
    Restore(restore::Options),
    /// Ask the server on this machine whether it is ready, for health checks
    Health(health::Options),
    /// Serve a throwaway database with 1 000 customers and an admin
    Demo,
}

/// The commands about settings.
const SETTINGS_HELP: &str = "\
Settings are flags, environment variables, or keys of a TOML file (--config FILE):
  patron help settings   explains all of them
  patron config          prints their values, and where each comes from
  patron config check    checks them
  patron config example  prints a settings file

Exit codes:";

fn after_help() -> String {
    let codes = exit::EXIT_CODES.iter().map(|(code, meaning)| format!("\n  {code:<2}  {meaning}"));
    SETTINGS_HELP.to_owned() + &codes.collect::<String>()
}

/// Parses the command line, runs the command, and returns its exit code.
pub async fn run() -> ExitCode {
    let Cli { command, flags } = Cli::parse();
    let outcome = match command.unwrap_or_else(|| Command::Serve(serve::Options::default())) {
        Command::Serve(options) => serve::run(&flags, &options).await,
        Command::Migrate(command) => migrate::run(&flags, &command).await,
        Command::Adopt(options) => adopt::run(&flags, options).await,
        Command::Schema => exit::print(&graphql::sdl()),
        Command::Openapi => exit::print(router::openapi()),
        Command::Admin(command) => admin::run(&flags, command).await,
        Command::Keys(command) => keys::run(&flags, &command),
        Command::Mail(command) => mail::run(&flags, command).await,
        Command::Webhook(command) => webhook::run(&flags, command).await,
        Command::Config(options) => config::run(&flags, &options),
        Command::Settings => exit::print(&settings_help::settings_help()),
        Command::Completions(options) => completions::run(Cli::command(), &options),
        Command::Man => man::run(&Cli::command()),
        Command::Import(options) => import::run(&flags, options).await,
        Command::Export(options) => export::run(&flags, options).await,
        Command::Backup(options) => backup::run(&flags, &options).await,
        Command::Restore(options) => restore::run(&flags, &options).await,
        Command::Health(options) => health::run(&flags, &options),
        Command::Demo => demo::run(&flags).await,
    };
    build::close_databases().await;
    telemetry::stop().await;
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.with_places(&flags).report(),
    }
}
