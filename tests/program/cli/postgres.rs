//! The program on PostgreSQL: unavailable at the start, migrated only on request, used with a role of few privileges.

use std::sync::mpsc;
use std::thread::JoinHandle;

use sea_orm::{ConnectionTrait, Database, TransactionTrait};

use crate::support::{Folder, Postgres, Server, code_and_error, free_address, run};

/// The server starts, is not ready, and responds with 503.
#[test]
fn the_database_may_be_unavailable_at_the_start() {
    let folder = Folder::new();
    let url = format!("postgres://patron:hunter2@{}/patron", free_address());
    let settings = [("DATABASE_URL", url.as_str()), ("PATRON_DATABASE_WAIT", "1")];
    let server = Server::start(folder.path(), &[], &settings, "database");
    assert!(server.send("GET /health/live", "", "").starts_with("HTTP/1.1 200"));
    let ready = server.send("GET /health/ready", "", "");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("The database can't be reached"), "{ready}");
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse"}"#;
    let response = server.send("POST /api/customers", "", body);
    assert!(response.starts_with("HTTP/1.1 503") && response.contains("retry-after: 1"), "{response}");
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0));
    assert!(log.contains("the database is unavailable; trying again") && !log.contains("hunter2"), "{log}");
    let (code, error) = code_and_error(&run(folder.path(), &["admin", "list"], &settings));
    assert!(code == 69 && error.contains("DATABASE_URL") && !error.contains("hunter2"), "{code} {error}");
}

#[test]
fn postgres_is_migrated_only_on_request() {
    let (folder, database) = (Folder::new(), Postgres::create("cli"));
    let settings = [("DATABASE_URL", database.url.as_str())];
    let (code, error) = code_and_error(&run(folder.path(), &[], &settings));
    assert!(code == 78 && error.contains("migrations behind: run `patron migrate up`"), "{code} {error}");
    let status = run(folder.path(), &["migrate", "status"], &settings);
    assert!(status.status.code() == Some(1) && !String::from_utf8_lossy(&status.stdout).contains("applied"));

    let server = Server::start(folder.path(), &["serve", "--migrate"], &settings, "password");
    assert!(server.banner.contains("PostgreSQL") && !server.banner.contains("sslmode"), "{}", server.banner);
    let response = server.send("GET /health/ready", "", "");
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert_eq!(server.terminate().0, Some(0));
    // The second start needs no flag and creates no admin. Both spellings of the scheme work.
    let url = database.url.replace("postgres://", "postgresql://");
    let server = Server::start(folder.path(), &[], &[("DATABASE_URL", url.as_str())], "database");
    assert!(server.send("GET /health/ready", "", "").starts_with("HTTP/1.1 200"));
    assert!(!server.banner.contains("password"), "{}", server.banner);
}

/// Whether the text has the warning that searches don't use an index.
fn has_warning(text: &str) -> bool {
    text.contains("searches by keyword read all customers") && text.contains("CREATE EXTENSION pg_trgm")
}

/// The response to a search for "zofi" by the admin.
fn search(server: &Server) -> String {
    let login = r#"{"email": "admin@x.io", "password": "staple battery horse"}"#;
    let response = server.send("POST /api/user/tokens", "", login);
    let (_, token) = response.split_once("\"accessToken\":\"").expect("the admin logs in");
    let header = format!("Authorization: Bearer {}\r\n", token.split('"').next().unwrap_or_default());
    let query = r#"{"query": "{ customersConnection(filter: {keyword: \"zofi\"}) { totalCount } }"}"#;
    server.send("POST /api/graphql", &header, query)
}

/// Locks the table of customers for two seconds, and returns when it is locked.
fn lock_customers(database: &Postgres) -> JoinHandle<()> {
    let (locked, wait) = mpsc::channel();
    let name = database.name.clone();
    let holder = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let server = Database::connect(Postgres::url(&name)).await.expect("the server is reachable");
            let transaction = server.begin().await.expect("the transaction begins");
            transaction.execute_unprepared("LOCK TABLE customer").await.expect("the table is locked");
            locked.send(()).expect("the test waits");
            transaction.execute_unprepared("SELECT pg_sleep(2)").await.expect("the statement ends");
            transaction.commit().await.expect("the transaction commits");
        });
    });
    wait.recv().expect("the table is locked");
    holder
}

