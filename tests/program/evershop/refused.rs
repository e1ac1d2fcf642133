//! Databases that are not adopted, with the reason and the remedy. Nothing is changed.

use std::process::Stdio;

use serde_json::{Value, json};
use url::Url;

use super::locks::wait;
use super::schema::{assert_same, schema};
use super::shop::ShopDatabase;
use crate::support::{Folder, Postgres, code_and_error, execute, run};

/// The finding with this code.
pub(super) fn finding<'a>(report: &'a Value, code: &str) -> &'a Value {
    let findings = report["findings"].as_array().expect("findings");
    let found = findings.iter().find(|finding| finding["code"] == code);
    found.unwrap_or_else(|| panic!("no finding {code}: {report}"))
}

/// The check is blocked by this finding, and the adoption changes nothing.
fn is_blocked(database: &ShopDatabase, code: &str) -> Value {
    let before = schema(database.url());
    let (exit, report) = database.check();
    assert_eq!((exit, &report["outcome"]), (1, &json!("blocked")), "{report}");
    let found = finding(&report, code).clone();
    assert_eq!(found["severity"], "blocks", "{found}");
    let adoption = database.run(&["adopt", "--yes"]);
    assert!(adoption.code == 1 && adoption.error.contains("block"), "{adoption:?}");
    assert_same(&before, &schema(database.url()));
    found
}

/// Not PostgreSQL, not a shop: the message says what it is.
#[test]
fn a_database_that_is_not_a_shop_is_not_adopted() {
    let folder = Folder::new();
    let adopt = |url: &str, options: &[&str]| {
        let arguments = [&["adopt"], options].concat();
        code_and_error(&run(folder.path(), &arguments, &[("DATABASE_URL", url)]))
    };
    let embedded = folder.sqlite_url();
    let empty = Postgres::create("evershop_empty");
    let own = Postgres::create("evershop_own");
    let migrated = run(folder.path(), &["migrate", "up"], &[("DATABASE_URL", own.url.as_str())]);
    assert_eq!(migrated.status.code(), Some(0));
    let foreign = Postgres::create("evershop_foreign");
    execute(&foreign.url, "CREATE TABLE customer (id int)");
    for (url, expected) in [
        (embedded.as_str(), "SQLite"),
        (empty.url.as_str(), "empty"),
        (own.url.as_str(), "patron's own"),
        (foreign.url.as_str(), "neither EverShop's nor patron's"),
    ] {
        for options in [&["--check"][..], &["--yes"], &["--undo", "--yes"], &["--finish", "--yes"]] {
            let (code, error) = adopt(url, options);
            assert!(
                code == 1 && error.contains(expected) && error.contains("DATABASE_URL"),
                "{url} {options:?}: {code} {error}"
            );
        }
    }
    assert!(!folder.path().join("patron.db").exists(), "the refused database was created");
    let (code, _) = adopt(&empty.url, &["--check", "--undo"]);
    assert_eq!(code, 2);
}

#[test]
fn a_shop_of_another_version_is_not_adopted() {
    let Some(database) = ShopDatabase::create("version") else { return };
    let set = |module: &str, version: &str| {
        execute(
            database.url(),
            &format!("UPDATE migration SET version = '{version}' WHERE module = '{module}'"),
        );
    };
    for (module, older, newer, known) in [
        ("customer", "1.0.3", "1.0.10", "1.0.4"),
        ("auth", "1.0.0", "2.0.0", "1.0.1"),
        ("base", "1.0.6", "1.1.0", "1.0.7"),
    ] {
        set(module, older);
        let found = is_blocked(&database, "module_version");
        assert!(found.to_string().contains("upgrade EverShop"), "{found}");
        set(module, newer);
        let found = is_blocked(&database, "module_version");
        assert!(found.to_string().contains("newer version of patron"), "{found}");
        set(module, known);
    }
    execute(database.url(), "DELETE FROM migration WHERE module = 'customer'");
    is_blocked(&database, "module_version");
}

/// The shop may be upgraded after the adoption: patron starts, and warns.
#[test]
fn an_upgrade_of_the_shop_after_the_adoption_is_reported() {
    let Some(database) = ShopDatabase::adopted("upgraded") else { return };
    let (_, log) = database.serve(&[]).terminate();
    assert!(!log.contains("upgraded"), "{log}");
    execute(database.url(), "UPDATE migration SET version = '1.0.5' WHERE module = 'customer'");
    let (code, log) = database.serve(&[]).terminate();
    assert!(
        code == Some(0) && log.contains("EverShop was upgraded") && log.contains("1.0.4 → 1.0.5"),
        "{log}"
    );
}

