//! Direct access to the database of a server.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

/// Executes a statement.
pub(crate) fn execute(url: &str, sql: &str) {
    with(url, async |db| {
        db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    });
}

/// The rows of a query that selects one text column.
pub(crate) fn rows(url: &str, sql: &str) -> Vec<String> {
    with(url, async |db| {
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
            .await
            .expect("the query succeeds");
        rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")).collect()
    })
}

/// Connects and calls `action`, on a separate thread, so that asynchronous tests can call it as well.
fn with<T: Send>(url: &str, action: impl AsyncFn(&DatabaseConnection) -> T + Send) -> T {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let db = Database::connect(url).await.expect("the database is reachable");
            let value = action(&db).await;
            db.close().await.expect("the connection closes");
            value
        })
    };
    let result = std::thread::scope(|scope| scope.spawn(run).join());
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
