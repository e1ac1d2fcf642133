//! An adoption or an undo that ends at any statement can be continued, and taken back.
//!
//! An event trigger of the database ends the connection of patron before, and after, a chosen statement that changes the schema,
//! as a crash of the program or of the server does. `PATRON_TEST_CRASHES` is the number of such statements, 6 by default; a number
//! that is greater than that of the statements ends each of them. In addition, the program is killed at different times.

use std::time::Duration;

use super::locks::wait;
use super::schema::{assert_same, schema};
use super::shop::{Ran, ShopDatabase};
use crate::support::{execute, rows};

const ADOPT: [&str; 2] = ["adopt", "--yes"];
const UNDO: [&str; 3] = ["adopt", "--undo", "--yes"];
/// The kills of a command that runs to its end afterwards.
const KILLS: u32 = 5;

fn crashes() -> u64 {
    std::env::var("PATRON_TEST_CRASHES").map_or(6, |crashes| crashes.parse().expect("a number of crashes"))
}

/// Calls a function at each statement that changes the schema.
fn watch(url: &str, function: &str, events: &[&str]) {
    let triggers = events.iter().map(|event| {
        format!("CREATE EVENT TRIGGER crash_{event} ON ddl_command_{event} EXECUTE FUNCTION crash.act()")
    });
    let triggers: Vec<String> = triggers.collect();
    let create = "CREATE FUNCTION crash.act() RETURNS event_trigger LANGUAGE plpgsql AS";
    execute(
        url,
        &format!(
            "CREATE SCHEMA crash; CREATE SEQUENCE crash.statements; {create} $$ {function} $$; {}",
            triggers.join("; ")
        ),
    );
}

fn unwatch(url: &str) {
    execute(url, "DROP EVENT TRIGGER IF EXISTS crash_start; DROP EVENT TRIGGER crash_end");
    execute(url, "DROP SCHEMA crash CASCADE");
}

/// Counts the statements of a command: the number before and the number after each of them.
fn count(database: &ShopDatabase, command: &[&str]) -> u64 {
    watch(database.url(), "BEGIN PERFORM nextval('crash.statements'); END", &["end"]);
    database.run(command).succeeded();
    let count = rows(database.url(), "SELECT last_value::text FROM crash.statements");
    unwatch(database.url());
    2 * count[0].parse::<u64>().expect("a number")
}

/// Ends the connection before or after the statement with this number. The counter is a setting of the connection, because an
/// index can't be dropped concurrently in a transaction that has written.
fn arm(url: &str, statement: u64) {
    let function = format!(
        "DECLARE number bigint := coalesce(nullif(current_setting('crash.number', true), ''), '0')::bigint + 1; \
         BEGIN PERFORM set_config('crash.number', number::text, false); \
         IF number = {statement} THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END"
    );
    watch(url, &function, &["start", "end"]);
}

/// The numbers of the statements at which a command is ended, of so many.
fn points(total: u64) -> Vec<u64> {
    let crashes = crashes().min(total);
    // The first and the last one, and some between them.
    (0..crashes).map(|number| 1 + number * (total - 1) / (crashes - 1).max(1)).collect()
}

/// A database with the two schemas that the commands lead to.
struct Crashing {
    database: ShopDatabase,
    before: String,
    adopted: String,
}

impl Crashing {
    fn schema(&self) -> String {
        schema(self.database.url())
    }

    /// Runs a command that is ended at a statement.
    fn crash(&self, command: &[&str], statement: u64) {
        arm(self.database.url(), statement);
        let ran = self.database.run(command);
        unwatch(self.database.url());
        assert!(
            ran.code != 0 && !ran.error.contains("panicked"),
            "{command:?} at statement {statement}: {ran:?}"
        );
    }

    fn adopt_again(&self, what: &str) {
        let ran = self.database.run(&ADOPT);
        assert_eq!(ran.code, 0, "{what}: {ran:?}");
        assert_same(&self.adopted, &self.schema());
    }

