//! `patron admin reset-factor`: an admin whose second factor is lost, or can't be read, logs in with its password again.

use patron::clock::Clock;
use serde_json::Value;
use totp_rs::{Builder, Secret};

use crate::support::{Folder, Server, code_and_error, field, run};

const EMAIL: &str = "admin@shop.io";
const PASSWORD: &str = "correct horse battery";

fn log_in(server: &Server) -> String {
    let body = format!(r#"{{"email": "{EMAIL}", "password": "{PASSWORD}"}}"#);
    server.send("POST /api/user/tokens", "", &body)
}

/// Turns the second factor of the admin on, as an authenticator app does.
fn turn_factor_on(server: &Server) {
    let token = field(&log_in(server), "accessToken").expect("a token");
    let header = format!("Authorization: Bearer {token}\r\n");
    let body = format!(r#"{{"password": "{PASSWORD}"}}"#);
    let created = server.send("POST /api/user/me/second-factor", &header, &body);
    let secret = field(&created, "secret").unwrap_or_else(|| panic!("{created}"));
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
    let code = totp.generate(Clock::System.now().timestamp().try_into().unwrap());
    let body = format!(r#"{{"code": "{code}"}}"#);
    let confirmed = server.send("POST /api/user/me/second-factor/confirm", &header, &body);
    assert!(confirmed.starts_with("HTTP/1.1 200"), "{confirmed}");
}

/// Its secret is encrypted, and its recovery codes are recognized, with a key that is not in the database.
#[test]
fn a_factor_of_another_key_is_refused_clearly_and_removed() {
    let folder = Folder::new();
    let settings = |secret: &'static str| {
        [
            ("PATRON_ADMIN_EMAIL", EMAIL),
            ("PATRON_ADMIN_PASSWORD", PASSWORD),
            ("PATRON_SEALING_SECRET", secret),
        ]
    };
    let server = Server::serve(folder.path(), &settings("the first secret of the server, 32 bytes"));
    turn_factor_on(&server);
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");
    let server = Server::serve(folder.path(), &settings("the other secret of the server, 32 bytes"));
    assert!(log_in(&server).contains("second_factor_required"));
    for code in ["123456", "k7m2p-9xw4d"] {
        let body = format!(r#"{{"email": "{EMAIL}", "password": "{PASSWORD}", "code": "{code}"}}"#);
        let refused = server.send("POST /api/user/tokens", "", &body);
        assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("\"unavailable\""), "{refused}");
        let message = field(&refused, "message").unwrap_or_else(|| panic!("{refused}"));
        assert!(message.starts_with("The second factor can't be read"), "{message}");
        assert!(message.contains("patron admin reset-factor EMAIL"), "{message}");
    }
    let reset = run(folder.path(), &["admin", "reset-factor", EMAIL], &[]);
    assert_eq!(reset.status.code(), Some(0));
    assert!(log_in(&server).starts_with("HTTP/1.1 200"));
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let errors: Vec<Value> = lines.filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(errors.len(), 1, "it is logged once: {log}");
    let message = "a second factor can't be read: PATRON_SEALING_SECRET has changed since it was set up";
    assert_eq!(errors[0]["message"], message);
    assert!(errors[0]["account"].as_str().is_some_and(|uuid| uuid.parse::<uuid::Uuid>().is_ok()), "{log}");
}

#[test]
fn a_lost_second_factor_is_removed() {
    let folder = Folder::new();
    let settings = [("PATRON_ADMIN_EMAIL", EMAIL), ("PATRON_ADMIN_PASSWORD", PASSWORD)];
    let server = Server::serve(folder.path(), &settings);
    turn_factor_on(&server);
    assert!(log_in(&server).contains("second_factor_required"));
    let reset = |email: &str| {
        let output = run(folder.path(), &["admin", "reset-factor", email], &[]);
        let (code, error) = code_and_error(&output);
        (code, String::from_utf8(output.stdout).unwrap() + &error)
    };
    assert_eq!(reset("ADMIN@shop.io"), (0, format!("removed the second factor of {EMAIL}\n")));
    assert!(log_in(&server).starts_with("HTTP/1.1 200"));
    assert_eq!(reset(EMAIL), (0, format!("{EMAIL} has no second factor\n")));
    let (code, text) = reset("nobody@shop.io");
    assert!(code == 1 && text.contains("Admin not found"), "{text}");
    // The worker notifies the admin. Starting the command takes long enough to serve as a pause.
    let mails = folder.path().join("data/mail");
    let is_written = |_| {
        run(folder.path(), &["schema"], &[]);
        let mut files = std::fs::read_dir(&mails).into_iter().flatten().map(|file| file.unwrap().file_name());
        files.any(|name| name.to_string_lossy().starts_with("second_factor_reset-"))
    };
    assert!((0..300).any(is_written), "no mail is written");
}
