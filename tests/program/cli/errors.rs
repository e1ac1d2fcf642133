//! Failures at the start name what was used and what is wrong: the flag, variable or key of the file, the path, the cause.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use patron::clock::Timer;

use crate::support::{Folder, Server, code_and_error, free_address, path, patron, run};

#[test]
fn a_port_in_use_is_reported_with_the_setting_that_names_it() {
    let folder = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::fs::write(folder.path().join("patron.toml"), format!("listen = \"{address}\"\n")).unwrap();
    let reason = format!("can't listen on {address}: Address already in use");
    for (arguments, variable, place) in [
        (&["--listen", &address][..], "127.0.0.1:0", "--listen"),
        (&[], address.as_str(), "PATRON_LISTEN"),
        (&["--config", "patron.toml"], "", "patron.toml: listen"),
    ] {
        let (code, error) = code_and_error(&run(folder.path(), arguments, &[("PATRON_LISTEN", variable)]));
        assert!(code == 78 && error.contains(&format!("patron: {place}: {reason}")), "{code} {error}");
    }
}

#[test]
fn an_unusable_data_folder_is_reported() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let (code, error) = code_and_error(&run(folder.path(), &[], &[("PATRON_DATA_DIR", "file/data")]));
    assert!(
        code == 78 && error.contains("PATRON_DATA_DIR: the folder `file/data` can't be created"),
        "{error}"
    );
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let text = "this is not a database, but long enough to be read as one".repeat(40);
    std::fs::write(folder.path().join("data/patron.db"), &text).unwrap();
    for arguments in [&["serve"][..], &["migrate", "up"], &["migrate", "status"], &["admin", "list"]] {
        let (code, error) = code_and_error(&run(folder.path(), arguments, &[]));
        assert_eq!(code, 78, "{error}");
        let expected = "PATRON_DATA_DIR: `./data/patron.db` is not an SQLite database, or it is damaged";
        assert!(error.contains(expected) && error.contains("restore a backup"), "{error}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("data/patron.db")).unwrap(), text);
}

#[test]
fn an_unusable_database_file_is_reported_with_its_path_and_a_hint() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for (path, cause, hint) in [
        (
            "nowhere/patron.db",
            "`nowhere/patron.db` can't be created: No such file",
            "create the folder `nowhere`",
        ),
        ("file/patron.db", "`file/patron.db` can't be opened: Not a directory", "`file` is not a folder"),
        ("folder", "`folder` is a folder, not a file", "add the name of the database file"),
    ] {
        let url = format!("sqlite://{path}");
        for arguments in [&["serve"][..], &["migrate", "up"]] {
            let (code, error) = code_and_error(&run(folder.path(), arguments, &[("DATABASE_URL", &url)]));
            let expected = format!("patron: DATABASE_URL: {cause}");
            assert!(code == 78 && error.contains(&expected) && error.contains(hint), "{code} {error}");
        }
    }
    // No user may create files there, root included.
    let (code, error) =
        code_and_error(&run(folder.path(), &["--database-url", "sqlite:///sys/patron.db"], &[]));
    assert!(
        code == 78 && error.contains("patron: --database-url: `/sys/patron.db` can't be created: "),
        "{error}"
    );
}

/// The header of the file is intact, so that the driver opens it.
#[test]
fn a_damaged_database_is_reported_with_its_path() {
    let folder = Folder::new();
    let settings = [("DATABASE_URL", "sqlite://shop.db")];
    assert_eq!(run(folder.path(), &["migrate", "up"], &settings).status.code(), Some(0));
    let path = folder.path().join("shop.db");
    for suffix in ["-wal", "-shm"] {
        // Missing if the last connection was closed in time.
        let _removed = std::fs::remove_file(folder.path().join(format!("shop.db{suffix}")));
    }
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100..].fill(0xAA);
    std::fs::write(&path, bytes).unwrap();
    for arguments in [&["serve"][..], &["migrate", "up"], &["admin", "list"], &["export"]] {
        let (code, error) = code_and_error(&run(folder.path(), arguments, &settings));
        assert!(code == 78 && error.contains("DATABASE_URL: `shop.db`"), "{arguments:?}: {code} {error}");
        assert!(error.contains("damaged") && error.contains("restore a backup"), "{arguments:?}: {error}");
    }
}

#[test]
fn only_commands_that_set_up_a_database_create_one() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("customers.csv"), "email,full_name\n").unwrap();
    for (arguments, expected) in [
        (&["migrate", "status"][..], 1),
        (&["migrate", "down"], 78),
        (&["export"], 78),
        (&["import", "customers.csv"], 78),
        (&["admin", "list"], 78),
        (&["mail", "list"], 78),
        (&["webhook", "list"], 78),
        (&["config"], 0),
        (&["config", "check"], 0),
    ] {
        let (code, error) = code_and_error(&run(folder.path(), arguments, &[]));
        assert_eq!(code, expected, "{arguments:?}: {error}");
        if code == 78 {
            let reason =
                "PATRON_DATA_DIR: there is no database at `./data/patron.db` yet: run `patron migrate up`";
            assert!(error.contains(reason), "{arguments:?}: {error}");
        }
        assert!(!folder.path().join("data").exists(), "{arguments:?} has created files");
    }
}

