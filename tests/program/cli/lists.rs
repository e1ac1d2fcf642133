//! Every command that lists something prints JSON as well.

use serde_json::Value;

use crate::support::{ADMIN, Folder, Server, field, run};

fn rows(folder: &Folder, arguments: &[&str], code: i32) -> Vec<Value> {
    let output = run(folder.path(), &[arguments, &["--format", "json"]].concat(), &[]);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).expect("the output is an array")
}

#[test]
fn lists_are_printed_as_json() {
    let folder = Folder::new();
    let pending = rows(&folder, &["migrate", "status"], 1);
    assert!(pending.len() > 20 && pending.iter().all(|row| row["status"] == "pending"), "{pending:?}");
    let settings = [("PATRON_ADMIN_EMAIL", ADMIN[0]), ("PATRON_ADMIN_PASSWORD", ADMIN[1])];
    let server = Server::start(folder.path(), &[], &settings, "admin");
    let applied = rows(&folder, &["migrate", "status"], 0);
    assert!(
        applied.len() == pending.len() && applied.iter().all(|row| row["status"] == "applied"),
        "{applied:?}"
    );

    let admins = rows(&folder, &["admin", "list"], 0);
    assert_eq!((admins.len(), &admins[0]["email"]), (1, &ADMIN[0].into()));
    assert_eq!((&admins[0]["enabled"], &admins[0]["last_sign_in_at"]), (&true.into(), &Value::Null));
    assert!(admins[0].get("password").is_none(), "{admins:?}");

    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse"}"#;
    assert!(server.send("POST /api/customers", "", body).starts_with("HTTP/1.1 201"));
    let mails = rows(&folder, &["mail", "list"], 0);
    assert_eq!((&mails[0]["recipient"], &mails[0]["kind"]), (&"a@x.io".into(), &"verify_email".into()));
    assert!(mails[0]["created_at"].as_str().is_some_and(|time| time.ends_with('Z')), "{mails:?}");
    assert!(rows(&folder, &["mail", "list", "--status", "failed"], 0).is_empty());

    assert!(rows(&folder, &["webhook", "list"], 0).is_empty());
    let credentials = format!(r#"{{"email": "{}", "password": "{}"}}"#, ADMIN[0], ADMIN[1]);
    let token = field(&server.send("POST /api/user/tokens", "", &credentials), "accessToken");
    let header = format!("Authorization: Bearer {}\r\n", token.expect("a token"));
    let endpoint = r#"{"url": "https://hooks.example.com/x", "events": ["customer.created"]}"#;
    let created = server.send("POST /api/webhook-endpoints", &header, endpoint);
    assert!(created.starts_with("HTTP/1.1 201"), "{created}");
    let endpoints = rows(&folder, &["webhook", "list"], 0);
    assert_eq!(
        (&endpoints[0]["url"], &endpoints[0]["events"][0]),
        (&"https://hooks.example.com/x".into(), &"customer.created".into())
    );
    assert!(endpoints[0].get("secret").is_none(), "{endpoints:?}");
    assert!(rows(&folder, &["webhook", "parked"], 0).is_empty());
}
