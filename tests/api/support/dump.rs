//! The whole content of a database as text.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::TestApp;

/// Every row of every table, for assertions that it does not contain a text.
pub(crate) async fn dump(app: &TestApp) -> String {
    let db = app.app.db.writer();
    let backend = app.app.db.backend();
    let tables = match backend {
        DbBackend::Postgres => "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
        _ => "SELECT name FROM sqlite_master WHERE type = 'table'",
    };
    let tables = db.query_all_raw(Statement::from_string(backend, tables)).await.expect("there are tables");
    let mut text = String::new();
    for table in tables {
        let table: String = table.try_get("", "name").expect("a table has a name");
        text.push_str(&rows(app, &table).await);
    }
    text
}

/// Whether a dump contains a text, regardless of case, as text or as bytes in hexadecimal, with or without hyphens.
pub(crate) fn dump_contains(dump: &str, text: &str) -> bool {
    let (dump, text) = (dump.to_lowercase(), text.to_lowercase());
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    dump.contains(&text) || dump.contains(&hex) || dump.contains(&text.replace('-', ""))
}

async fn rows(app: &TestApp, table: &str) -> String {
    let (db, backend) = (app.app.db.writer(), app.app.db.backend());
    let sql = match backend {
        DbBackend::Postgres => format!(r#"SELECT t::text AS row FROM "{table}" t"#),
        _ => {
            let columns = format!(r#"SELECT name FROM pragma_table_info('{table}')"#);
            let columns =
                db.query_all_raw(Statement::from_string(backend, columns)).await.expect("there are columns");
            let column = |row: &sea_orm::QueryResult| -> String {
                let name: String = row.try_get("", "name").expect("a column has a name");
                // Bytes in hexadecimal, as PostgreSQL prints them.
                format!(
                    r#"coalesce(CASE WHEN typeof("{name}") = 'blob' THEN lower(hex("{name}")) ELSE "{name}" END, '')"#
                )
            };
            let columns: Vec<String> = columns.iter().map(column).collect();
            format!(r#"SELECT {} AS row FROM "{table}""#, columns.join(" || ' ' || "))
        }
    };
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await.expect("the table is read");
    let rows = rows.iter().map(|row| row.try_get::<String>("", "row").expect("a row is text"));
    format!("{table}\n{}\n", rows.collect::<Vec<_>>().join("\n"))
}
