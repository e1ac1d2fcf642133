//! Migrations of databases in unexpected states: of other versions, partially migrated, migrated concurrently.

use crate::support::{Folder, Postgres, code_and_error, execute, patron, rows, run};

/// Runs the test with an empty SQLite database and an empty PostgreSQL database.
fn on_both_databases(name: &str, test: impl Fn(&std::path::Path, &str)) {
    let (folder, database) = (Folder::new(), Postgres::create(name));
    let sqlite = format!("sqlite://{}?mode=rwc", folder.path().join("m.db").display());
    for url in [sqlite.as_str(), database.url.as_str()] {
        test(folder.path(), url);
    }
}

fn create_history(url: &str, migration: &str) {
    execute(url, "CREATE TABLE seaql_migrations (version varchar PRIMARY KEY, applied_at bigint NOT NULL)");
    execute(url, &format!("INSERT INTO seaql_migrations VALUES ('{migration}', 0)"));
}

#[test]
fn a_database_of_an_unreleased_build_is_refused_with_instructions() {
    on_both_databases("unreleased", |folder, url| {
        create_history(url, "m20261123_000001_create_customer_group");
        for arguments in [
            &["serve", "--migrate"][..],
            &["migrate", "up"],
            &["migrate", "status"],
            &["migrate", "down"],
            &["admin", "list"],
        ] {
            let (code, error) = code_and_error(&run(folder, arguments, &[("DATABASE_URL", url)]));
            assert_eq!(code, 78, "{arguments:?}: {error}");
            for part in
                ["unreleased build", "patron export --with-password-hashes", "patron import --create-groups"]
            {
                assert!(error.contains(part), "{arguments:?}: {error}");
            }
        }
        assert_eq!(rows(url, "SELECT version FROM seaql_migrations").len(), 1);
    });
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    on_both_databases("newer", |folder, url| {
        assert_eq!(run(folder, &["migrate", "up"], &[("DATABASE_URL", url)]).status.code(), Some(0));
        execute(url, "INSERT INTO seaql_migrations VALUES ('m20991231_000001_of_the_future', 0)");
        for arguments in
            [&["serve"][..], &["migrate", "up"], &["migrate", "status"], &["migrate", "down", "--all"]]
        {
            let (code, error) = code_and_error(&run(folder, arguments, &[("DATABASE_URL", url)]));
            assert!(
                code == 78 && error.contains("newer release") && error.contains("m20991231"),
                "{code} {error}"
            );
        }
        assert_eq!(rows(url, "SELECT group_name FROM customer_group"), ["Default"]);
    });
}

/// A crash may happen between any two statements. A second run creates the objects that are missing.
#[test]
fn every_migration_can_be_repeated() {
    on_both_databases("repeated", |folder, url| {
        let settings = [("DATABASE_URL", url)];
        let up = || {
            let (code, error) = code_and_error(&run(folder, &["migrate", "up"], &settings));
            assert_eq!(code, 0, "{error}");
        };
        let objects = || {
            rows(
                url,
                match url.starts_with("sqlite") {
                    true => "SELECT name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY name",
                    false => {
                        "SELECT relname || ' ' || CAST(relkind AS text) FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
                    }
                },
            )
        };
        up();
        let all = objects();
        assert!(all.len() > 50, "{all:?}");
        execute(url, "DELETE FROM seaql_migrations");
        up();
        assert_eq!(objects(), all);
        // As if the last index of each table had not been created.
        for index in [
            "customer_search_text_missing_idx",
            "webhook_delivery_journal_entry_id_idx",
            "mail_status_next_attempt_at_idx",
        ] {
            execute(url, &format!("DROP INDEX {index}"));
        }
        execute(url, "DELETE FROM seaql_migrations");
        up();
        assert_eq!(objects(), all);
        assert_eq!(rows(url, "SELECT group_name || name_key FROM customer_group"), ["Defaultdefault"]);
        assert_eq!(rows(url, "SELECT CAST(count(*) AS text) FROM journal_position"), ["1"]);
        // The same after an interrupted `migrate down`.
        execute(url, "DROP TABLE webhook_delivery");
        let (code, error) = code_and_error(&run(folder, &["migrate", "down", "--all"], &settings));
        assert_eq!(code, 0, "{error}");
        up();
        assert_eq!(objects(), all);
    });
}

/// Instances that start at the same time all run the migrations.
#[test]
fn several_instances_can_migrate_at_the_same_time() {
    on_both_databases("at_once", |folder, url| {
        let start = |_| {
            let mut command = patron(folder, &["migrate", "up"], &[("DATABASE_URL", url)]);
            command
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .expect("the program starts")
        };
        let running: Vec<_> = (0..6).map(start).collect();
        for instance in running {
            let (code, error) = code_and_error(&instance.wait_with_output().expect("the program ends"));
            assert_eq!(code, 0, "{error}");
        }
        assert_eq!(rows(url, "SELECT group_name FROM customer_group"), ["Default"]);
        // The sequence continues after the default group.
        execute(url, "INSERT INTO customer_group (group_name) VALUES ('VIP')");
        let key = "SELECT CAST(customer_group_id AS text) FROM customer_group WHERE group_name = 'VIP'";
        assert_eq!(rows(url, key), ["2"]);
    });
}
