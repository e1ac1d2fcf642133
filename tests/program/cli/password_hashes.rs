//! The algorithm of new password hashes, as commands create them.

use std::io::Write;
use std::process::Stdio;

use crate::support::{Folder, code_and_error, patron, rows, run};

/// The settings of a command that creates bcrypt hashes.
fn bcrypt_settings(url: &str) -> [(&str, &str); 3] {
    [("DATABASE_URL", url), ("PATRON_PASSWORD_HASHES", "bcrypt"), ("PATRON_BCRYPT_COST", "11")]
}

/// Runs a command with this text on standard input. Returns its exit code and what it printed.
fn with_input(folder: &Folder, arguments: &[&str], input: &str) -> (i32, String) {
    let url = folder.sqlite_url();
    let mut child =
        patron(folder.path(), arguments, &bcrypt_settings(&url)).stdin(Stdio::piped()).spawn().unwrap();
    // A command that does not read its input may have ended.
    let _has_ended = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let [out, error] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    (output.status.code().unwrap(), out + &error)
}

#[test]
fn commands_create_bcrypt_hashes_and_refuse_longer_passwords() {
    let folder = Folder::new();
    let url = folder.sqlite_url();
    let settings = bcrypt_settings(&url);
    assert_eq!(run(folder.path(), &["migrate", "up"], &settings).status.code(), Some(0));
    let create = ["admin", "create", "ann@shop.io", "--password-stdin"];
    let set = ["admin", "password", "ann@shop.io", "--password-stdin"];
    let (fits, long) = ("x1".repeat(36), "x1".repeat(36) + "x");
    let (code, text) = with_input(&folder, &create, &long);
    assert!(code == 1 && text.contains("patron: Password must be at most 72 bytes\n"), "{code} {text}");
    assert_eq!(with_input(&folder, &create, &fits).0, 0);
    let (code, text) = with_input(&folder, &set, &long);
    assert!(code == 1 && text.contains("patron: Password must be at most 72 bytes\n"), "{code} {text}");
    let line = |email: &str, password: &str| {
        format!(r#"{{"email": "{email}", "full_name": "A", "password": "{password}"}}"#)
    };
    let lines = [line("a@x.io", &fits), line("b@x.io", &long)].join("\n");
    let file = folder.path().join("customers.ndjson");
    std::fs::write(&file, lines).unwrap();
    let import = ["import", file.to_str().unwrap()];
    let (code, error) = code_and_error(&run(folder.path(), &import, &settings));
    assert_eq!(code, 65, "{error}");
    let refused = std::fs::read_to_string(folder.path().join("customers.ndjson.refused.csv")).unwrap();
    assert!(refused.contains("2,password,Password must be at most 72 bytes"), "{refused}");
    for table in ["admin_user", "customer"] {
        let hashes = rows(&url, &format!("SELECT password FROM {table}"));
        assert!(hashes.len() == 1 && bcrypt::verify(&fits, &hashes[0]).unwrap(), "{table}: {hashes:?}");
        assert!(hashes[0].starts_with("$2b$11$"), "{hashes:?}");
    }
}

#[test]
fn invalid_settings_are_refused() {
    let folder = Folder::new();
    for (name, value, message) in [
        ("PATRON_PASSWORD_HASHES", "scrypt", "`scrypt` is not auto, bcrypt or argon2id"),
        ("PATRON_BCRYPT_COST", "9", "must be at least 10, but is 9"),
        ("PATRON_BCRYPT_COST", "15", "must be at most 14, but is 15"),
        ("PATRON_BCRYPT_COST", "14", "must be at most 13 (PATRON_BCRYPT_MAX_COST), but is 14"),
    ] {
        let (code, error) = code_and_error(&run(folder.path(), &["admin", "list"], &[(name, value)]));
        assert!(code == 78 && error.contains(name) && error.contains(message), "{code} {error}");
    }
}
