//! The preparation of the database at the start: runs pending migrations and creates the first admin.
//!
//! An embedded database is always migrated, PostgreSQL only on request. If several instances start at once, one of them
//! creates the first admin.
//!
//! On a database that was adopted from EverShop, the start proves that the database can distinguish patron's writes from those
//! of EverShop.

use crate::app::App;
use crate::app::ctx::AdminCtx;
use crate::config::FirstAdmin;
use crate::db::{Sharing, ensure_reachable};
use crate::error::{Error, Result};
use crate::service::{admin, customer, front_door, health};
use crate::types::{EmailAddress, Password};

use std::sync::Arc;

use secrecy::SecretString;

/// The e-mail address of the first admin if no setting names one.
const DEFAULT_ADMIN: &str = "admin@localhost";

/// Logs that searches are slow, and how to fix it.
pub(super) fn warn_of_slow_searches() {
    tracing::warn!(
        "searches by keyword read all customers: the extension pg_trgm is missing, and this role may not create it. \
         As a superuser: CREATE EXTENSION pg_trgm; then patron migrate up"
    );
}

/// The first admin, which was just created.
#[derive(Debug)]
pub(super) struct NewAdmin {
    pub(super) email: String,
    /// The generated password; none if a setting contains it.
    pub(super) password: Option<SecretString>,
    /// Whether the admin outlives the process; false in the demo.
    pub(super) is_permanent: bool,
}

/// Migrates the database, if requested or embedded, and creates the first admin if there is no admin.
pub(super) async fn prepare(app: &Arc<App>, migrate: bool) -> Result<Option<NewAdmin>> {
    ensure_reachable(&app.config.database).await?;
    app.db.ensure_usable().await?;
    if migrate || app.db.is_embedded() {
        app.db.migrate(&app.config.database).await?;
    }
    health::ensure_ready(app).await?;
    prepare_sharing(app).await?;
    front_door::ensure_ready(app).await?;
    let ctx = AdminCtx::system(Arc::clone(app));
    if !customer::search_is_indexed(&ctx).await? {
        warn_of_slow_searches();
    }
    if !admin::none_exists(&ctx).await? {
        return Ok(None);
    }
    let generated = SecretString::from(app.random.word::<26>());
    let (email, password, generated) = match &app.config.first_admin {
        Some(FirstAdmin { email, password }) => (email.clone(), password.clone(), None),
        None => (
            EmailAddress::parse_local(DEFAULT_ADMIN).map_err(Error::internal)?,
            Password::new(generated.clone()).map_err(Error::internal)?,
            Some(generated),
        ),
    };
    match admin::create(&ctx, email, "Admin".to_owned(), &password).await {
        Ok(admin) => Ok(Some(NewAdmin {
            email: admin.email.as_str().to_owned(),
            password: generated,
            is_permanent: true,
        })),
        // Another instance has created the first admin.
        Err(Error::EmailTaken) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads who uses the database, and checks what patron needs if EverShop does.
///
/// # Errors
/// [`Error::DatabaseUnusable`] if the guards would not recognize patron's writes.
async fn prepare_sharing(app: &App) -> Result<()> {
    match app.db.known_sharing().await? {
        Sharing::Own => return Ok(()),
        Sharing::Shared => {
            app.db.ensure_marked().await?;
            app.db.ensure_guarded().await?;
            tracing::info!("EverShop shares the database");
            if !app.hasher.creates_bcrypt() {
                tracing::warn!(
                    "new password hashes are argon2id, which EverShop can't verify (PATRON_PASSWORD_HASHES)"
                );
            }
        }
        Sharing::Finished => {}
    }
    let modules = app.db.upgraded_modules().await?;
    if !modules.is_empty() {
        let modules = modules.join(", ");
        tracing::warn!(
            modules,
            "EverShop was upgraded since the adoption; this version of patron may not know its tables"
        );
    }
    Ok(())
}
