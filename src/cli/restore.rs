//! `patron restore`: restores a backup of the embedded database, and holds what was pending in a restored database of either
//! kind.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;

use super::backup::database_file;
use super::build::{admin_ctx, unprepared_ctx};
use super::exit::{CommandFailure, print};
use super::stop::unless_interrupted;
use super::text::count;
use crate::app::create_database_folder;
use crate::app::ctx::AdminCtx;
use crate::config::{Config, Flags, TokenConfig};
use crate::crypto::key_copies::{KeyCopy, different_keys, missing_keys, restore_keys};
use crate::db::{lock_database_file, sqlite_file};
use crate::error::Error;
use crate::service::backup::{self, BackupLabel, HeldDeliveries, UnpackedBackup};

/// The options of `patron restore`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The file that `patron backup` wrote. The database and the keys of the settings must not exist yet
    #[arg(value_name = "FILE", required_unless_present = "hold_deliveries")]
    file: Option<PathBuf>,
    /// Send the mails and webhooks that were pending. Only if the original neither runs nor will run again: it could have sent
    /// them as well
    #[arg(long)]
    resume_deliveries: bool,
    /// Restore nothing, but hold the pending mails and webhooks of the database: for PostgreSQL, after pg_restore and before
    /// `patron serve`
    #[arg(long, conflicts_with_all = ["file", "resume_deliveries"])]
    hold_deliveries: bool,
}

/// Runs the command.
pub(super) async fn run(flags: &Flags, options: &Options) -> Result<(), CommandFailure> {
    let config = Config::load(flags)?;
    let Some(file) = &options.file else {
        let database = sqlite_file(&config.database);
        let _lock = database.map(|database| lock_existing(&database)).transpose()?;
        let ctx = admin_ctx(flags).await?;
        return print(&describe_held(backup::hold_deliveries(&ctx).await?));
    };
    if !config.database.is_embedded() {
        print(&for_postgres(file))?;
        return Err(CommandFailure::Refused(
            "PostgreSQL is restored with its own programs: nothing was restored".to_owned(),
        ));
    }
    let restored = restore(flags, &config, file, options.resume_deliveries);
    print(&unless_interrupted(restored).await?)
}

/// Restores a backup. Returns what it did.
async fn restore(
    flags: &Flags,
    config: &Config,
    file: &Path,
    resumes: bool,
) -> Result<String, CommandFailure> {
    let target = database_file(config)?;
    create_database_folder(config)?;
    let _lock = lock_existing(&target)?;
    let unpacked = backup::unpack(file, &target).await?;
    let held = prepare(flags, file, &unpacked, resumes).await?;
    let keys = restore_keys(&config.data_dir, &unpacked.keys).map_err(data_dir_failed)?;
    let mut text = describe(&target, &unpacked.label, unpacked.keys.len(), &keys);
    text.push_str(&held.map(describe_held).unwrap_or_default());
    text.push_str(&describe_keys(&config.tokens, &unpacked.keys));
    unpacked.install().await?;
    Ok(text)
}

/// Takes the lock of the server that used a database at this path, if there was one. It may run, although its database was
/// moved away. A new lock file is not created: it could belong to another user than the server.
fn lock_existing(target: &Path) -> Result<Option<File>, CommandFailure> {
    let mut lock = target.as_os_str().to_owned();
    lock.push(".lock");
    if !Path::new(&lock).exists() {
        return Ok(None);
    }
    lock_database_file(target).map(Some).map_err(|error| CommandFailure::Refused(error.to_string()))
}

fn data_dir_failed(error: std::io::Error) -> CommandFailure {
    CommandFailure::Settings(vec![format!("PATRON_DATA_DIR: {error}")])
}

/// Migrates the unpacked database, and holds its pending deliveries unless they are resumed. `file` is the backup, for errors.
async fn prepare(
    flags: &Flags,
    file: &Path,
    unpacked: &UnpackedBackup,
    resumes: bool,
) -> Result<Option<HeldDeliveries>, CommandFailure> {
    let ctx = unprepared_ctx(&flags.clone().with("DATABASE_URL", unpacked.url()?)).await?;
    let prepared = migrate_and_hold(&ctx, resumes).await;
    ctx.app.db.clone().close().await.map_err(Error::from)?;
    prepared.map_err(|error| match error {
        Error::DatabaseUnusable(reason) => {
            CommandFailure::Settings(vec![format!("{}: {reason}", file.display())])
        }
        error => error.into(),
    })
}

async fn migrate_and_hold(ctx: &AdminCtx, resumes: bool) -> Result<Option<HeldDeliveries>, Error> {
    ctx.app.db.migrate(&ctx.app.config.database).await?;
    if resumes { Ok(None) } else { backup::hold_deliveries(ctx).await.map(Some) }
}

fn describe(target: &Path, label: &BackupLabel, count_of_keys: usize, folder: &Path) -> String {
    let BackupLabel { program, created_at } = label;
    let keys = count(i64::try_from(count_of_keys).unwrap_or(i64::MAX), "key", "keys");
    format!(
        "restored {} as of {created_at}, from patron {program}\nrestored {keys} to {}\n",
        target.display(),
        folder.display()
    )
}

/// The keys of the settings that don't fit the backup, or may not.
fn describe_keys(config: &TokenConfig, copies: &[KeyCopy]) -> String {
    let missing = missing_keys(config, copies).into_iter().map(|variable| {
        format!("{variable} is not in the backup: if a setting had it, set it to the same value before `patron serve`\n")
    });
    let different = different_keys(config, copies).into_iter().map(|variable| {
        format!("{variable} is set to another key than that of the backup: remove the setting before `patron serve`\n")
    });
    missing.chain(different).collect()
}

fn describe_held(HeldDeliveries { mails, deliveries }: HeldDeliveries) -> String {
    let mut text = format!(
        "held {} and {}, which the original may have sent\n",
        count(mails, "mail", "mails"),
        count(deliveries, "webhook delivery", "webhook deliveries")
    );
    if mails > 0 {
        text.push_str("  to send the mails: patron mail retry --failed\n");
    }
    if deliveries > 0 {
        text.push_str("  to send the deliveries: patron webhook replay --parked\n");
    }
    text
}

/// The commands that restore PostgreSQL.
fn for_postgres(file: &Path) -> String {
    format!(
        "With the URL of an empty database in DATABASE_URL, run:\n  pg_restore --exit-on-error --no-owner \
         --dbname=\"$DATABASE_URL\" '{}'\n  patron migrate up\n  patron restore --hold-deliveries\nThen copy the keys to \
         the data folder, and start `patron serve`.\n",
        file.display()
    )
}
