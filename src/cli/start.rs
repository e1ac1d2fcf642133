//! What the first start does: bring the schema up to date and make the first admin.

use crate::app::App;
use crate::app::ctx::Ctx;
use crate::config::FirstAdmin;
use crate::error::{Error, Result};
use crate::service::{admin, customer, health};
use crate::types::{EmailAddress, Password};

use std::sync::Arc;

use secrecy::SecretString;

/// The address of the first admin when the settings name none.
const DEFAULT_ADMIN: &str = "admin@localhost";

/// Says that searches will be slow, and what to do about it.
pub(super) fn warn_of_slow_searches() {
    tracing::warn!(
        "searches by keyword read all customers: there is no extension pg_trgm, and this role may not create it. \
         As a superuser: CREATE EXTENSION pg_trgm; then patron migrate up"
    );
}

/// An admin that was just made.
#[derive(Debug)]
pub(super) struct NewAdmin {
    pub(super) email: String,
    /// Only when it was made up here: one that was set is known to whoever set it.
    pub(super) password: Option<SecretString>,
    /// Whether it will be there at the next start: not in the demo.
    pub(super) lasts: bool,
}

/// Migrates, when asked to or when the database is embedded, and makes the first admin when there is none.
pub(super) async fn prepare(app: &Arc<App>, migrate: bool) -> Result<Option<NewAdmin>> {
    app.db.ensure_usable().await?;
    if migrate || app.db.is_embedded() {
        app.db.migrate(&app.config.database).await?;
    }
    health::ensure_ready(app).await?;
    let ctx = Ctx::system(Arc::clone(app));
    if !customer::search_is_indexed(&ctx).await? {
        warn_of_slow_searches();
    }
    if !admin::none_exists(&ctx).await? {
        return Ok(None);
    }
    let generated = SecretString::from(app.random.word::<26>());
    let (email, password, shown) = match &app.config.first_admin {
        Some(FirstAdmin { email, password }) => (email.clone(), password.clone(), None),
        None => (
            EmailAddress::parse_local(DEFAULT_ADMIN).map_err(Error::internal)?,
            Password::new(generated.clone()).map_err(Error::internal)?,
            Some(generated),
        ),
    };
    match admin::create(&ctx, email, "Admin".to_owned(), &password).await {
        Ok(admin) => {
            Ok(Some(NewAdmin { email: admin.email.as_str().to_owned(), password: shown, lasts: true }))
        }
        // Another instance was faster; its admin is the first one.
        Err(Error::EmailTaken) => Ok(None),
        Err(error) => Err(error),
    }
}
