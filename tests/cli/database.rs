//! The database of a server, beside it.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

/// Runs a statement.
pub(super) fn execute(url: &str, sql: &str) {
    with(url, async |db| {
        db.execute_unprepared(sql).await.expect("the statement runs");
    });
}

/// The texts of the only column.
pub(super) fn rows(url: &str, sql: &str) -> Vec<String> {
    with(url, async |db| {
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
            .await
            .expect("an answer");
        rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")).collect()
    })
}

fn with<T>(url: &str, act: impl AsyncFn(&DatabaseConnection) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let db = Database::connect(url).await.expect("the database answers");
        let value = act(&db).await;
        db.close().await.expect("the connection closes");
        value
    })
}