#[test]
fn names_in_use_are_reported() {
    let Some(database) = ShopDatabase::create("names") else { return };
    execute(
        database.url(),
        "CREATE TABLE mail (id int); ALTER TABLE customer ADD COLUMN version int; CREATE INDEX customer_email_key_key ON customer (email)",
    );
    let found = is_blocked(&database, "names_taken");
    let examples = found["examples"].to_string();
    for name in ["table mail", "index customer_email_key_key", "column customer.version"] {
        assert!(examples.contains(name), "{name}: {found}");
    }
    execute(
        database.url(),
        "DROP TABLE mail; ALTER TABLE customer DROP COLUMN version; DROP INDEX customer_email_key_key",
    );
    database.adopt();
}

/// A role of the server, without any right; it is dropped with this value.
struct Role<'a> {
    name: String,
    database: &'a ShopDatabase,
}

impl<'a> Role<'a> {
    fn create(label: &str, database: &'a ShopDatabase) -> Self {
        let name = format!("patron_{label}_{}", std::process::id());
        Postgres::execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'role'"));
        Self { name, database }
    }

    /// The URL of the database with this role.
    fn url(&self) -> String {
        let mut url = Url::parse(self.database.url()).expect("a URL");
        url.set_username(&self.name)
            .and_then(|()| url.set_password(Some("role")))
            .expect("the URL has a host");
        url.into()
    }

    /// Executes a statement in which `role` stands for the name.
    fn execute(&self, sql: &str) {
        execute(self.database.url(), &sql.replace("role", &self.name));
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        self.execute("REASSIGN OWNED BY role TO CURRENT_USER; DROP OWNED BY role");
        self.execute("DROP ROLE role");
    }
}

#[test]
fn a_role_without_rights_is_refused_with_the_remedy() {
    let Some(database) = ShopDatabase::create("rights") else { return };
    let role = Role::create("stranger", &database);
    let commands = [&["adopt", "--check"][..], &["adopt", "--yes"]];
    for command in commands {
        let ran = database.run_on(&role.url(), command);
        let reason = format!("{}{}", ran.output, ran.error);
        assert!(ran.code == 1 && reason.contains("may not read EverShop's table"), "{command:?}: {ran:?}");
    }
    role.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO role");
    let before = schema(database.url());
    for command in commands {
        let ran = database.run_on(&role.url(), command);
        let reason = format!("{}{}", ran.output, ran.error);
        assert!(
            ran.code == 1 && reason.contains("does not own these tables") && reason.contains("GRANT"),
            "{command:?}: {ran:?}"
        );
    }
    assert_same(&before, &schema(database.url()));
}

/// The shop and patron with one role, which is not a superuser and owns the database: the usual installation.
#[test]
fn the_owner_of_the_tables_adopts_undoes_and_serves() {
    let Some(database) = ShopDatabase::create("owner") else { return };
    let role = Role::create("owner", &database);
    let name = &database.database.name;
    role.execute(&format!("ALTER DATABASE {name} OWNER TO role; ALTER SCHEMA public OWNER TO role"));
    // The tables, with their sequences; the types; the functions.
    role.execute(
        "DO $$ DECLARE name text; BEGIN \
         FOR name IN SELECT format('TABLE %s', oid::regclass) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
         UNION ALL SELECT format('TYPE %s', enumtypid::regtype) FROM pg_enum GROUP BY enumtypid \
         UNION ALL SELECT format('FUNCTION %s', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' \
         AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e') \
         LOOP EXECUTE 'ALTER ' || name || ' OWNER TO role'; END LOOP; END $$",
    );
    let before = schema(database.url());
    let url = role.url();
    for arguments in [&["adopt", "--check"][..], &["adopt", "--yes"], &["admin", "list"], &["migrate", "up"]]
    {
        database.run_on(&url, arguments).succeeded();
    }
    drop(database.serve(&[("DATABASE_URL", url.as_str())]));
    database.run_on(&url, &["adopt", "--undo", "--yes"]).succeeded();
    assert_same(&before, &schema(database.url()));
}

/// The reader of a report may close it early.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_standard_output_is_not_a_failure() {
    let Some(database) = ShopDatabase::create("closed") else { return };
    let url = ("DATABASE_URL", database.url());
    for arguments in [&["adopt", "--check"][..], &["adopt", "--yes"], &["adopt", "--undo", "--yes"]] {
        let mut command = crate::support::patron(database.folder.path(), arguments, &[url]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program runs");
        drop(child.stdout.take());
        let ran = wait(child).await;
        assert!(ran.code == 0 && !ran.error.contains("panicked"), "{arguments:?}: {ran:?}");
    }
}
