//! A table that another program keeps busy: the adoption waits for it, and the shop does not wait behind the adoption.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, TransactionTrait};

use super::api::eventually;
use super::schema::{assert_same, schema};
use super::shop::{Ran, ShopDatabase};
use crate::support::rows;

/// A statement of the adoption that waits for an exclusive lock.
const WAITING: &str = "SELECT l.pid::text FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
    WHERE d.datname = current_database() AND NOT l.granted AND l.mode = 'AccessExclusiveLock'";

/// A transaction of another program, open until `end`.
pub(super) struct OpenTransaction {
    db: DatabaseConnection,
    transaction: DatabaseTransaction,
}

impl OpenTransaction {
    /// Begins it with a statement.
    pub(super) async fn begin(url: &str, statement: &str) -> Self {
        let db = Database::connect(url).await.expect("the database is reachable");
        let transaction = db.begin().await.expect("the transaction begins");
        transaction
            .execute_unprepared(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        Self { db, transaction }
    }

    pub(super) async fn end(self) {
        self.transaction.rollback().await.expect("the transaction ends");
        self.db.close().await.expect("the connection closes");
    }
}

/// Waits for the end of a command that was started.
pub(super) async fn wait(child: std::process::Child) -> Ran {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await;
    let output = output.expect("the command is waited for").expect("the command ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().unwrap_or(-1);
    Ran { code, output: text(&output.stdout), error: text(&output.stderr) }
}

/// A dump, or a long report, has a lock that stops the adoption. As many writes of the shop as the test wants succeed before
/// the lock is released: none of them waits for the adoption until the end of the lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shop_writes_while_an_adoption_waits_for_a_busy_table() {
    let Some(database) = ShopDatabase::create("busy") else { return };
    let before = schema(database.url());
    let shop = database.start_shop();
    let dump = OpenTransaction::begin(database.url(), "LOCK TABLE customer IN ACCESS SHARE MODE").await;
    let adoption = database.spawn(&["adopt", "--yes"]);
    let is_waiting = async || (!rows(database.url(), WAITING).is_empty()).then_some(());
    for number in 0..5 {
        eventually("the adoption waits for the lock, again and again", &is_waiting).await;
        shop.api().register(&format!("busy{number}@shop.example"), "a password of the tests").await;
    }

    // Only one program adopts at a time, and patron does not serve an incomplete adoption.
    let second = database.run(&["adopt", "--yes"]);
    assert!(second.code == 1 && second.error.contains("another `patron adopt`"), "{second:?}");
    let undo = database.run(&["adopt", "--undo", "--yes"]);
    assert!(undo.code == 1 && undo.error.contains("another `patron adopt`"), "{undo:?}");
    let server = database.run(&["serve"]);
    assert!(server.code == 78 && server.error.contains("patron adopt"), "{server:?}");

    dump.end().await;
    wait(adoption).await.succeeded();
    let missing = "SELECT email::text FROM customer WHERE email_key IS NULL";
    assert_eq!(rows(database.url(), missing), Vec::<String>::new());
    database.undo();
    assert_same(&before, &schema(database.url()));
    assert_eq!(rows(database.url(), "SELECT email::text FROM customer").len(), 5);
}

/// An index that is built concurrently waits for older transactions, such as a dump. If the program is killed then, PostgreSQL
/// still builds it, or leaves it invalid. The next adoption has to cope with both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adoption_that_was_killed_during_an_index_is_continued() {
    let Some(database) = ShopDatabase::create("index") else { return };
    let before = schema(database.url());
    database.adopt();
    let adopted = schema(database.url());
    database.undo();

    let snapshot = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM migration";
    let dump = OpenTransaction::begin(database.url(), snapshot).await;
    let building = "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' \
        AND query LIKE 'CREATE %INDEX CONCURRENTLY%'";
    let mut adoption = database.spawn(&["adopt", "--yes"]);
    let is_building = async || (!rows(database.url(), building).is_empty()).then_some(());
    eventually("an index waits for the dump", &is_building).await;
    adoption.kill().expect("the adoption is killed");
    adoption.wait().expect("the adoption ends");

    // The connection of the killed program ends when PostgreSQL notices, and its lock with it.
    let adoption = database.spawn(&["adopt", "--yes"]);
    dump.end().await;
    let mut ran = wait(adoption).await;
    for _ in 0..20 {
        if ran.code == 0 {
            break;
        }
        assert!(ran.error.contains("another `patron adopt`"), "{ran:?}");
        ran = wait(database.spawn(&["adopt", "--yes"])).await;
    }
    ran.succeeded();
    assert_same(&adopted, &schema(database.url()));
    database.undo();
    assert_same(&before, &schema(database.url()));
}
