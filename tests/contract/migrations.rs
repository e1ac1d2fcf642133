//! Migrations that were released are as they were.

use sea_orm::DbBackend;
use sha2::{Digest, Sha256};

/// What a migration does on each database: a migration that was released is never edited, since databases have run it.
#[test]
fn released_migrations() {
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
            "a released migration was edited: undo that, and append a migration instead"
        );
    }
    let new = lines.get(released.len()..).unwrap_or_default().join("\n");
    assert_eq!(
        lines.len(),
        released.len(),
        "append to migration/released.txt what a new migration does:\n{new}"
    );
}
