//! The commands of the program, one file per command. Every command calls the services.
//!
//! A failed command prints its reason to standard error and ends with an exit code of sysexits.h (`exit.rs`).

mod admin;
mod adopt;
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
mod text;
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
    /// Import customers from a file (CSV, NDJSON)
    Import(import::Options),
    /// Export all customers to a file (CSV, NDJSON)
    Export(export::Options),
    /// Serve a throwaway database with 1 000 customers and an admin
    Demo,
}

fn after_help() -> String {
    let mut help =
        String::from("Secret settings have no flag. Set them in the environment or the settings file:\n");
    for setting in SETTINGS.iter().filter(|setting| setting.secret) {
        help.push_str(&format!("  {:36} {}\n", setting.variable, setting.help));
    }
    help.push_str(
        "\nExit codes:\n  0   success\n  1   the command failed\n  2   invalid command line\n  \
         65  lines of a file were refused\n  69  the database can't be reached\n  70  internal error\n  78  invalid setting",
    );
    help
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