#[test]
fn search_works_without_the_privilege_to_create_extensions_and_a_warning_is_logged() {
    let (folder, database) = (Folder::new(), Postgres::create("search"));
    let role = format!("limited_{}", std::process::id());
    Postgres::execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'limited'"));
    Postgres::execute_in(&database.name, &format!("GRANT CREATE ON SCHEMA public TO {role}"));
    let (_, address) = database.url.split_once('@').expect("the URL names a role");
    let url = format!("postgres://{role}:limited@{address}");
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("PATRON_ADMIN_EMAIL", "admin@x.io"),
        ("PATRON_ADMIN_PASSWORD", "staple battery horse"),
    ];
    let (code, error) = code_and_error(&run(folder.path(), &["migrate", "up"], &settings));
    assert!(code == 0 && has_warning(&error), "{code} {error}");
    let server = Server::start(folder.path(), &[], &settings, "admin");
    let customer = r#"{"full_name": "Žofie", "email": "z@x.io", "password": "correct horse battery"}"#;
    assert!(server.send("POST /api/customers", "", customer).starts_with("HTTP/1.1 201"));
    assert!(search(&server).contains("\"totalCount\":1"));
    let (code, log) = server.terminate();
    assert!(code == Some(0) && has_warning(&log), "{log}");

    // The operator follows the warning. The extension may be in any schema.
    Postgres::execute_in(&database.name, "CREATE SCHEMA \"Extra\"");
    Postgres::execute_in(&database.name, &format!("GRANT USAGE ON SCHEMA \"Extra\" TO {role}"));
    Postgres::execute_in(&database.name, "CREATE EXTENSION pg_trgm SCHEMA \"Extra\"");
    // Creating the index has no timeout: here it waits for a lock longer than the statement timeout.
    let holder = lock_customers(&database);
    let mut with_timeout = settings.to_vec();
    with_timeout.push(("PATRON_DATABASE_STATEMENT_TIMEOUT", "1"));
    let (code, error) = code_and_error(&run(folder.path(), &["migrate", "up"], &with_timeout));
    assert!(code == 0 && !has_warning(&error), "{code} {error}");
    holder.join().expect("the lock is released");
    let index = "DO $$ BEGIN ASSERT to_regclass('customer_search_text_idx') IS NOT NULL; END $$";
    Postgres::execute_in(&database.name, index);
    let server = Server::start(folder.path(), &[], &settings, "database");
    assert!(search(&server).contains("\"totalCount\":1"));
    let (code, log) = server.terminate();
    assert!(code == Some(0) && !has_warning(&log), "{log}");
    // `migrate down` keeps the extension, which other programs may use.
    let (code, error) = code_and_error(&run(folder.path(), &["migrate", "down", "--all"], &settings));
    assert_eq!(code, 0, "{error}");
    let extension = "DO $$ BEGIN ASSERT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm'); END $$";
    Postgres::execute_in(&database.name, extension);
    drop(database);
    Postgres::execute(&format!("DROP ROLE {role}"));
}

