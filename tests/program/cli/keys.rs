//! `patron keys rotate`: new keys leave existing tokens valid; `--end-tokens` invalidates them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use patron::clock::Clock;

use crate::support::{Folder, Server, code_and_error, run};

const FILES: [&str; 4] =
    ["jwt_admin_secret", "jwt_admin_refresh_secret", "jwt_customer_secret", "jwt_customer_refresh_secret"];

/// The content of a key file, if it exists.
fn key(folder: &Path, name: &str) -> Option<String> {
    std::fs::read_to_string(folder.join("data/keys").join(name)).ok()
}

fn previous(name: &str) -> String {
    format!("{name}_previous")
}

/// Sets the time of the last rotation of all keys.
fn set_last_rotation(folder: &Path, age: Duration) {
    for name in FILES {
        let file = std::fs::File::options().write(true).open(folder.join("data/keys").join(previous(name)));
        file.unwrap().set_modified((Clock::System.now() - age).into()).unwrap();
    }
}

fn rotate(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> (i32, String) {
    let output = run(folder, &[&["keys", "rotate"], arguments].concat(), settings);
    let (code, error) = code_and_error(&output);
    (code, String::from_utf8(output.stdout).unwrap() + &error)
}

struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    fn read(response: &str) -> Self {
        let token = |name: &str| {
            let (_, rest) =
                response.split_once(&format!("\"{name}\":\"")).unwrap_or_else(|| panic!("{response}"));
            rest.split('"').next().unwrap().to_owned()
        };
        Self { access: token("accessToken"), refresh: token("refreshToken") }
    }

    fn log_in(server: &Server) -> Self {
        let body = r#"{"email": "a@x.io", "password": "correct horse battery"}"#;
        Self::read(&server.send("POST /api/customer/tokens", "", body))
    }

    /// The status of a request with the access token, and the response to a refresh.
    fn try_on(&self, server: &Server) -> (String, String) {
        let header = format!("Authorization: Bearer {}\r\n", self.access);
        let export = server.send("GET /api/customers/me/export", &header, "");
        let body = format!(r#"{{"refreshToken": "{}"}}"#, self.refresh);
        (export[9..12].to_owned(), server.send("POST /api/customer/token/refresh", "", &body))
    }
}

/// Fails if a key is not new, a previous key is not the old one, a key is printed, or another user can read one.
fn assert_rotated(folder: &Path, old: Vec<Option<String>>, text: &str) {
    for (name, old) in FILES.iter().zip(old) {
        let (current, previous_key) = (key(folder, name), key(folder, &previous(name)));
        assert!(previous_key == old && current.is_some() && current != old, "{name}");
        assert!(!text.contains(&current.unwrap()), "the key is printed");
        for name in [name.to_string(), previous(name)] {
            let mode = std::fs::metadata(folder.join("data/keys").join(&name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}

#[test]
fn tokens_stay_valid_after_a_rotation() {
    let folder = Folder::new();
    let folder = folder.path();
    let (code, text) = rotate(folder, &[], &[]);
    assert!(code == 1 && text.contains("there are no keys in ./data/keys yet"), "{code} {text}");

    let server = Server::start(folder, &[], &[], "password");
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse battery"}"#;
    assert!(server.send("POST /api/customers", "", body).starts_with("HTTP/1.1 201"));
    let first = Tokens::log_in(&server);
    let old: Vec<_> = FILES.iter().map(|name| key(folder, name)).collect();
    let (code, text) = rotate(folder, &[], &[]);
    assert!(
        code == 0 && text.matches("rotated").count() == 4 && text.contains("restart it"),
        "{code} {text}"
    );
    assert_rotated(folder, old, &text);
    assert_eq!(server.terminate().0, Some(0));

    let server = Server::start(folder, &[], &[], "database");
    let (status, refreshed) = first.try_on(&server);
    assert!(status == "200" && refreshed.starts_with("HTTP/1.1 200"), "{status} {refreshed}");
    let second = Tokens::read(&refreshed);
    assert_ne!(
        second.access.split('.').next(),
        first.access.split('.').next(),
        "the new token has the old key id"
    );

    // Tokens signed with the first keys may still be valid, and only two keys are kept, so the rotation is refused.
    let before: Vec<_> = FILES.iter().map(|name| key(folder, name)).collect();
    set_last_rotation(folder, Duration::from_secs(29 * 3600));
    let (code, text) = rotate(folder, &[], &[]);
    assert!(
        code == 1
            && text.contains("jwt_customer_refresh_secret was rotated 29 h ago, and tokens")
            && text.contains("valid for 30 h"),
        "{code} {text}"
    );
    assert_eq!(
        FILES.iter().map(|name| key(folder, name)).collect::<Vec<_>>(),
        before,
        "the refused rotation has changed a key"
    );
    set_last_rotation(folder, Duration::from_secs(30 * 3600));
    assert_eq!(rotate(folder, &[], &[]).0, 0);
    assert_eq!(server.terminate().0, Some(0));
    let server = Server::start(folder, &[], &[], "database");
    assert_eq!(first.try_on(&server).0, "401", "a token of the first keys is still valid");
    let (status, refreshed) = second.try_on(&server);
    assert!(status == "200" && refreshed.starts_with("HTTP/1.1 200"), "{status} {refreshed}");
}

#[test]
fn end_tokens_invalidates_the_tokens_of_a_leaked_key() {
    let folder = Folder::new();
    let folder = folder.path();
    let server = Server::start(folder, &[], &[], "password");
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse battery"}"#;
    assert!(server.send("POST /api/customers", "", body).starts_with("HTTP/1.1 201"));
    let first = Tokens::log_in(&server);
    assert_eq!(rotate(folder, &[], &[]).0, 0);
    assert_eq!(server.terminate().0, Some(0));
    // It does not matter when the keys were rotated last.
    let (code, text) = rotate(folder, &["--end-tokens"], &[]);
    assert_eq!(code, 0, "{text}");
    assert!(FILES.iter().all(|name| key(folder, name).is_some() && key(folder, &previous(name)).is_none()));
    let server = Server::start(folder, &[], &[], "database");
    let (status, refreshed) = first.try_on(&server);
    assert!(status == "401" && refreshed.starts_with("HTTP/1.1 401"), "{status} {refreshed}");
    assert_eq!(Tokens::log_in(&server).try_on(&server).0, "200");
}

#[test]
fn keys_from_settings_are_not_rotated() {
    let folder = Folder::new();
    let folder = folder.path();
    let secret = "a secret of the settings, over 32 bytes";
    let settings = [("JWT_ADMIN_SECRET", secret)];
    drop(Server::start(folder, &[], &settings, "password"));
    let (code, text) = rotate(folder, &[], &settings);
    assert!(code == 0 && text.matches("rotated").count() == 3, "{code} {text}");
    assert!(text.contains("JWT_ADMIN_SECRET: change it where it is set") && !text.contains(secret), "{text}");
    assert!(key(folder, "jwt_admin_secret").is_none());
}