    fn undo_again(&self, what: &str) {
        let ran = self.database.run(&UNDO);
        assert_eq!(ran.code, 0, "{what}: {ran:?}");
        assert_same(&self.before, &self.schema());
    }
}

/// The number of statements of both commands, and the schemas after them.
fn measure(label: &str) -> Option<(Crashing, u64, u64)> {
    let database = ShopDatabase::create(label)?;
    fill(&database);
    let before = schema(database.url());
    let of_adoption = count(&database, &ADOPT);
    let adopted = schema(database.url());
    let of_undo = count(&database, &UNDO);
    assert_same(&before, &schema(database.url()));
    assert!(of_adoption > 100 && of_undo > 50, "{of_adoption} and {of_undo} statements are counted");
    Some((Crashing { database, before, adopted }, of_adoption, of_undo))
}

/// Rows that have to be filled.
fn fill(database: &ShopDatabase) {
    let insert = "INSERT INTO customer (email, password, full_name) SELECT number || '@shop.example', '-', NULL FROM generate_series(1, 3000) AS number";
    execute(database.url(), insert);
    let insert = "INSERT INTO customer_address (customer_id, country) SELECT customer_id, 'US' FROM customer";
    execute(database.url(), insert);
}

#[test]
fn an_adoption_that_crashed_at_any_statement_is_continued_or_undone() {
    let Some((crashing, total, _)) = measure("crash_adopt") else { return };
    let points = points(total);
    println!("ended at {} of {total} statements", points.len());
    for (number, statement) in points.into_iter().enumerate() {
        let what = format!("the adoption ended at statement {statement} of {total}");
        crashing.crash(&ADOPT, statement);
        if number % 2 == 0 {
            crashing.undo_again(&what);
        } else {
            crashing.adopt_again(&what);
            crashing.undo_again(&what);
        }
    }
}

#[test]
fn an_undo_that_crashed_at_any_statement_is_continued_or_adopted() {
    let Some((crashing, _, total)) = measure("crash_undo") else { return };
    let points = points(total);
    println!("ended at {} of {total} statements", points.len());
    for (number, statement) in points.into_iter().enumerate() {
        let what = format!("the undo ended at statement {statement} of {total}");
        crashing.adopt_again(&what);
        crashing.crash(&UNDO, statement);
        if number % 2 == 0 {
            crashing.undo_again(&what);
        } else {
            crashing.adopt_again(&what);
            crashing.undo_again(&what);
        }
    }
}

/// Kills a command several times, each time later, and runs it to its end.
async fn kill_repeatedly(database: &ShopDatabase, command: &[&str]) -> Ran {
    for kill in 1..=KILLS {
        let mut child = database.spawn(command);
        tokio::time::sleep(Duration::from_millis(u64::from(60 * kill * kill))).await;
        child.kill().expect("the command is killed");
        child.wait().expect("the command ends");
    }
    for _ in 0..50 {
        let ran = wait(database.spawn(command)).await;
        // PostgreSQL has not noticed the end of the killed program yet, and keeps its lock.
        if !ran.error.contains("another `patron adopt`") {
            return ran;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the lock of a killed program is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_adoption_and_a_killed_undo_are_continued() {
    let Some(database) = ShopDatabase::create("kill") else { return };
    fill(&database);
    let before = schema(database.url());
    database.adopt();
    let adopted = schema(database.url());
    database.undo();
    for _ in 0..2 {
        kill_repeatedly(&database, &ADOPT).await.succeeded();
        assert_same(&adopted, &schema(database.url()));
        let incomplete = "SELECT email::text FROM customer WHERE email_key IS NULL OR full_name IS NULL";
        assert_eq!(rows(database.url(), incomplete).len(), 0);
        kill_repeatedly(&database, &UNDO).await.succeeded();
        assert_same(&before, &schema(database.url()));
    }
    assert_eq!(rows(database.url(), "SELECT count(*)::text FROM customer"), ["3000"]);
}
