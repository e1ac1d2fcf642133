//! Released migrations must not be edited, since databases have already run them.

use sea_orm::DbBackend;
use sha2::{Digest, Sha256};

/// Compares a digest of the statements of each migration, on each database, with `migration/released.txt`.
#[test]
fn released_migrations_are_unchanged() {
    let mut lines = Vec::new();
    for step in migration::STEPS {
        for (backend, name) in [(DbBackend::Sqlite, "sqlite"), (DbBackend::Postgres, "postgresql")] {
            let statements = [(step.up)(backend), (step.down)(backend)].concat().join(";\n");
            let digest = Sha256::digest(statements.as_bytes());
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            lines.push(format!("{hex}  {} {name}", step.name));
        }
    }
    let released: Vec<&str> = include_str!("../../migration/released.txt").lines().collect();
    for (line, released) in lines.iter().zip(&released) {
        assert_eq!(
            line, released,
            "a released migration was edited: revert it, and add a new migration instead"
        );
    }
    let new = lines.get(released.len()..).unwrap_or_default().join("\n");
    assert_eq!(
        lines.len(),
        released.len(),
        "append the digests of the new migrations to migration/released.txt:\n{new}"
    );
}
