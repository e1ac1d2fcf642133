//! The names that an adoption needs: the shop, or another program, must not use them.

use super::change::Change;
use super::{SHARED_TABLES, plan};

/// What an adoption creates. The guards create functions and triggers as well, whose names begin with `patron_`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// Tables.
    pub tables: Vec<String>,
    /// Indexes, also those of patron's own tables.
    pub indexes: Vec<String>,
    /// Columns of the shared tables: the table and the column.
    pub columns: Vec<(String, String)>,
}

/// The names of all that an adoption creates.
pub fn objects() -> Objects {
    let mut objects = Objects {
        tables: Vec::from(["patron_adoption", "seaql_migrations", "shop_change"].map(str::to_owned)),
        ..Objects::default()
    };
    for change in plan::adoption() {
        match change {
            Change::Index { name, .. } => objects.indexes.push(name),
            Change::Statement(sql) => objects.add(&sql),
            _ => {}
        }
    }
    objects
}

impl Objects {
    fn add(&mut self, sql: &str) {
        if let Some(table) = quoted(sql, "CREATE TABLE IF NOT EXISTS ") {
            self.tables.push(table.to_owned());
        }
        for create in ["CREATE INDEX IF NOT EXISTS ", "CREATE UNIQUE INDEX IF NOT EXISTS "] {
            self.indexes.extend(quoted(sql, create).map(str::to_owned));
        }
        let table = quoted(sql, "ALTER TABLE ").filter(|table| SHARED_TABLES.contains(table));
        let Some(table) = table else { return };
        let columns = sql.split("ADD COLUMN IF NOT EXISTS ").skip(1).filter_map(|column| quoted(column, ""));
        self.columns.extend(columns.map(|column| (table.to_owned(), column.to_owned())));
    }
}

/// The name in quotes after a prefix.
fn quoted<'a>(sql: &'a str, prefix: &str) -> Option<&'a str> {
    sql.strip_prefix(prefix)?.strip_prefix('"')?.split('"').next()
}
