//! `patron backup`: writes the embedded database and the generated keys to one file, also while a server uses them. For
//! PostgreSQL it prints the commands that do this.

use std::path::PathBuf;

use clap::Args;

use super::build::{ensure_file, start_telemetry};
use super::exit::{CommandFailure, print};
use super::stop::unless_interrupted;
use super::text::count;
use crate::clock::{Clock, Timer};
use crate::config::{Config, Flags};
use crate::crypto::key_copies::{copy_keys, keys_in_settings};
use crate::db::{MissingFile, sqlite_file};
use crate::service::backup::{self, BackupError};

/// The options of `patron backup`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The file to write. An existing file is never overwritten. Only its owner can read it: it contains password hashes
    /// and the keys that sign tokens
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl From<BackupError> for CommandFailure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::File { .. } => Self::Refused(error.to_string()),
            BackupError::Service(error) => error.into(),
        }
    }
}

/// Runs the command.
pub(super) async fn run(flags: &Flags, options: &Options) -> Result<(), CommandFailure> {
    // Does not build the whole program, which would create a missing database.
    let config = Config::load(flags)?;
    start_telemetry(&config)?;
    if !config.database.is_embedded() {
        print(&for_postgres(&config, options))?;
        return Err(CommandFailure::Refused(format!(
            "PostgreSQL is backed up with its own programs: nothing was written to {}",
            options.file.display()
        )));
    }
    let timer = Timer::start();
    ensure_file(&config, MissingFile::Refuse)?;
    let source = database_file(&config)?;
    let keys = copy_keys(&config.tokens, &config.data_dir)
        .map_err(|error| CommandFailure::Settings(vec![format!("PATRON_DATA_DIR: {error}")]))?;
    let written = backup::create(&source, &options.file, &keys, Clock::System.now());
    let summary = unless_interrupted(async { written.await.map_err(CommandFailure::from) }).await?;
    let customers = count(summary.customers, "customer", "customers");
    let keys = count(i64::try_from(keys.len()).unwrap_or(i64::MAX), "key", "keys");
    let mut text = format!(
        "wrote {}: {customers} and {keys}, {} bytes, in {:.1} s\n",
        options.file.display(),
        summary.bytes,
        timer.elapsed().as_secs_f64()
    );
    for variable in keys_in_settings(&config.tokens) {
        text.push_str(&format!("not in the backup, because a setting has it: {variable}\n"));
    }
    print(&text)
}

/// The file of the embedded database.
pub(super) fn database_file(config: &Config) -> Result<PathBuf, CommandFailure> {
    sqlite_file(&config.database).ok_or_else(|| {
        CommandFailure::Settings(vec!["DATABASE_URL: is not a valid URL of an SQLite file".to_owned()])
    })
}

/// The commands that back up PostgreSQL. They omit the URL, which may contain a password.
fn for_postgres(config: &Config, options: &Options) -> String {
    let (file, keys) = (options.file.display(), config.data_dir.join("keys"));
    let mut text = format!(
        "With the URL of the database in DATABASE_URL, run:\n  umask 077\n  pg_dump --format=custom --no-owner --file='{file}' \
         --dbname=\"$DATABASE_URL\"\n"
    );
    if keys.is_dir() {
        text.push_str(&format!(
            "Copy the keys of one instance as well:\n  tar --create --file='{file}.keys.tar' --directory='{}' keys\n",
            config.data_dir.display()
        ));
    }
    for variable in keys_in_settings(&config.tokens) {
        text.push_str(&format!("Keep {variable}, which the settings have.\n"));
    }
    text
}
