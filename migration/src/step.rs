//! A migration as a list of its statements, so that a test can compare them with the released ones.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::adoption::{self, SharedStep};

/// A migration: a list of statements. Each statement is committed separately, because not every database can roll back
/// changes of its schema. Each statement can be repeated, so an interrupted migration runs again from its start.
///
/// In a database that patron shares with a shop, `adoption/` runs the migration, and this one refuses to.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The name that the database records.
    pub name: &'static str,
    /// The statements that apply it.
    pub up: fn(DbBackend) -> Vec<String>,
    /// The statements that undo it.
    pub down: fn(DbBackend) -> Vec<String>,
    /// What it does instead in a database that patron shares with a shop, if `up` creates a table of the shop.
    pub shared: Option<SharedStep>,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, (self.up)(manager.get_database_backend())).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, (self.down)(manager.get_database_backend())).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}

async fn run(manager: &SchemaManager<'_>, statements: Vec<String>) -> Result<(), DbErr> {
    adoption::ensure_own(manager.get_connection()).await?;
    let is_sqlite = manager.get_database_backend() == DbBackend::Sqlite;
    for statement in statements {
        match manager.get_connection().execute_unprepared(&statement).await {
            Err(error) if is_sqlite && is_repeated(&statement, &error) => {}
            executed => {
                executed?;
            }
        }
    }
    Ok(())
}

/// Whether a statement failed because it has run before. SQLite has no `IF NOT EXISTS` for columns.
fn is_repeated(statement: &str, error: &DbErr) -> bool {
    let message = error.to_string();
    (statement.contains(" ADD COLUMN ") && message.contains("duplicate column name"))
        || (statement.contains(" DROP COLUMN ") && message.contains("no such column"))
}
