//! Whether the database can be worked with.

use migration::{Migrator, MigratorTrait};

use crate::app::App;
use crate::error::{Error, Result};

/// Passes when the database can be reached and its schema is up to date; changes nothing.
///
/// # Errors
/// [`Error::Unavailable`] when the database can't be reached, [`Error::Behind`] when migrations are pending.
pub async fn ensure_ready(app: &App) -> Result<()> {
    match Migrator::get_pending_migrations_read_only(app.db.reader()).await?.len() {
        0 => Ok(()),
        pending => Err(Error::Behind(pending)),
    }
}
