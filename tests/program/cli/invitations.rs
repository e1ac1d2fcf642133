//! `patron import` of customers without a password, and the mails with which they set one, on both databases.

use super::transfer::{BCRYPT, Installation, can_log_in};
use crate::support::{Server, rows, run};

const PASSWORD: &str = "correct horse battery";

/// Customers without a password, of which one is disabled, and one with a password.
fn lines() -> String {
    format!(
        "{{\"email\": \"a@x.io\", \"full_name\": \"Ann\"}}\n\
         {{\"email\": \"b@x.io\", \"full_name\": \"Bob\"}}\n\
         {{\"email\": \"off@x.io\", \"full_name\": \"Off\", \"status\": 0}}\n\
         {{\"email\": \"c@x.io\", \"full_name\": \"Cem\", \"password_hash\": \"{BCRYPT}\"}}\n"
    )
}

/// Imports the lines with an option, without a refused line, and returns the summary.
fn import(installation: &Installation, option: &[&str]) -> String {
    let (code, text, error) = installation.run(&[&["import", "c.ndjson"], option].concat());
    assert_eq!(code, 0, "{text} {error}");
    text
}

/// Waits for the mail of this kind to an address, and returns the token of its link.
fn mailed(installation: &Installation, kind: &str, recipient: &str) -> String {
    let folder = installation.path().join("data/mail");
    let find = || {
        let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mails = files.filter(|file| file.file_name().to_string_lossy().starts_with(kind));
        let mut mails = mails.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        mails.find(|mail| mail.contains(&format!("To: {recipient}\r\n")))
    };
    let mail = (0..300).find_map(|_| {
        let mail = find();
        if mail.is_none() {
            // Running a command takes long enough to serve as a pause.
            run(installation.path(), &["schema"], &[]);
        }
        mail
    });
    let mail = mail.expect("the mail is written");
    let (_, rest) = mail.split_once("#token=").expect("the mail has a link");
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

fn set_password(server: &Server, token: &str) {
    let body = format!(r#"{{"token": "{token}", "password": "{PASSWORD}"}}"#);
    let response = server.send("POST /api/customers/password", "", &body);
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
}

#[test]
fn customers_without_a_password_set_one_by_a_mailed_link() {
    for installation in Installation::on_both_databases("import_invite") {
        installation.write("c.ndjson", lines());
        let (code, text, error) = installation.run(&["import", "c.ndjson"]);
        assert_eq!((code, text.as_str()), (65, "1 imported, 0 skipped, 3 refused"), "{error}");
        assert!(error.contains("--invite accepts 3 of them without a password"), "{error}");
        let would = "3 would be imported, 1 skipped, 0 refused, 2 would be invited";
        assert_eq!(import(&installation, &["--dry-run", "--send-invitations"]), would);
        // Mails are sent only on request, and not again within a day.
        assert_eq!(import(&installation, &["--invite"]), "3 imported, 1 skipped, 0 refused");
        assert_eq!(installation.run(&["mail", "list"]).1, "");
        let invite = ["--send-invitations"];
        assert_eq!(import(&installation, &invite), "0 imported, 4 skipped, 0 refused, 2 invited");
        assert_eq!(import(&installation, &invite), "0 imported, 4 skipped, 0 refused, 0 invited");
        let mails = installation.run(&["mail", "list"]).1;
        assert_eq!((mails.lines().count(), mails.matches("  invitation ").count()), (2, 2), "{mails}");
        let requested = "SELECT kind FROM journal_entry WHERE kind = 'mail.requested'";
        assert_eq!(rows(installation.url(), requested).len(), 2);

        let server = installation.serve();
        for password in ["", "x", PASSWORD] {
            for email in ["a@x.io", "unknown@x.io"] {
                let body = format!(r#"{{"email": "{email}", "password": "{password}"}}"#);
                let response = server.send("POST /api/customer/tokens", "", &body);
                assert!(response.starts_with("HTTP/1.1 401"), "{response}");
                assert!(response.contains("Invalid email or password"), "{response}");
            }
        }
        set_password(&server, &mailed(&installation, "invitation", "a@x.io"));
        assert!(can_log_in(&server, "a@x.io", PASSWORD));
        // The link for a forgotten password works as well.
        let response = server.send("POST /api/customers/reset-password", "", r#"{"email": "b@x.io"}"#);
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
        set_password(&server, &mailed(&installation, "reset_password", "b@x.io"));
        assert!(can_log_in(&server, "b@x.io", PASSWORD) && !can_log_in(&server, "off@x.io", PASSWORD));
        drop(server);
        assert_eq!(import(&installation, &invite), "0 imported, 4 skipped, 0 refused, 0 invited");
    }
}

#[test]
fn an_export_of_customers_without_a_password_can_be_imported() {
    let [sqlite, postgres] = Installation::on_both_databases("invite_export");
    sqlite.write("c.ndjson", lines());
    import(&sqlite, &["--invite"]);
    let exported = sqlite.export();
    assert_eq!(exported.matches("\"password_hash\":\"\"").count(), 3, "{exported}");
    for format in ["ndjson", "csv"] {
        let file = format!("x.{format}");
        assert_eq!(sqlite.run(&["export", "--with-password-hashes", "-o", &file]).0, 0);
        postgres.write(&file, sqlite.read(&file));
        let (code, text, error) = postgres.run(&["import", &file, "--invite"]);
        let summary = if format == "ndjson" {
            "4 imported, 0 skipped, 0 refused"
        } else {
            "0 imported, 4 skipped, 0 refused"
        };
        assert_eq!((code, text.as_str()), (0, summary), "{error}");
        assert_eq!(postgres.export(), exported, "{format}");
    }
}

/// A mailed invitation must not replace a password that was set in another way.
#[test]
fn an_invitation_is_withdrawn_when_the_customer_gets_a_password() {
    for installation in Installation::on_both_databases("invite_withdrawn") {
        installation.write("c.ndjson", lines());
        let first = import(&installation, &["--send-invitations"]);
        assert_eq!(first, "4 imported, 0 skipped, 0 refused, 2 invited");
        installation.write("u.csv", format!("email,password_hash\na@x.io,{BCRYPT}\n"));
        let (code, text, error) = installation.run(&["import", "u.csv", "--update", "--send-invitations"]);
        let summary = "0 imported, 1 updated, 0 skipped, 0 refused, 0 invited";
        assert_eq!((code, text.as_str()), (0, summary), "{error}");
        let withdrawn = installation.run(&["mail", "list", "--status", "withdrawn"]).1;
        assert!(withdrawn.lines().count() == 1 && withdrawn.contains("a@x.io"), "{withdrawn}");
        let pending = installation.run(&["mail", "list", "--status", "pending"]).1;
        assert!(pending.contains("b@x.io") && !pending.contains("off@x.io"), "{pending}");
    }
}
