//! The tables that make a copy of a database a backup: what wrote it, when, and the generated keys.

use std::path::Path;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};
use secrecy::ExposeSecret;

use super::file::{BackupError, problem};
use crate::crypto::key_copies::KeyCopy;

/// The version of the form of a backup.
const FORM: i32 = 1;

/// The tables, which a restored database does not have.
const TABLES: [&str; 2] = [
    r#"CREATE TABLE "patron_backup" ("form" INTEGER NOT NULL, "program" TEXT NOT NULL, "created_at" TEXT NOT NULL)"#,
    r#"CREATE TABLE "patron_backup_key" ("name" TEXT NOT NULL PRIMARY KEY, "secret" TEXT NOT NULL)"#,
];

/// What wrote a backup.
#[derive(Clone, Debug)]
pub struct BackupLabel {
    /// The version of the program.
    pub program: String,
    /// When the backup was begun (RFC 3339).
    pub created_at: String,
}

/// Writes the label and the keys.
pub(super) async fn write(
    db: &DatabaseConnection,
    label: &BackupLabel,
    keys: &[KeyCopy],
) -> Result<(), DbErr> {
    for table in TABLES {
        db.execute_unprepared(table).await?;
    }
    let insert = r#"INSERT INTO "patron_backup" ("form", "program", "created_at") VALUES (?, ?, ?)"#;
    let values = [FORM.into(), label.program.clone().into(), label.created_at.clone().into()];
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, insert, values)).await?;
    for key in keys {
        let insert = r#"INSERT INTO "patron_backup_key" ("name", "secret") VALUES (?, ?)"#;
        let values = [key.name.clone().into(), key.secret.expose_secret().into()];
        db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, insert, values)).await?;
    }
    Ok(())
}

/// Reads the label and the keys, and removes their tables. `path` is the backup, for errors.
pub(super) async fn take(
    db: &DatabaseConnection,
    path: &Path,
) -> Result<(BackupLabel, Vec<KeyCopy>), BackupError> {
    let failed = |error: DbErr| problem(path, error);
    let (form, label) = read(db)
        .await
        .map_err(|error| problem(path, format!("is not a backup that `patron backup` wrote: {error}")))?;
    if form != FORM {
        let version = &label.program;
        return Err(problem(
            path,
            format!("patron {version} wrote it in a newer form: restore it with that version"),
        ));
    }
    let select = r#"SELECT "name", "secret" FROM "patron_backup_key" ORDER BY "name""#;
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, select)).await.map_err(failed)?;
    let keys = rows.iter().map(key).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    // The keys are not left behind in free pages.
    db.execute_unprepared("PRAGMA secure_delete = on").await.map_err(failed)?;
    for table in ["patron_backup_key", "patron_backup"] {
        db.execute_unprepared(&format!(r#"DROP TABLE "{table}""#)).await.map_err(failed)?;
    }
    Ok((label, keys))
}

async fn read(db: &DatabaseConnection) -> Result<(i32, BackupLabel), DbErr> {
    let select = r#"SELECT "form", "program", "created_at" FROM "patron_backup""#;
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, select)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("it has no label".to_owned()))?;
    let label = BackupLabel { program: row.try_get_by_index(1)?, created_at: row.try_get_by_index(2)? };
    Ok((row.try_get_by_index(0)?, label))
}

fn key(row: &QueryResult) -> Result<KeyCopy, DbErr> {
    let secret: String = row.try_get_by_index(1)?;
    Ok(KeyCopy { name: row.try_get_by_index(0)?, secret: secret.into() })
}
