//! `patron adopt` on a small schema with the shape of EverShop's. `tests/program/evershop` uses the real one.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Folder, Postgres, code_and_error, execute, patron, rows, run};

/// The tables of EverShop that patron shares or reads.
const SCHEMA: &str = include_str!("../../api/shared_database/schema.sql");

/// Rows that patron can't have, or changes.
const DIRTY: &str = "
INSERT INTO customer (email, password, full_name) VALUES
    ('twin@example.com', 'x', 'A'), ('Twin@Example.com', 'x', 'B'), ('ada@bücher.example', 'x', NULL),
    ('Ada@xn--bcher-kva.example', 'x', 'D'), ('no-at-sign', 'x', 'E'), ('NO-AT-SIGN', 'x', 'F');
UPDATE customer SET status = 7 WHERE email = 'no-at-sign';
UPDATE customer SET meta_data = '[1]' WHERE email = 'NO-AT-SIGN';
INSERT INTO session VALUES ('s', '{\"customerID\": 2}', now() + interval '1 day');
INSERT INTO customer_address (customer_id, country, is_default) VALUES (1, 'US', true), (1, 'Polska', true), (2, 'US', NULL);
INSERT INTO customer_group (group_name) VALUES ('VIP'), ('vip'), (' ');
INSERT INTO admin_user (email, password, full_name) VALUES ('Root@x.io', 'x', 'R'), ('root@X.io', 'x', 'S');
INSERT INTO metafield_definition (owner_type, namespace, field_key, name, field_type)
    VALUES ('customer', 'custom', 'Bad Key', 'x', 'short_text');
INSERT INTO reset_password_token (customer_id, token) VALUES (1, 't')";

/// All objects of the schema `public`, and all their columns.
const OBJECTS: &str = "SELECT CAST(object AS text) FROM (
    SELECT format('%s %s', relkind, relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
        pg_get_expr(adbin, adrelid))
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid AND relnamespace = 'public'::regnamespace
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0 AND NOT attisdropped
    UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index
        JOIN pg_class ON pg_class.oid = indexrelid AND relnamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT format('%s', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT format('type %s', typname) FROM pg_type WHERE typnamespace = 'public'::regnamespace
    ) AS objects (object) ORDER BY 1";

/// A database that EverShop made.
struct SmallShop {
    folder: Folder,
    database: Postgres,
}

/// The outcome of a command: exit code, standard output and standard error.
type Outcome = (i32, String, String);

impl SmallShop {
    fn create(label: &str) -> Self {
        let (folder, database) = (Folder::new(), Postgres::create(label));
        execute(&database.url, SCHEMA);
        Self { folder, database }
    }

    fn adopt(&self, arguments: &[&str]) -> Outcome {
        adopt(self.folder.path(), &[("DATABASE_URL", self.database.url.as_str())], arguments)
    }

    /// The report of a check, with its exit code.
    fn check(&self) -> (i32, Value) {
        let (code, output, error) = self.adopt(&["--check"]);
        (code, serde_json::from_str(&output).unwrap_or_else(|_| panic!("{output}{error}")))
    }

    fn execute(&self, sql: &str) {
        execute(&self.database.url, sql);
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.database.url, sql)
    }

    /// The path of a file in the folder.
    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

