//! Backups and restores that are interrupted, files that are not backups, and servers that run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::backup::{database, settings, succeed};
use crate::support::{Folder, Server, code_and_error, execute, patron, rows, run};

/// How often a command is interrupted, each time a step later.
const INTERRUPTIONS: u32 = 6;
const STEP: Duration = Duration::from_millis(30);

/// The beginning of the names of unfinished copies.
const UNFINISHED: &str = ".patron-backup-";

/// A folder with a migrated database, which is large enough for a copy to take some time.
fn with_database() -> Folder {
    let folder = Folder::new();
    succeed(&folder, &["migrate", "up"]);
    let filler = "CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) \
         SELECT i, randomblob(1000) AS bytes FROM n";
    execute(&database(&folder), filler);
    folder
}

/// The names in a folder that begin with this text. There are none if it does not exist.
fn names(folder: &Path, beginning: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a text"));
    names.filter(|name| name.starts_with(beginning)).collect()
}

/// Starts a command, sends it a signal after this time, and waits for its end. Returns whether it had succeeded before.
fn interrupt(folder: &Path, arguments: &[&str], signal: &str, after: Duration) -> bool {
    let mut child = patron(folder, arguments, &[]).spawn().expect("the program runs");
    std::thread::sleep(after);
    let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    child.wait().expect("the command ends").success()
}

fn ensure_intact(folder: &Path, file: &str) {
    let url = format!("sqlite://{}", folder.join(file).display());
    assert_eq!(rows(&url, "PRAGMA quick_check"), ["ok"], "{file}");
    assert_eq!(rows(&url, "SELECT CAST(count(*) AS TEXT) FROM filler"), ["8000"], "{file}");
}

#[test]
fn an_interrupted_backup_leaves_a_complete_file_or_none() {
    let folder = with_database();
    let path = folder.path();
    for signal in ["TERM", "INT", "KILL"] {
        for number in 0..INTERRUPTIONS {
            let file = format!("{signal}-{number}.db");
            let has_succeeded = interrupt(path, &["backup", &file], signal, STEP * number);
            assert!(path.join(&file).exists() || !has_succeeded, "{file}");
            if path.join(&file).exists() {
                ensure_intact(path, &file);
            }
            let left = names(path, UNFINISHED);
            assert!(signal == "KILL" || left.is_empty(), "{signal} after {:?}: {left:?}", STEP * number);
        }
    }
    // What a killed process left is readable for its owner only, and deleted by the next backup.
    let abandoned = path.join(format!("{UNFINISHED}abandoned"));
    fs::create_dir(&abandoned).expect("a folder");
    fs::write(abandoned.join("patron.db"), "a part of a copy").expect("a file");
    for name in names(path, UNFINISHED).iter().filter(|name| !name.ends_with("abandoned")) {
        let mode = fs::metadata(path.join(name)).expect("a folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{name}");
    }
    succeed(&folder, &["backup", "complete.db"]);
    assert!(names(path, UNFINISHED).is_empty(), "{:?}", names(path, UNFINISHED));
    ensure_intact(path, "complete.db");
}

#[test]
fn an_interrupted_restore_leaves_a_complete_database_or_none() {
    let folder = with_database();
    let path = folder.path();
    succeed(&folder, &["backup", "backup.db"]);
    for signal in ["TERM", "KILL"] {
        for number in 0..INTERRUPTIONS {
            let data = format!("{signal}-{number}");
            let arguments = ["--data-dir", &data, "restore", "backup.db"];
            interrupt(path, &arguments, signal, STEP * number);
            if !path.join(&data).join("patron.db").exists() {
                // The same command completes it.
                succeed(&folder, &arguments);
            }
            ensure_intact(path, &format!("{data}/patron.db"));
        }
    }
}

#[test]
fn an_abandoned_copy_of_a_running_process_is_not_deleted() {
    let folder = with_database();
    let running = folder.path().join(format!("{UNFINISHED}running"));
    fs::create_dir(&running).expect("a folder");
    let lock = fs::File::open(&running).expect("the folder");
    lock.try_lock().expect("the lock is free");
    succeed(&folder, &["backup", "backup.db"]);
    assert!(running.exists());
    drop(lock);
    succeed(&folder, &["backup", "another.db"]);
    assert!(!running.exists());
}

