//! `patron adopt`: shares the database of an EverShop shop, after a check, and takes that back or finishes it.
//!
//! `--check` writes nothing; its exit code is 0 if the adoption can start and 1 if something blocks it. Ctrl-C and a crash
//! leave a state that the same command continues, and that `--undo` takes back.

mod ask;
mod change;
mod decision_file;
mod options;
mod step_progress;
mod summary;

use self::change::{adopt, finish, undo};
use self::decision_file::write_proposals;
pub(super) use self::options::Options;
use self::summary::{adopted_summary, print_report};
use super::build::unprepared_ctx;
use super::exit::{CommandFailure, print};
use crate::app::ctx::AdminCtx;
use crate::config::{Config, Flags};
use crate::db::ensure_unpooled;
use crate::service::adoption::{self, DatabaseState, Phase};

const EMBEDDED: &str = "the database is SQLite, which EverShop can't use: set DATABASE_URL to the PostgreSQL database of the shop";
const EMPTY: &str = "the database is empty, so there is no shop to adopt: set DATABASE_URL to the database of the shop, or create patron's own \
    tables with `patron migrate up`";
const OWN: &str = "the database is patron's own, so there is no shop to adopt: set DATABASE_URL to the database of the shop";
const FOREIGN: &str = "the database has a table customer that is neither EverShop's nor patron's: set DATABASE_URL to the database of an \
    EverShop shop, whose table migration lists its modules";

/// Runs the command.
pub(super) async fn run(flags: &Flags, options: Options) -> Result<(), CommandFailure> {
    // Before it is opened: opening SQLite creates the file.
    let config = Config::load(flags)?.database;
    if config.is_embedded() {
        return Err(CommandFailure::Refused(EMBEDDED.to_owned()));
    }
    ensure_unpooled(&config)?;
    let ctx = unprepared_ctx(flags).await?;
    let state = adoption::state(&ctx).await?;
    let refusal = match &state {
        DatabaseState::Embedded => Some(EMBEDDED),
        DatabaseState::Empty => Some(EMPTY),
        DatabaseState::Own => Some(OWN),
        DatabaseState::Foreign => Some(FOREIGN),
        DatabaseState::Shop(_) | DatabaseState::Adopted(_) => None,
    };
    if let Some(refusal) = refusal {
        return Err(CommandFailure::Refused(refusal.to_owned()));
    }
    if options.undo {
        undo(&ctx, &state, &options).await
    } else if options.finish {
        finish(&ctx, &state, &options).await
    } else if options.check {
        check(&ctx, &state, &options).await
    } else {
        adopt(&ctx, &state, &options).await
    }
}

async fn check(ctx: &AdminCtx, state: &DatabaseState, options: &Options) -> Result<(), CommandFailure> {
    let format = options.report_format();
    if let DatabaseState::Adopted(adoption) = state
        && matches!(adoption.phase, Phase::Shared | Phase::Finished)
    {
        return print(&adopted_summary(adoption, format));
    }
    let report = adoption::check(ctx).await?;
    print_report(&report, format)?;
    if let Some(file) = &options.proposals {
        write_proposals(file, &report.proposals)?;
    }
    if report.is_blocked() {
        return Err(CommandFailure::Refused("something blocks the adoption".to_owned()));
    }
    Ok(())
}
