//! Changes of the shared tables, which keep the shop running.

use std::fmt;

use sea_orm_migration::sea_orm::DbBackend;

use super::SHARED_TABLES;
use crate::Step;

/// What a migration does in a database that patron shares with a shop, where the table exists already.
#[derive(Clone, Copy, Debug)]
pub struct SharedStep {
    /// The changes that apply it.
    pub up: fn() -> Vec<Change>,
    /// The changes that undo it. Indexes and NOT NULL of `up` are undone without being named here.
    pub down: fn() -> Vec<Change>,
}

/// A change of a schema. It can be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A statement that needs a table lock for an instant, because it reads and writes no rows.
    Statement(String),
    /// Fills missing values.
    Fill(Fill),
    /// Creates an index while the table is written to.
    Index {
        /// The index.
        name: String,
        /// `CREATE [UNIQUE] INDEX IF NOT EXISTS …`.
        sql: String,
    },
    /// Makes a column NOT NULL, and reads the rows before it locks the table.
    NotNull {
        /// The table.
        table: &'static str,
        /// The column, which has no NULL.
        column: &'static str,
    },
    /// Drops an index while the table is written to.
    DropIndex(String),
    /// Undoes [`Change::NotNull`].
    Nullable {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

/// An update of the rows that meet a condition, in batches. The guards' functions exist only while the shop writes: the
/// migrations of a later release can't call them, because they also run after the adoption was finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The table.
    pub table: &'static str,
    /// Its primary key, an integer.
    pub key: &'static str,
    /// The assignments.
    pub set: &'static str,
    /// The condition, which few rows meet afterwards.
    pub condition: &'static str,
}

/// When a change runs: the stages in their order. The guards exist from the end of `Schema` to the end of `Relax`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Schema,
    Values,
    Indexes,
    Constraints,
    /// The first stage of an undo; `Schema` is the last one.
    Relax,
}

impl Change {
    /// A statement of a migration: an index of a shared table is created while the table is written to.
    pub(crate) fn of(statement: String) -> Self {
        match shared_index(&statement) {
            Some(name) => Self::Index { name: name.to_owned(), sql: statement },
            None => Self::Statement(statement),
        }
    }

    pub(super) fn stage(&self) -> Stage {
        match self {
            Self::Statement(_) => Stage::Schema,
            Self::Fill(_) => Stage::Values,
            Self::Index { .. } => Stage::Indexes,
            Self::NotNull { .. } => Stage::Constraints,
            Self::DropIndex(_) | Self::Nullable { .. } => Stage::Relax,
        }
    }

    /// The change that undoes an index or NOT NULL.
    fn undone(&self) -> Option<Self> {
        match self {
            Self::Index { name, .. } => Some(Self::DropIndex(name.clone())),
            Self::NotNull { table, column } => Some(Self::Nullable { table, column }),
            _ => None,
        }
    }
}

impl Step {
    /// The changes that apply it in a shared database.
    pub fn shared_up(&self) -> Vec<Change> {
        match &self.shared {
            Some(shared) => (shared.up)(),
            None => (self.up)(DbBackend::Postgres).into_iter().map(Change::of).collect(),
        }
    }

    /// The changes that undo it in a shared database. Changes of patron's own tables are left out, because these tables
    /// are dropped, and the statement would fail if an undo that was interrupted has dropped them.
    pub fn shared_down(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = self.shared_up().iter().filter_map(Change::undone).collect();
        match &self.shared {
            Some(shared) => changes.extend((shared.down)()),
            None => {
                let statements = (self.down)(DbBackend::Postgres).into_iter();
                changes.extend(statements.filter(|statement| is_needed(statement)).map(Change::Statement));
            }
        }
        changes
    }
}

/// Whether a statement drops a table of patron, or changes a shared one.
fn is_needed(statement: &str) -> bool {
    let is_shared = |table: &str| SHARED_TABLES.contains(&table);
    let table_after = |prefix: &str| statement.strip_prefix(prefix)?.split('"').next();
    table_after("DROP TABLE IF EXISTS \"").is_some_and(|table| !is_shared(table))
        || table_after("ALTER TABLE \"").is_some_and(is_shared)
}

/// The index of a shared table that a statement creates.
fn shared_index(statement: &str) -> Option<&str> {
    let index = statement.strip_prefix("CREATE INDEX IF NOT EXISTS \"");
    let rest = index.or_else(|| statement.strip_prefix("CREATE UNIQUE INDEX IF NOT EXISTS \""))?;
    let (name, rest) = rest.split_once('"')?;
    let (_, rest) = rest.split_once("ON \"")?;
    let (table, _) = rest.split_once('"')?;
    SHARED_TABLES.contains(&table).then_some(name)
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statement(sql) | Self::Index { sql, .. } => f.write_str(sql),
            Self::Fill(Fill { table, key, set, condition }) => {
                write!(f, "FILL {table} BY {key} SET {set} WHERE {condition}")
            }
            Self::NotNull { table, column } => write!(f, "NOT NULL {table}.{column}"),
            Self::DropIndex(name) => write!(f, "DROP INDEX {name}"),
            Self::Nullable { table, column } => write!(f, "NULL {table}.{column}"),
        }
    }
}