#[test]
fn backups_of_other_releases_are_migrated_or_refused() {
    let folder = with_database();
    let url = database(&folder);
    succeed(&folder, &["migrate", "down"]);
    succeed(&folder, &["backup", "older.db"]);
    succeed(&folder, &["--data-dir", "older", "restore", "older.db"]);
    let status = succeed(&folder, &["--data-dir", "older", "migrate", "status"]);
    assert!(!status.contains("pending"), "{status}");

    succeed(&folder, &["migrate", "up"]);
    execute(&url, "INSERT INTO seaql_migrations VALUES ('m20991231_000001_of_the_future', 0)");
    succeed(&folder, &["backup", "newer.db"]);
    let output = run(folder.path(), &["--data-dir", "newer", "restore", "newer.db"], &[]);
    let (code, error) = code_and_error(&output);
    assert!(
        code == 78 && error.contains("newer.db: the database is of a newer release of patron"),
        "{code} {error}"
    );
    let left = names(&folder.path().join("newer"), "");
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn other_kinds_of_files_and_foreign_names_of_keys_are_refused() {
    let folder = Folder::new();
    Server::serve(folder.path(), &settings(&[])).kill();
    succeed(&folder, &["backup", "backup.db"]);
    let refused = |file: &str, message: &str| {
        let (code, error) =
            code_and_error(&run(folder.path(), &["--data-dir", "other/data", "restore", file], &[]));
        assert!(code != 0 && error.contains(message), "{file}: {code} {error}");
        let left = names(&folder.path().join("other/data"), "");
        assert!(left.is_empty(), "{file}: {left:?}");
    };
    refused("data", "data: is not a file");
    // Would never end.
    refused("/dev/zero", "/dev/zero: is not a file");
    let bytes = fs::read(folder.path().join("backup.db")).expect("a backup");
    for length in [0, 1, 100, 4096, bytes.len() / 2, bytes.len() - 4096] {
        fs::write(folder.path().join("truncated.db"), &bytes[..length]).expect("a file");
        refused("truncated.db", "truncated.db: ");
    }
    fs::copy(folder.path().join("backup.db"), folder.path().join("names.db")).expect("a copy");
    let url = format!("sqlite://{}", folder.path().join("names.db").display());
    execute(&url, "INSERT INTO patron_backup_key VALUES ('../../escaped', 'x')");
    refused("names.db", "unknown key `../../escaped`");
    assert_eq!(names(&folder.path().join("other"), ""), ["data"]);
    assert!(!folder.path().join("escaped").exists());
}

#[test]
fn a_server_that_runs_prevents_a_restore_into_its_folder() {
    let folder = Folder::new();
    let server = Server::serve(folder.path(), &settings(&[]));
    succeed(&folder, &["backup", "backup.db"]);
    let id = format!("(process {})", server.id());
    let refused = |arguments: &[&str]| {
        let (code, error) = code_and_error(&run(folder.path(), arguments, &[]));
        assert!(code == 1 && error.contains(&id) && error.contains("stop it first"), "{code} {error}");
    };
    refused(&["restore", "--hold-deliveries"]);
    // The server continues to write to the file that was moved.
    for suffix in ["", "-wal", "-shm"] {
        let data = folder.path().join("data");
        fs::rename(data.join(format!("patron.db{suffix}")), data.join(format!("moved.db{suffix}")))
            .expect("the file is moved");
    }
    refused(&["restore", "backup.db"]);
    server.kill();
    let text = succeed(&folder, &["restore", "backup.db"]);
    assert!(text.contains("restored 5 keys to "), "the same keys are there: {text}");
}

#[test]
fn keys_that_settings_replace_are_not_in_a_backup() {
    let (folder, copy) = (Folder::new(), Folder::new());
    Server::serve(folder.path(), &settings(&[])).kill();
    let file = copy.path().join("backup.db");
    let file = file.to_str().expect("a text");
    let secret = "s".repeat(52);
    let output = run(folder.path(), &["backup", file], &[("PATRON_SEALING_SECRET", secret.as_str())]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(" and 4 keys, "), "{output:?}");
    assert!(text.contains("not in the backup, because a setting has it: PATRON_SEALING_SECRET"), "{text}");
    let text = succeed(&copy, &["restore", file]);
    assert!(text.contains("PATRON_SEALING_SECRET is not in the backup"), "{text}");

    let other = [("JWT_ADMIN_SECRET", secret.as_str()), ("PATRON_SEALING_SECRET", secret.as_str())];
    let output = run(copy.path(), &["--data-dir", "other", "restore", file], &other);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("JWT_ADMIN_SECRET is set to another key than that of the backup")
            && !text.contains("PATRON_SEALING_SECRET"),
        "{output:?}"
    );
}
