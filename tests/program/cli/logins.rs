//! The log line of a login has its outcome and the uuid of the account, never the e-mail address.

use serde_json::Value;

use crate::support::{Folder, Server, field, run};

#[test]
fn logins_are_logged_with_the_account() {
    let folder = Folder::new();
    let settings =
        [("PATRON_ADMIN_EMAIL", "admin@shop.io"), ("PATRON_ADMIN_PASSWORD", "correct horse battery")];
    let server = Server::start(folder.path(), &[], &settings, "mail");
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse battery"}"#;
    let customer =
        field(&server.send("POST /api/customers", "", body), "uuid").expect("the customer is registered");
    let log_in = |audience: &str, email: &str, password: &str| {
        let body = format!(r#"{{"email": "{email}", "password": "{password}"}}"#);
        let response = server.send(&format!("POST /api/{audience}/tokens"), "", &body);
        response.split_whitespace().nth(1).expect("a status").to_owned()
    };
    assert_eq!(log_in("customer", "a@x.io", "correct horse battery"), "200");
    assert_eq!(log_in("customer", "A@x.io", "wrong horse battery"), "401");
    assert_eq!(log_in("customer", "nobody@x.io", "wrong horse battery"), "401");
    assert_eq!(log_in("user", "admin@shop.io", "correct horse battery"), "200");
    assert_eq!(log_in("user", "admin@shop.io", "wrong horse battery"), "401");
    assert_eq!(log_in("user", "no address", "wrong horse battery"), "401");
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");

    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let lines: Vec<Value> = lines.filter(|line| line["span"]["login"].is_string()).collect();
    let logged: Vec<_> = lines
        .iter()
        .map(|line| ["audience", "login", "account"].map(|name| line["span"][name].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(logged.len(), 6, "{log}");
    let admin = logged[3][2];
    assert!(admin.parse::<uuid::Uuid>().is_ok(), "{log}");
    assert_eq!(
        logged,
        [
            ["customer", "ok", &customer],
            ["customer", "refused", &customer],
            ["customer", "refused", "-"],
            ["admin", "ok", admin],
            ["admin", "refused", admin],
            ["admin", "refused", "-"],
        ]
    );
    assert!(lines.iter().all(|line| line["span"]["request_id"].is_string()), "{log}");
    assert!(!log.contains("x.io") && !log.contains("shop.io"), "{log}");
}

/// A login fails when verifying the stored hash would cost more than the settings allow.
#[test]
fn hashes_that_cost_too_much_are_logged_with_the_account() {
    let folder = Folder::new();
    let admin = [("PATRON_ADMIN_EMAIL", "admin@shop.io"), ("PATRON_ADMIN_PASSWORD", "correct horse battery")];
    assert_eq!(run(folder.path(), &["migrate", "up"], &admin).status.code(), Some(0));
    // The hash of the password "a" (a test vector of jBCrypt).
    let line = r#"{"uuid": "5a0f3d3e-6a62-4c5c-9a44-2d0c3a9b7f10", "email": "a@x.io", "full_name": "A", "password_hash": "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"}"#;
    std::fs::write(folder.path().join("c.ndjson"), line).expect("the file is written");
    assert_eq!(run(folder.path(), &["import", "c.ndjson"], &admin).status.code(), Some(0));
    let settings = [admin[0], admin[1], ("PATRON_BCRYPT_MAX_COST", "5")];
    let server = Server::start(folder.path(), &[], &settings, "mail");
    let response = server.send("POST /api/customer/tokens", "", r#"{"email": "a@x.io", "password": "a"}"#);
    assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let warnings: Vec<Value> = lines.filter(|line| line["reason"].is_string()).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    for (name, value) in [
        ("level", "WARN"),
        ("audience", "customer"),
        ("account", "5a0f3d3e-6a62-4c5c-9a44-2d0c3a9b7f10"),
        ("reason", "bcrypt with cost 6, at most 5 (PATRON_BCRYPT_MAX_COST)"),
        ("message", "the stored password hash costs too much to verify; the password has to be reset"),
    ] {
        assert_eq!(warnings[0][name], value, "{log}");
    }
}