fn adopt(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Outcome {
    let output = run(folder, &[&["adopt"], arguments].concat(), settings);
    let (code, error) = code_and_error(&output);
    (code, String::from_utf8_lossy(&output.stdout).into_owned(), error)
}

/// The codes of the findings of a severity.
fn codes(report: &Value, severity: &str) -> BTreeSet<String> {
    let findings = report["findings"].as_array().expect("the report has findings");
    let of_severity = findings.iter().filter(|finding| finding["severity"] == severity);
    of_severity.map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn only_the_database_of_a_shop_can_be_adopted() {
    let (folder, database) = (Folder::new(), Postgres::create("adopt_own"));
    let all = [&["--check"][..], &["--yes"], &["--undo", "--yes"], &["--finish", "--yes"]];
    let assert_refused = |settings: &[(&str, &str)], reason: &str| {
        for arguments in all {
            let (code, output, error) = adopt(folder.path(), settings, arguments);
            assert!(code == 1 && error.contains(reason), "{arguments:?}: {code} {output}{error}");
        }
    };
    assert_refused(&[], "the database is SQLite, which EverShop can't use");
    assert!(!folder.path().join("data").exists(), "a check creates the embedded database");
    let settings = [("DATABASE_URL", database.url.as_str())];
    assert_refused(&settings, "the database is empty");
    let (code, error) = code_and_error(&run(folder.path(), &["migrate", "up"], &settings));
    assert_eq!(code, 0, "{error}");
    assert_refused(&settings, "the database is patron's own");
    let (code, _, error) = adopt(folder.path(), &settings, &["--check", "--undo"]);
    assert!(code == 2 && error.contains("cannot be used with"), "{code} {error}");
}

#[test]
fn a_check_reports_everything_and_writes_nothing() {
    let shop = SmallShop::create("adopt_check");
    shop.execute(DIRTY);
    shop.execute("CREATE TABLE mail (id integer)");
    shop.execute("ALTER TABLE customer ADD COLUMN version text");
    let before = shop.rows(OBJECTS);
    let (code, report) = shop.check();
    assert_eq!((code, &report["outcome"]), (1, &Value::from("blocked")), "{report}");
    let blocking = [
        "admin_twins",
        "customer_twins",
        "group_twins",
        "group_without_name",
        "meta_data",
        "names_taken",
        "several_defaults",
    ];
    assert_eq!(codes(&report, "blocks"), BTreeSet::from(blocking.map(str::to_owned)), "{report}");
    let changed = ["null_default", "null_name", "status"];
    assert_eq!(codes(&report, "changes"), BTreeSet::from(changed.map(str::to_owned)), "{report}");
    let reported =
        ["invalid_email", "open_reset_token", "other_hash", "refused_definition", "unknown_country"];
    assert_eq!(codes(&report, "reports"), BTreeSet::from(reported.map(str::to_owned)), "{report}");
    let text = report.to_string();
    for part in ["Twin@Example.com", "ada@xn--bcher-kva.example", "table mail", "column customer.version"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("no-at-sign: "), "addresses that are not valid are not twins: {text}");
    assert_eq!(report["rows"]["customer"], 6);
    let (code, human, error) = shop.adopt(&["--check", "--format", "human"]);
    assert!(code == 1 && human.contains("blocks the adoption:") && human.contains("blocked: "), "{human}");
    assert!(error.contains("something blocks the adoption"), "{error}");
    let (code, _, error) = shop.adopt(&["--yes"]);
    assert!(code == 1 && error.contains("findings block the adoption"), "{code} {error}");
    assert_eq!(shop.rows(OBJECTS), before);
}

#[test]
fn unknown_versions_and_missing_rights_block_an_adoption() {
    let shop = SmallShop::create("adopt_rights");
    for (version, remedy) in [("1.0.3", "upgrade EverShop"), ("1.0.5", "newer version of patron")] {
        shop.execute(&format!("UPDATE migration SET version = '{version}' WHERE module = 'customer'"));
        let (code, report) = shop.check();
        assert!(code == 1 && report.to_string().contains(remedy), "{report}");
        assert_eq!(codes(&report, "blocks"), BTreeSet::from(["module_version".to_owned()]), "{report}");
    }
    shop.execute("UPDATE migration SET version = '1.0.4' WHERE module = 'customer'");
    let role = format!("reader_{}", std::process::id());
    Postgres::execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'reader'"));
    shop.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    shop.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"));
    let (_, address) = shop.database.url.split_once('@').expect("the URL names a role");
    let url = format!("postgres://{role}:reader@{address}");
    let settings = [("DATABASE_URL", url.as_str())];
    let (code, output, error) = adopt(shop.folder.path(), &settings, &["--check"]);
    let report: Value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("{output}{error}"));
    assert_eq!(code, 1, "{report}");
    let missing = ["no_create", "not_owner"].map(str::to_owned);
    assert_eq!(codes(&report, "blocks"), BTreeSet::from(missing), "{report}");
    shop.execute(&format!("REVOKE SELECT ON customer FROM {role}"));
    let (code, output, _) = adopt(shop.folder.path(), &settings, &["--check"]);
    assert!(code == 1 && output.contains("may not read these tables"), "{code} {output}");
    shop.execute(&format!("REVOKE SELECT ON migration FROM {role}"));
    let (code, _, error) = adopt(shop.folder.path(), &settings, &["--check"]);
    assert!(code == 1 && error.contains("may not read EverShop's table migration"), "{code} {error}");
    drop(shop);
    Postgres::execute(&format!("DROP ROLE {role}"));
}

/// What an undo could not restore, or PostgreSQL would refuse in the middle of an adoption.
#[test]
fn changed_objects_of_the_shop_block_an_adoption() {
    let shop = SmallShop::create("adopt_changed");
    for (change, back, code) in [
        (
            r#"ALTER TABLE customer DISABLE TRIGGER "ADD_CUSTOMER_UPDATED_EVENT_TRIGGER""#,
            r#"ALTER TABLE customer ENABLE TRIGGER "ADD_CUSTOMER_UPDATED_EVENT_TRIGGER""#,
            "changed_objects",
        ),
        (
            "CREATE VIEW field_types AS SELECT field_type FROM metafield_definition",
            "DROP VIEW field_types",
            "dependent_views",
        ),
    ] {
        shop.execute(change);
        let (exit, report) = shop.check();
        let found = codes(&report, "blocks");
        assert_eq!((exit, found), (1, BTreeSet::from([code.to_owned()])), "{report}");
        shop.execute(back);
        let (exit, report) = shop.check();
        assert_eq!(exit, 0, "{report}");
    }
}

#[test]
fn decisions_are_proposed_and_applied() {
    let shop = SmallShop::create("adopt_decide");
    shop.execute(DIRTY);
    let file = shop.file("decisions.toml");
    let (code, _, error) = shop.adopt(&["--check", "--proposals", &file]);
    assert!(code == 1 && error.contains("9 decisions are proposed"), "{code} {error}");
    let proposals = std::fs::read_to_string(&file).expect("the file is written");
    assert!(proposals.contains("new_email = \"twin+1@example.com\""), "{proposals}");
    let (code, _, error) = shop.adopt(&["--check", "--proposals", &file]);
    assert!(code == 1 && error.contains("File exists"), "an existing file is kept: {error}");
    // meta_data is not something to decide about.
    let (code, _, error) = shop.adopt(&["--resolve", &file, "--yes"]);
    assert!(code == 1 && error.contains("findings block the adoption"), "{code} {error}");
    assert_eq!(shop.rows("SELECT email FROM customer WHERE customer_id = 1"), ["twin@example.com"]);
    shop.execute("UPDATE customer SET meta_data = '{}' WHERE jsonb_typeof(meta_data) <> 'object'");

    let disabled = proposals.replacen("action = \"rename\"", "action = \"disable\"", 1);
    std::fs::write(&file, disabled.replace("twin+1@example.com", "Twin@Example.com"))
        .expect("the file is edited");
    let (code, output, error) = shop.adopt(&["--resolve", &file, "--yes"]);
    assert!(code == 1 && error.contains("another row has the new value"), "{code} {output}{error}");
    std::fs::write(&file, &disabled).expect("the file is edited");
    let (code, output, error) = shop.adopt(&["--resolve", &file, "--yes"]);
    assert!(code == 0 && output.contains("adopted in "), "{code} {output}{error}");
    let record = std::fs::read_to_string(format!("{file}.applied-2.toml")).expect("there is a record");
    assert!(record.contains("email = \"Root@x.io\"") || record.contains("email = \"root@X.io\""), "{record}");
    assert!(!record.contains("action = \"keep\""), "{record}");
    let customers = "SELECT email || ' ' || status FROM customer WHERE customer_id <= 4 ORDER BY customer_id";
    let customers = shop.rows(customers);
    assert!(customers.contains(&"Twin@Example.com 1".to_owned()), "{customers:?}");
    assert_eq!(customers.iter().filter(|customer| customer.ends_with(" 0")).count(), 1, "{customers:?}");
    assert_eq!(shop.rows("SELECT name_key FROM customer_group ORDER BY 1").len(), 4);
    let keyless = "SELECT email::text FROM customer WHERE email_key IS NULL ORDER BY customer_id";
    assert_eq!(shop.rows(keyless), ["no-at-sign", "NO-AT-SIGN"]);
}

#[test]
fn a_shop_is_adopted_and_taken_back() {
    let shop = SmallShop::create("adopt_undo");
    shop.execute(
        "INSERT INTO customer (email, password) VALUES ('a@x.io', '$argon2id$v=19$m=1,t=1,p=1$a$b')",
    );
    let before = shop.rows(OBJECTS);
    let (code, report) = shop.check();
    assert_eq!((code, &report["outcome"]), (0, &Value::from("ready")), "{report}");
    let (code, _, error) = shop.adopt(&[]);
    assert!(code == 1 && error.contains("use --yes"), "{code} {error}");
    let (code, output, _) = shop.adopt(&["--undo", "--yes"]);
    assert!(code == 0 && output.contains("nothing to undo"), "{code} {output}");
    for _ in 0..2 {
        let (code, output, error) = shop.adopt(&["--yes"]);
        assert!(code == 0 && output.contains("adopted in ") && error.contains("indexes"), "{output}{error}");
        for arguments in [&["--yes"][..], &["--check", "--format", "human"]] {
            let (code, output, error) = shop.adopt(arguments);
            assert!(code == 0 && output.contains("is adopted since"), "{code} {output}{error}");
        }
        let settings = [("DATABASE_URL", shop.database.url.as_str())];
        let (code, error) = code_and_error(&run(shop.folder.path(), &["migrate", "status"], &settings));
        assert_eq!(code, 0, "{error}");
        assert_ne!(shop.rows(OBJECTS), before);
        shop.execute("UPDATE customer SET full_name = coalesce(full_name, '') || 'x'");
        let (code, output, error) = shop.adopt(&["--undo", "--yes"]);
        assert!(code == 0 && output.contains("1  customers need a new password"), "{code} {output}{error}");
        assert!(output.contains("1  changes of the shop without an entry"), "{output}");
        assert_eq!(shop.rows(OBJECTS), before);
    }
    assert_eq!(shop.rows("SELECT full_name FROM customer"), ["xx"], "changes of the shop are kept");
}

#[test]
fn an_adoption_is_finished_when_the_shop_no_longer_writes() {
    let shop = SmallShop::create("adopt_finish");
    let (code, _, error) = shop.adopt(&["--finish", "--yes"]);
    assert!(code == 1 && error.contains("the database is not adopted"), "{code} {error}");
    let (code, output, error) = shop.adopt(&["--yes", "--format", "json"]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(serde_json::from_str::<Value>(&output).expect("JSON")["outcome"], "adopted");
    shop.execute("INSERT INTO customer (email, password) VALUES ('a@x.io', 'x')");
    for expected in ["finished in ", "the adoption was finished at "] {
        let (code, output, error) = shop.adopt(&["--finish", "--yes"]);
        assert!(code == 0 && output.contains(expected), "{code} {output}{error}");
    }
    let entries = "SELECT kind::text FROM journal_entry WHERE kind = 'customer.created'";
    assert_eq!(shop.rows(entries), ["customer.created"], "the last change of the shop has an entry");
    let triggers =
        "SELECT tgname::text FROM pg_trigger WHERE tgname LIKE 'patron%' OR tgname LIKE 'ADD_CUSTOMER%'";
    assert!(shop.rows(triggers).is_empty());
    let (code, _, error) = shop.adopt(&["--undo", "--yes"]);
    assert_eq!(code, 0, "{error}");
}

#[test]
fn a_reader_that_closes_the_output_causes_no_panic() {
    let shop = SmallShop::create("adopt_closed");
    let settings = [("DATABASE_URL", shop.database.url.as_str())];
    for arguments in [&["adopt", "--check"][..], &["adopt", "--yes"], &["adopt", "--undo", "--yes"]] {
        let mut command = patron(shop.folder.path(), arguments, &settings);
        let mut child = command.stderr(Stdio::null()).spawn().expect("the program runs");
        drop(child.stdout.take());
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{arguments:?}");
    }
}
