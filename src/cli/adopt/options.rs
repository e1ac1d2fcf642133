//! The options of `patron adopt`.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The options of `patron adopt`.
#[derive(Debug, Args)]
#[command(after_long_help = EXIT_CODES)]
pub(in crate::cli) struct Options {
    /// Report what blocks the adoption and what it changes; write nothing
    #[arg(long, conflicts_with_all = ["undo", "finish", "yes", "resolve"])]
    pub(super) check: bool,
    /// Write proposed decisions about twins to this new file, for --resolve
    #[arg(long, value_name = "FILE", requires = "check")]
    pub(super) proposals: Option<PathBuf>,
    /// Apply the decisions of this file first
    #[arg(long, value_name = "FILE", conflicts_with_all = ["undo", "finish"])]
    pub(super) resolve: Option<PathBuf>,
    /// Take the adoption back: EverShop's own schema, without anything of patron
    #[arg(long, conflicts_with = "finish")]
    pub(super) undo: bool,
    /// End the time in which EverShop writes customers as well
    #[arg(long)]
    pub(super) finish: bool,
    /// Do not ask before changing the database
    #[arg(long, short)]
    pub(super) yes: bool,
    /// The format of the output; by default human for people, and json of --check without a terminal
    #[arg(long, value_enum)]
    format: Option<OutputFormat>,
}

/// The format of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// Text for people
    Human,
    /// One JSON object
    Json,
}

const EXIT_CODES: &str = "\
Exit codes of --check:
  0   the adoption can start, or the database is adopted
  1   something blocks the adoption, or there is no shop to adopt

The shop keeps running during the adoption. An adoption that was interrupted is continued by the same
command, or taken back by --undo. docs/evershop.md leads through all steps.";

impl Options {
    /// The format of a report of a check.
    pub(super) fn report_format(&self) -> OutputFormat {
        let by_output =
            if std::io::stdout().is_terminal() { OutputFormat::Human } else { OutputFormat::Json };
        self.format.unwrap_or(by_output)
    }

    /// The format of a result.
    pub(super) fn result_format(&self) -> OutputFormat {
        self.format.unwrap_or(OutputFormat::Human)
    }
}
