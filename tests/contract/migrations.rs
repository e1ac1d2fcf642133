//! Released migrations must not be edited, since databases have already run them.

use migration::adoption::Change;
use sea_orm::DbBackend;
use sha2::{Digest, Sha256};

/// Compares a digest of the statements of each migration, on each database, with `migration/released.txt`.
#[test]
fn released_migrations_are_unchanged() {
    let mut lines = Vec::new();
    for step in migration::STEPS {
        for (backend, name) in [(DbBackend::Sqlite, "sqlite"), (DbBackend::Postgres, "postgresql")] {
            let statements = [(step.up)(backend), (step.down)(backend)].concat();
            lines.push(format!("{}  {} {name}", digest(&statements), step.name));
        }
    }
    compare(&lines, "migration/released.txt", include_str!("../../migration/released.txt"));
}

/// The same for what migrations do in a database that patron shares with a shop.
#[test]
fn released_changes_of_shared_tables_are_unchanged() {
    let mut lines = Vec::new();
    for step in migration::STEPS {
        let Some(shared) = step.shared else { continue };
        let changes = [(shared.up)(), (shared.down)()].concat();
        let changes: Vec<String> = changes.iter().map(Change::to_string).collect();
        lines.push(format!("{}  {}", digest(&changes), step.name));
    }
    compare(&lines, "migration/released_shared.txt", include_str!("../../migration/released_shared.txt"));
}

/// An undo drops what it does not know how to change: only patron's own tables, and columns of the shared ones.
#[test]
fn no_shared_table_is_created_or_dropped() {
    for step in migration::STEPS {
        for change in step.shared_up().iter().chain(&step.shared_down()) {
            let text = change.to_string();
            for table in migration::adoption::SHARED_TABLES {
                for statement in ["CREATE TABLE IF NOT EXISTS", "DROP TABLE IF EXISTS"] {
                    let forbidden = format!("{statement} \"{table}\"");
                    assert!(!text.starts_with(&forbidden), "{}: {text}", step.name);
                }
            }
        }
    }
}

fn digest(statements: &[String]) -> String {
    let digest = Sha256::digest(statements.join(";\n").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn compare(lines: &[String], file: &str, released: &str) {
    let released: Vec<&str> = released.lines().collect();
    for (line, released) in lines.iter().zip(&released) {
        assert_eq!(
            line, released,
            "a released migration was edited: revert it, and add a new migration instead"
        );
    }
    let new = lines.get(released.len()..).unwrap_or_default().join("\n");
    assert_eq!(lines.len(), released.len(), "append the digests of the new migrations to {file}:\n{new}");
}
