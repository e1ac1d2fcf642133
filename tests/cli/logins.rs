//! The log says who logged in, and at whose account somebody was refused; never by an address of mail.

use serde_json::Value;

use crate::{Server, field, folder};

#[test]
fn the_log_names_accounts() {
    let folder = folder();
    let settings =
        [("PATRON_ADMIN_EMAIL", "admin@shop.io"), ("PATRON_ADMIN_PASSWORD", "correct horse battery")];
    let server = Server::start(folder.path(), &[], &settings, "mail");
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse battery"}"#;
    let customer = field(&server.send("POST /api/customers", "", body), "uuid").expect("it is registered");
    let log_in = |audience: &str, email: &str, password: &str| {
        let body = format!(r#"{{"email": "{email}", "password": "{password}"}}"#);
        let answer = server.send(&format!("POST /api/{audience}/tokens"), "", &body);
        answer.split_whitespace().nth(1).expect("a status").to_owned()
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
    let lines: Vec<Value> = lines.filter(|line| line["audience"].is_string()).collect();
    let said: Vec<_> = lines
        .iter()
        .map(|line| ["audience", "message", "account"].map(|name| line[name].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(said.len(), 6, "{log}");
    let admin = said[3][2];
    assert!(admin.parse::<uuid::Uuid>().is_ok(), "{log}");
    assert_eq!(
        said,
        [
            ["customer", "logged in", &customer],
            ["customer", "a login was refused", &customer],
            ["customer", "a login was refused", "-"],
            ["admin", "logged in", admin],
            ["admin", "a login was refused", admin],
            ["admin", "a login was refused", "-"],
        ]
    );
    assert!(lines.iter().all(|line| line["span"]["request_id"].is_string()), "{log}");
    assert!(!log.contains("x.io") && !log.contains("shop.io"), "{log}");
}