#[test]
fn slow_statements_are_logged_without_their_values() {
    let (folder, database) = (Folder::new(), Postgres::create("slow"));
    for (threshold, logged) in [("40", true), ("0", false)] {
        let settings = [
            ("DATABASE_URL", database.url.as_str()),
            ("PATRON_SLOW_QUERY", threshold),
            ("PATRON_LOG_FORMAT", "json"),
        ];
        let server = Server::start(folder.path(), &["serve", "--migrate"], &settings, "database");
        let slow = "CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END';
            DROP TRIGGER IF EXISTS slow ON customer;
            CREATE TRIGGER slow BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION slow()";
        Postgres::execute_in(&database.name, slow);
        let body = format!(
            r#"{{"full_name": "Marked", "email": "marked-{threshold}@x.io", "password": "correct horse"}}"#
        );
        let response = server.send("POST /api/customers", "X-Request-Id: mine\r\n", &body);
        assert!(response.starts_with("HTTP/1.1 201"), "{response}");
        let (_, log) = server.terminate();
        let slow = log.lines().find(|line| line.contains("slow statement") && line.contains("INSERT INTO"));
        assert_eq!(slow.is_some(), logged, "{log}");
        if let Some(line) = slow {
            assert!(line.contains("\"request_id\":\"mine\""), "the line has no request id: {line}");
        }
        assert!(!log.to_lowercase().contains("marked"), "{log}");
    }
}

/// patron relies on these settings, so it neither migrates nor starts when one has another value.
#[test]
fn a_database_with_incompatible_settings_is_refused() {
    let folder = Folder::new();
    let latin = "ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'";
    let assert_refused = |database: &Postgres, expected: &str| {
        let settings = [("DATABASE_URL", database.url.as_str())];
        for command in [vec!["migrate", "up"], vec!["serve"], vec!["serve", "--migrate"]] {
            let (code, error) = code_and_error(&run(folder.path(), &command, &settings));
            assert!(code == 78 && error.contains("patron: DATABASE_URL: "), "{command:?}: {code} {error}");
            assert!(error.contains(expected), "{command:?}: {error}");
        }
    };
    let database = Postgres::create_with("latin1", latin);
    assert_refused(&database, "server_encoding is LATIN1, and patron needs UTF8");
    drop(database);
    let database = Postgres::create("settings");
    for (name, value, shown) in [
        ("standard_conforming_strings", "off", "off"),
        ("default_transaction_isolation", "serializable", "serializable"),
        ("default_transaction_isolation", "'repeatable read'", "repeatable read"),
        ("session_replication_role", "replica", "replica"),
    ] {
        let alter = |action: &str| Postgres::execute(&format!("ALTER DATABASE {} {action}", database.name));
        alter(&format!("SET {name} = {value}"));
        assert_refused(&database, &format!("{name} is {shown}, and patron needs "));
        alter(&format!("RESET {name}"));
    }
    let settings = [("DATABASE_URL", database.url.as_str())];
    let (code, error) = code_and_error(&run(folder.path(), &["migrate", "up"], &settings));
    assert_eq!(code, 0, "{error}");
}

#[test]
fn a_refused_login_and_missing_rights_are_reported_with_a_remedy() {
    let (folder, database) = (Folder::new(), Postgres::create("denied"));
    let role = format!("denied_{}", std::process::id());
    Postgres::execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'hunter2'"));
    let (_, address) = database.url.split_once('@').expect("the URL names a role");
    let migrated = [("DATABASE_URL", database.url.as_str())];
    assert_eq!(run(folder.path(), &["migrate", "up"], &migrated).status.code(), Some(0));
    for (url, expected, reason, remedy) in [
        (
            format!("postgres://{role}:hunter3@{address}"),
            69,
            "password authentication failed",
            "Correct the user and the password in DATABASE_URL",
        ),
        (
            Postgres::url("no_such_database"),
            69,
            "database \"no_such_database\" does not exist",
            "Create the database, or correct its name in DATABASE_URL",
        ),
        (
            format!("postgres://{role}:hunter2@{address}"),
            78,
            "PostgreSQL denies the role of DATABASE_URL",
            "run the server as the same role",
        ),
    ] {
        let (code, error) =
            code_and_error(&run(folder.path(), &["admin", "list"], &[("DATABASE_URL", &url)]));
        assert!(code == expected && error.contains(reason) && error.contains(remedy), "{code} {error}");
        assert!(error.starts_with("patron: DATABASE_URL: ") && !error.contains("hunter"), "{error}");
    }
    drop(database);
    Postgres::execute(&format!("DROP ROLE {role}"));
}
