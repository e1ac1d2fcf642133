//! The database of a server, beside it.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

/// Runs a statement.
pub(crate) fn execute(url: &str, sql: &str) {
    with(url, async |db| {
        db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    });
}

/// The texts of the only column.
pub(crate) fn rows(url: &str, sql: &str) -> Vec<String> {
    with(url, async |db| {
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
            .await
            .expect("an answer");
        rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")).collect()
    })
}

/// On a thread of its own, so that asynchronous tests can call it, too.
fn with<T: Send>(url: &str, act: impl AsyncFn(&DatabaseConnection) -> T + Send) -> T {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let db = Database::connect(url).await.expect("the database answers");
            let value = act(&db).await;
            db.close().await.expect("the connection closes");
            value
        })
    };
    let ended = std::thread::scope(|scope| scope.spawn(run).join());
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
