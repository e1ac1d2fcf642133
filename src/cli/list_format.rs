//! The formats in which commands print lists: lines for people, and JSON for scripts.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::exit::{CommandFailure, print};

/// The option for the format of a list.
#[derive(Debug, Default, Args)]
pub(super) struct ListOptions {
    /// The format of the output
    #[arg(long, value_enum, default_value_t)]
    format: ListFormat,
}

/// The format of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// Text for people
    #[default]
    Human,
    /// One JSON array, with an object for each line
    Json,
}

impl ListOptions {
    /// Prints the items: each as a line, which ends with a line break, or as an object of an array.
    pub(super) fn print<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        line: impl Fn(&T) -> String,
        object: impl Fn(&T) -> Value,
    ) -> Result<(), CommandFailure> {
        let items = items.into_iter();
        print(&match self.format {
            ListFormat::Human => items.map(|item| line(&item)).collect::<String>(),
            ListFormat::Json => {
                let objects = Value::Array(items.map(|item| object(&item)).collect());
                format!("{objects:#}\n")
            }
        })
    }
}
