//! Only one program changes the schema of an adopted database at a time.

use std::fmt;
use std::time::Duration;

use sea_orm_migration::sea_orm::sqlx::postgres::PgConnection;
use sea_orm_migration::sea_orm::sqlx::{self, Connection};
use sea_orm_migration::sea_orm::{DatabaseConnection, DbErr};

use super::session::{connection_error, options};

/// The key of the lock: "patron" in ASCII. Such locks belong to a database, not to the server.
const TRY_LOCK: &str = "SELECT pg_try_advisory_lock(123563867795310)";
/// How often a waiting program tries to get the lock, and for how long: five minutes. A query that waits for it would have
/// a snapshot, for which the other program's indexes would wait.
const ATTEMPTS: u32 = 600;
const PAUSE: Duration = Duration::from_millis(500);

/// The right to change the schema. PostgreSQL takes it back when the connection ends, also if the program is killed.
pub struct AdoptionLock(PgConnection);

impl fmt::Debug for AdoptionLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdoptionLock")
    }
}

impl AdoptionLock {
    /// Returns the right.
    pub async fn release(self) -> Result<(), DbErr> {
        self.0.close().await.map_err(connection_error)
    }
}

/// Gets the right to change the schema, or fails if another program has it.
pub async fn lock(db: &DatabaseConnection) -> Result<AdoptionLock, DbErr> {
    acquire(db, 1).await
}

/// As [`lock`], but waits for the other program.
pub(super) async fn wait(db: &DatabaseConnection) -> Result<AdoptionLock, DbErr> {
    acquire(db, ATTEMPTS).await
}

async fn acquire(db: &DatabaseConnection, attempts: u32) -> Result<AdoptionLock, DbErr> {
    let mut connection = PgConnection::connect_with(&options(db)?).await.map_err(connection_error)?;
    for attempt in 1..=attempts {
        let locked: bool =
            sqlx::query_scalar(TRY_LOCK).fetch_one(&mut connection).await.map_err(connection_error)?;
        if locked {
            return Ok(AdoptionLock(connection));
        }
        if attempt < attempts {
            tokio::time::sleep(PAUSE).await;
        }
    }
    let text =
        "another `patron adopt` or `patron migrate up` is changing this database: wait until it has finished";
    Err(DbErr::Migration(text.to_owned()))
}
