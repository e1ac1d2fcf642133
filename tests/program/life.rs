//! Runs `tests/life`, the life cycle of a customer account, against the program on both databases, with an SMTP server
//! that requires TLS and a password. Afterwards no secret may be in the log.

#[expect(dead_code, reason = "tests/api uses its other behaviors")]
#[path = "../api/support/smtp.rs"]
mod smtp;

use std::path::Path;

use tokio::process::Command;

use crate::support::{Folder, Postgres, Server};
use smtp::{SmtpBehavior, SmtpServer};

async fn run_life_cycle(database_url: &str, folder: &Path) {
    let mails = folder.join("inbox");
    std::fs::create_dir(&mails).expect("the inbox is created");
    let smtp = SmtpServer::start(SmtpBehavior::RequireTlsAndLogin, Some(mails.clone())).await;
    let trusted = folder.join("certificate.pem");
    std::fs::write(&trusted, &smtp.certificate).expect("the certificate is written");
    let (smtp_url, trusted) = (smtp.url_with_password(), trusted.display().to_string());
    let settings = [
        ("DATABASE_URL", database_url),
        ("PATRON_SMTP_URL", smtp_url.as_str()),
        ("PATRON_MAIL_FROM", "Shop <shop@example.com>"),
        ("SSL_CERT_FILE", trusted.as_str()),
    ];
    let server = Server::serve(folder, &settings);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/life");
    let output = Command::new("bash").arg(script).arg(server.url()).arg(&mails).output().await;
    let output = output.expect("bash runs");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let log = server.kill();
    assert!(output.status.success(), "{text}\n{log}");
    assert!(text.contains("all steps passed"), "{text}");
    // The log has no password, no mailed token, no password hash and no access token.
    let mailed = smtp
        .mails
        .lock()
        .unwrap()
        .iter()
        .map(|mail| String::from_utf8_lossy(mail).into_owned())
        .collect::<String>();
    let tokens: Vec<&str> = mailed
        .split("#token=")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default())
        .collect();
    assert!(tokens.len() >= 3, "{mailed}");
    for secret in tokens.into_iter().chain([
        "correct horse",
        "staple horse",
        "argon2id",
        "eyJ",
        smtp::PASSWORD,
        "smtp%20secret",
    ]) {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_lives_from_registration_to_deletion_on_sqlite() {
    let folder = Folder::new();
    run_life_cycle(&folder.sqlite_url(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_lives_from_registration_to_deletion_on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("life"));
    run_life_cycle(&database.url, folder.path()).await;
}
