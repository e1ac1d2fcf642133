//! A database that EverShop uses as well: its tables, which patron has adopted, and the statements that EverShop runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use migration::adoption;
use patron::app::ctx::AdminCtx;
use patron::config::Flags;
use patron::service::{derived, sharing, shop_changes};
use sea_orm::ConnectionTrait;
use tokio::sync::OnceCell;

use super::app::{build, flags};
use super::{ADMIN_EMAIL, ADMIN_PASSWORD, TestApp, postgres};

const SCHEMA: &str = include_str!("../shared_database/schema.sql");

/// A password hash as EverShop makes it, with a cost that tests can afford.
pub(crate) fn shop_hash(password: &str) -> String {
    let hash = bcrypt::hash_with_result(password, 4).expect("the password is hashed");
    hash.format_for_version(bcrypt::Version::TwoB)
}

impl TestApp {
    /// Starts on the adopted database of a shop, which has the usual admin.
    pub(crate) async fn start_shared() -> Self {
        Self::start_shared_with(|flags| flags).await
    }

    /// Starts on the adopted database of a shop, with changed settings.
    pub(crate) async fn start_shared_with(settings: impl Fn(Flags) -> Flags) -> Self {
        Self::start_on(adopted_copy().await, settings).await
    }

    /// Runs a statement as EverShop does: on another connection, without patron's mark.
    pub(crate) async fn run_as_shop(&self, sql: &str) {
        let shop = postgres::connect(self.database.as_ref().expect("a PostgreSQL database")).await;
        shop.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        shop.close().await.expect("the connection closes");
    }

    /// Finishes the adoption, as `patron adopt --finish` does while patron runs, and lets patron notice.
    pub(crate) async fn finish_adoption(&self) {
        let ctx = AdminCtx::system(Arc::clone(&self.app));
        while shop_changes::drain(&ctx).await.expect("the changes are journaled") {}
        // Not through a pooler, which refuses its parameters.
        let direct = postgres::connect(self.database.as_ref().expect("a PostgreSQL database")).await;
        adoption::finish(&direct, &mut |_| {}).await.expect("the adoption is finished");
        direct.close().await.expect("the connection closes");
        sharing::refresh(&ctx).await.expect("the database responds");
    }
}

/// Makes the schema of a shop with an admin, and adopts it, once per run. Tests copy the result.
async fn adopt(database: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let app = build(flags(folder.path(), &postgres::url(database))).await;
    let admin = format!(
        "INSERT INTO admin_user (email, password, full_name) VALUES ('{ADMIN_EMAIL}', '{}', 'Admin')",
        shop_hash(ADMIN_PASSWORD)
    );
    for sql in [SCHEMA, &admin] {
        app.db.writer().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    adoption::apply(app.db.migration_connection(), &mut |_| {}).await.expect("the database is adopted");
    let ctx = AdminCtx::system(Arc::clone(&app));
    while derived::compute_missing(&ctx).await.expect("the database responds") {}
    app.db.clone().close().await.expect("the database closes");
}

async fn adopted_copy() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let run = std::process::id();
    let template = TEMPLATE
        .get_or_init(async || {
            let name = format!("patron_shop_{run}_template");
            postgres::execute(&format!("CREATE DATABASE {name}")).await;
            adopt(&name).await;
            name
        })
        .await;
    let name = format!("patron_shop_{run}_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    postgres::execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    name
}
