//! The full-text index of `customer.search_text` on SQLite. PostgreSQL's index needs an extension: see `search_index.rs`.

use sea_orm_migration::sea_orm::DbBackend;

use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000003_customer_search", up, down, shared: None };

/// Trigrams without their positions, because the query compares each found row again.
const TABLE: &str = "CREATE VIRTUAL TABLE IF NOT EXISTS customer_search USING fts5 (\
    search_text, content='customer', content_rowid='customer_id', tokenize='trigram', detail=none, columnsize=0)";

/// Triggers that keep the index up to date, as FTS5 requires for tables with external content.
const TRIGGERS: [&str; 3] = [
    "CREATE TRIGGER IF NOT EXISTS customer_search_insert AFTER INSERT ON customer WHEN new.search_text <> '' BEGIN \
       INSERT INTO customer_search (rowid, search_text) VALUES (new.customer_id, new.search_text); \
     END",
    "CREATE TRIGGER IF NOT EXISTS customer_search_delete AFTER DELETE ON customer WHEN old.search_text <> '' BEGIN \
       INSERT INTO customer_search (customer_search, rowid, search_text) \
         VALUES ('delete', old.customer_id, old.search_text); \
     END",
    "CREATE TRIGGER IF NOT EXISTS customer_search_update AFTER UPDATE OF search_text ON customer \
     WHEN new.search_text <> old.search_text BEGIN \
       INSERT INTO customer_search (customer_search, rowid, search_text) \
         SELECT 'delete', old.customer_id, old.search_text WHERE old.search_text <> ''; \
       INSERT INTO customer_search (rowid, search_text) \
         SELECT new.customer_id, new.search_text WHERE new.search_text <> ''; \
     END",
];

fn up(backend: DbBackend) -> Vec<String> {
    match backend {
        DbBackend::Postgres => Vec::new(),
        _ => [TABLE].into_iter().chain(TRIGGERS).map(str::to_owned).collect(),
    }
}

fn down(backend: DbBackend) -> Vec<String> {
    match backend {
        DbBackend::Postgres => Vec::new(),
        _ => {
            let triggers = ["insert", "delete", "update"]
                .map(|name| format!("DROP TRIGGER IF EXISTS customer_search_{name}"));
            triggers.into_iter().chain(["DROP TABLE IF EXISTS customer_search".to_owned()]).collect()
        }
    }
}