#[test]
fn a_refused_connection_to_postgres_is_reported_at_once() {
    let folder = Folder::new();
    let address = free_address();
    let url = format!("postgres://patron:hunter2@{address}/patron");
    for arguments in [&["admin", "list"][..], &["migrate", "up"], &["export"]] {
        let timer = Timer::start();
        let (code, error) = code_and_error(&run(folder.path(), arguments, &[("DATABASE_URL", &url)]));
        let expected =
            format!("patron: DATABASE_URL: the database is unavailable: {address}: Connection refused");
        assert!(code == 69 && error.contains(&expected) && !error.contains("hunter2"), "{code} {error}");
        assert!(timer.elapsed() < Duration::from_secs(5), "{arguments:?}: {:?}", timer.elapsed());
    }
    let server = Server::start(folder.path(), &[], &[("DATABASE_URL", &url)], "metrics");
    let (code, log) = server.terminate();
    assert!(code == Some(0) && log.contains(&format!("{address}: Connection refused")), "{log}");
}

#[test]
fn a_second_server_on_one_file_is_refused_and_other_commands_work() {
    let folder = Folder::new();
    let server = Server::start(folder.path(), &[], &[], "password");
    std::os::unix::fs::symlink("data/patron.db", folder.path().join("link.db")).unwrap();
    let linked = &[("DATABASE_URL", "sqlite://link.db")][..];
    for (settings, place) in [(linked, "DATABASE_URL"), (&[], "PATRON_DATA_DIR")] {
        let (code, error) = code_and_error(&run(folder.path(), &["serve"], settings));
        let expected = format!("patron: {place}: another `patron serve` (process {})", server.id());
        assert!(code == 69 && error.contains(&expected) && error.contains("stop it first"), "{code} {error}");
    }
    for arguments in [&["admin", "list"][..], &["export"], &["migrate", "up"]] {
        let (code, error) = code_and_error(&run(folder.path(), arguments, &[]));
        assert_eq!(code, 0, "{arguments:?}: {error}");
    }
    assert!(server.send("GET /health/ready", "", "").starts_with("HTTP/1.1 200"));
    // A killed server leaves no lock.
    server.kill();
    let server = Server::start(folder.path(), &[], &[], "metrics");
    assert_eq!(server.terminate().0, Some(0));
    assert_eq!(Server::start(folder.path(), &[], &[], "metrics").terminate().0, Some(0));
}

/// Runs a command that may use only files with the rights for it, also if the tests run as root.
fn run_with_file_rights(folder: &Path, arguments: &[&str]) -> Output {
    if !rustix::process::geteuid().is_root() {
        return run(folder, arguments, &[]);
    }
    let mut command = Command::new("setpriv");
    let capabilities = "-dac_override,-dac_read_search";
    command.arg(format!("--bounding-set={capabilities}")).arg(format!("--inh-caps={capabilities}"));
    command.arg(path()).args(arguments).current_dir(folder);
    command.env_clear().env("PATRON_LISTEN", "127.0.0.1:0").output().expect("setpriv runs")
}

/// Copies of the file made after a command has ended are complete.
#[test]
fn a_command_leaves_a_single_database_file() {
    let folder = Folder::new();
    for (arguments, expected) in [
        (&["migrate", "up"][..], 0),
        (&["migrate", "status"], 0),
        (&["admin", "list"], 0),
        (&["admin", "disable", "nobody@example.com"], 1),
        (&["export"], 0),
        (&["import", "missing.csv"], 1),
        (&["mail", "list"], 0),
        (&["webhook", "list"], 0),
    ] {
        for _ in 0..3 {
            let (code, error) = code_and_error(&run(folder.path(), arguments, &[]));
            assert_eq!(code, expected, "{arguments:?}: {error}");
            let files = std::fs::read_dir(folder.path().join("data")).expect("the folder is read");
            let files: Vec<_> = files.map(|file| file.expect("a file").file_name()).collect();
            assert_eq!(files, ["patron.db"], "{arguments:?}");
        }
    }
}

#[test]
fn missing_rights_are_reported_with_the_path() {
    let folder = Folder::new();
    assert_eq!(run(folder.path(), &["migrate", "up"], &[]).status.code(), Some(0));
    let data = folder.path().join("data");
    let set_mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("the mode is set");
    };
    let rights = "the user that runs patron needs the rights to read and write";
    for (file_mode, folder_mode, arguments, expected) in [
        (
            0o400,
            0o700,
            &["serve"][..],
            "PATRON_DATA_DIR: `./data/patron.db` can't be opened: Permission denied",
        ),
        (
            0o000,
            0o700,
            &["admin", "list"],
            "PATRON_DATA_DIR: `./data/patron.db` can't be opened: Permission denied",
        ),
        (0o600, 0o500, &["migrate", "up"], "PATRON_DATA_DIR: `./data/patron.db` can't be opened: "),
        (0o600, 0o500, &["serve"], "PATRON_DATA_DIR: the keys in `./data/keys` can't be read or created: "),
        (0o600, 0o000, &["serve"], "PATRON_DATA_DIR: `./data/patron.db` can't be opened: Permission denied"),
        (0o600, 0o000, &["migrate", "status"], "PATRON_DATA_DIR: `./data/patron.db` can't be opened: "),
    ] {
        set_mode(&data.join("patron.db"), file_mode);
        set_mode(&data, folder_mode);
        let (code, error) = code_and_error(&run_with_file_rights(folder.path(), arguments));
        set_mode(&data, 0o700);
        assert!(
            code == 78 && error.contains(expected) && error.contains(rights),
            "{arguments:?}: {code} {error}"
        );
    }
}

/// As in `patron migrate status 2>&1 | head -1`.
#[test]
fn the_exit_code_has_the_outcome_if_nothing_reads_the_output() {
    let folder = Folder::new();
    for (arguments, expected) in [(&["migrate", "status"][..], 1), (&["export"], 78), (&["config"], 0)] {
        let settings = [("PATRON_LISTEM", "x")];
        let mut child = patron(folder.path(), arguments, &settings).spawn().expect("the program starts");
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().expect("the program ends").code(), Some(expected), "{arguments:?}");
    }
}
