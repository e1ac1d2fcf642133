//! What keywords are looked for in: names and addresses, folded by the program, with an index of their trigrams.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::search_index;

/// The rows whose text the program has yet to fill in. `''` stands in the index, not in a parameter: SQLite looks at
/// nothing else when it decides whether the index serves a query.
const MISSING: &str = r#"CREATE INDEX "customer_search_text_missing_idx" ON "customer" ("customer_id") WHERE "search_text" = ''"#;

/// Trigrams alone, without their positions: what the index finds is looked at again.
const SQLITE_TABLE: &str = "CREATE VIRTUAL TABLE customer_search USING fts5 (\
    search_text, content='customer', content_rowid='customer_id', tokenize='trigram', detail=none, columnsize=0)";

/// The index follows the table by these, as FTS5 asks of tables with content elsewhere.
const SQLITE_TRIGGERS: [&str; 3] = [
    "CREATE TRIGGER customer_search_insert AFTER INSERT ON customer WHEN new.search_text <> '' BEGIN \
       INSERT INTO customer_search (rowid, search_text) VALUES (new.customer_id, new.search_text); \
     END",
    "CREATE TRIGGER customer_search_delete AFTER DELETE ON customer WHEN old.search_text <> '' BEGIN \
       INSERT INTO customer_search (customer_search, rowid, search_text) \
         VALUES ('delete', old.customer_id, old.search_text); \
     END",
    "CREATE TRIGGER customer_search_update AFTER UPDATE OF search_text ON customer \
     WHEN new.search_text <> old.search_text BEGIN \
       INSERT INTO customer_search (customer_search, rowid, search_text) \
         SELECT 'delete', old.customer_id, old.search_text WHERE old.search_text <> ''; \
       INSERT INTO customer_search (rowid, search_text) \
         SELECT new.customer_id, new.search_text WHERE new.search_text <> ''; \
     END",
];

/// Whoever else changes a name or an address leaves a text behind that is no longer true: it is filled in anew.
const SQLITE_STALE: &str = "CREATE TRIGGER customer_search_text_stale AFTER UPDATE OF full_name, email ON customer \
     WHEN new.search_text = old.search_text AND new.search_text <> '' \
       AND (new.full_name <> old.full_name OR new.email <> old.email) BEGIN \
       UPDATE customer SET search_text = '' WHERE customer_id = new.customer_id; \
     END";
const POSTGRES_STALE: [&str; 2] = [
    "CREATE FUNCTION customer_search_text_stale() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN NEW.search_text := ''; RETURN NEW; END $$",
    "CREATE TRIGGER customer_search_text_stale BEFORE UPDATE OF full_name, email ON customer FOR EACH ROW \
     WHEN (NEW.search_text = OLD.search_text AND (NEW.full_name <> OLD.full_name OR NEW.email <> OLD.email)) \
     EXECUTE FUNCTION customer_search_text_stale()",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let column = ColumnDef::new("search_text").text().not_null().default("").take();
        manager.alter_table(Table::alter().table("customer").add_column(column).take()).await?;
        db.execute_unprepared(MISSING).await?;
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                search_index::ensure(db).await?;
                for statement in POSTGRES_STALE {
                    db.execute_unprepared(statement).await?;
                }
            }
            _ => {
                db.execute_unprepared(SQLITE_TABLE).await?;
                for trigger in SQLITE_TRIGGERS.into_iter().chain([SQLITE_STALE]) {
                    db.execute_unprepared(trigger).await?;
                }
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                search_index::remove(db).await?;
                db.execute_unprepared("DROP TRIGGER customer_search_text_stale ON customer").await?;
                db.execute_unprepared("DROP FUNCTION customer_search_text_stale()").await?;
            }
            _ => {
                for trigger in ["insert", "delete", "update", "text_stale"] {
                    db.execute_unprepared(&format!("DROP TRIGGER customer_search_{trigger}")).await?;
                }
                db.execute_unprepared("DROP TABLE customer_search").await?;
            }
        }
        manager
            .drop_index(Index::drop().name("customer_search_text_missing_idx").table("customer").to_owned())
            .await?;
        manager.alter_table(Table::alter().table("customer").drop_column("search_text").take()).await
    }
}
