//! A migration as the statements that it runs, so that they can be compared with what was released.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// A migration: statements that are run one by one, each committed by itself. Each can be repeated, so that a migration
/// that was interrupted runs again from its start: not every database rolls back changes of its schema.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// As the database remembers it.
    pub name: &'static str,
    /// The statements that apply it.
    pub up: fn(DbBackend) -> Vec<String>,
    /// The statements that undo it.
    pub down: fn(DbBackend) -> Vec<String>,
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
    for statement in statements {
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}
