//! The commands as operators run them: exit codes, messages, the first start, stopping.

mod adopt;
mod column_map;
mod config;
mod errors;
mod exact_imports;
mod file_formats;
mod health;
mod help;
mod import_addresses;
mod import_batches;
mod invitations;
mod keys;
mod lists;
mod logins;
mod migrations;
mod password_hashes;
mod postgres;
mod postgres_tls;
mod request_log;
mod round_trip;
mod second_factor;
mod secrets;
mod settings;
mod traces;
mod transfer;
mod updates;
mod webhook;

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::support::{Folder, Server, code_and_error, free_address, path, patron, run};

/// Anyone can sign a token with a key that is empty.
#[test]
fn a_key_file_that_is_too_short_is_refused() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path().join("data/keys")).unwrap();
    std::fs::write(folder.path().join("data/keys/jwt_customer_secret"), "short\n").unwrap();
    let (code, error) = code_and_error(&run(folder.path(), &[], &[]));
    assert!(
        code == 78 && error.contains("jwt_customer_secret must contain at least 32 bytes"),
        "{code} {error}"
    );
}

#[test]
fn mails_are_listed_and_retried() {
    let folder = Folder::new();
    let refusing = free_address();
    let settings = [("PATRON_SMTP_URL", &*format!("smtp://{refusing}")), ("PATRON_SMTP_TIMEOUT", "1")];
    let server = Server::start(folder.path(), &[], &settings, "password");
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse"}"#;
    assert!(server.send("POST /api/customers", "", body).starts_with("HTTP/1.1 201"));
    let list = |options: &[&str]| {
        let output = run(folder.path(), &[&["mail", "list"], options].concat(), &[]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    // The worker needs two runs at most. Starting the command takes long enough to serve as a pause.
    let attempted = (0..200).map(|_| list(&[])).find(|text| text.contains("1 try "));
    let attempted = attempted.expect("the worker tries to send the mail");
    assert!(
        attempted.starts_with("pending")
            && attempted.contains("verify_email")
            && attempted.contains("a@x.io"),
        "{attempted}"
    );
    assert!(attempted.contains("onnection refused"), "the list has no reason: {attempted}");
    assert_eq!(list(&["--status", "failed"]), "");
    let id = attempted.split_whitespace().nth(1).unwrap();
    let output = run(folder.path(), &["mail", "retry", id], &[]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("1 mail will be sent"), "{output:?}");
    let retried = (0..200).map(|_| list(&[])).find(|text| text.contains("1 try "));
    assert!(retried.is_some(), "the worker does not retry the mail");
    let output = run(folder.path(), &["mail", "retry", "--failed"], &[]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("0 mails"), "{output:?}");
    let unknown = "433ba97f-8be7-4be9-be3f-a9f341f2b89f";
    let (code, error) = code_and_error(&run(folder.path(), &["mail", "retry", unknown], &[]));
    assert!(code == 1 && error.contains("Mail not found"), "{code} {error}");
    assert_eq!(code_and_error(&run(folder.path(), &["mail", "retry"], &[])).0, 2);
}

/// Each connection is an open file. The program raises the soft limit of open files; if the hard limit is too low, it
/// accepts fewer connections and logs a warning.
#[test]
fn the_limit_of_open_files_bounds_the_connections() {
    for (limit, is_logged) in [("ulimit -n 300", true), ("ulimit -S -n 300", false)] {
        let folder = Folder::new();
        let mut command = Command::new("sh");
        command
            .env_clear()
            .env("PATRON_LISTEN", "127.0.0.1:0")
            .env("PATRON_DRAIN", "0")
            .env("PATRON_CONNECTIONS", "500")
            .current_dir(folder.path())
            .args(["-c", &format!("{limit} && exec \"$0\"")])
            .arg(path());
        let server = Server::spawn(command, "password");
        // More than the limit allows, and all stay open: each is accepted, and replaces an idle one if necessary.
        let mut connections = Vec::new();
        for _ in 0..100 {
            connections.push(TcpStream::connect(&server.address).expect("the server listens"));
        }
        assert!(server.send("GET /health/ready", "", "").starts_with("HTTP/1.1 200"));
        let (code, log) = server.terminate();
        assert_eq!(code, Some(0), "{log}");
        assert_eq!(log.contains("\"wanted\":500,\"allowed\":44"), is_logged, "{log}");
        assert_eq!(log.contains("too many connections"), is_logged, "{log}");
    }
}

#[test]
fn the_first_start_migrates_prints_the_admin_once_and_stops_on_sigterm() {
    let folder = Folder::new();
    let server = Server::start(folder.path(), &[], &[], "password");
    let word = |name: &str| {
        let line = server.banner.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_eq!(word("admin"), "admin@localhost");
    assert_eq!(word("console"), format!("http://{}/admin", server.address));
    assert_eq!(word("playground"), format!("http://{}/playground", server.address));
    let password = word("password");
    let body = format!(r#"{{"email": "admin@localhost", "password": "{password}"}}"#);
    let response = server.send("POST /api/user/tokens", "", &body);
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    let page = server.send("GET /playground", "", "");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<title>"), "{page}");
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(
        log.lines().all(|line| line.starts_with('{')),
        "the log is not JSON although it is not a terminal:\n{log}"
    );
    assert!(!log.contains(&password), "the password is in the log");

    // Only the owner may read personal data, hashes and keys.
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("data"), mode("data/keys"), mode("data/patron.db")), (0o700, 0o700, 0o600));
    for name in ["admin", "admin_refresh", "customer", "customer_refresh"] {
        assert_eq!(mode(&format!("data/keys/jwt_{name}_secret")), 0o600, "{name}");
    }
    let restarted = Server::start(folder.path(), &[], &[], "database");
    assert!(!restarted.banner.contains("password"), "{}", restarted.banner);
    let response = restarted.send("POST /api/user/tokens", "", &body);
    assert!(response.starts_with("HTTP/1.1 200"), "the admin can't log in after a restart: {response}");
}

#[test]
fn migrations_go_up_down_and_up() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let migrate = |arguments: &[&str]| {
        let output = run(folder.path(), &[&["migrate"], arguments].concat(), &[]);
        let text = String::from_utf8(output.stdout).unwrap();
        let count = |state: &str| text.lines().filter(|line| line.starts_with(state)).count();
        (output.status.code().unwrap(), count("applied"), count("pending"))
    };
    let (_, _, all) = migrate(&["status"]);
    assert!(all >= 4);
    assert_eq!(migrate(&["status"]), (1, 0, all));
    assert_eq!(migrate(&["up"]), (0, all, 0));
    assert_eq!(migrate(&["status"]), (0, all, 0));
    assert_eq!(migrate(&["down"]), (0, all - 1, 1));
    assert_eq!(migrate(&["up"]), (0, all, 0));
    assert_eq!(migrate(&["down", "--all"]), (0, 0, all));
    assert_eq!(migrate(&["up"]), (0, all, 0));
}

#[test]
fn admins_are_managed() {
    let folder = Folder::new();
    assert_eq!(run(folder.path(), &["migrate", "up"], &[]).status.code(), Some(0));
    let admin = |arguments: &[&str], input: &str| {
        let mut child = patron(folder.path(), &[&["admin"], arguments].concat(), &[])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its input may have ended.
        let _has_ended = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap(), text)
    };
    let create = ["create", "Ann@shop.io", "--full-name", "Ann", "--password-stdin"];
    assert_eq!(admin(&create, "correct horse\nsecond line\n"), (0, "created Ann@shop.io\n".into()));
    let (code, text) = admin(&["create", "ann@SHOP.io", "--password-stdin"], "correct horse");
    assert!(code == 1 && text.contains("Email is already used"), "{text}");
    let (code, text) = admin(&["create", "bob@shop.io", "--password-stdin"], "password");
    assert!(code == 1 && text.contains("Password is too common"), "{text}");
    let (code, text) = admin(&["create", "bob", "--generate"], "");
    assert!(code == 1 && text.contains("`bob`"), "{text}");
    let (code, text) = admin(&["create", "bob@shop.io"], "");
    assert!(code == 1 && text.contains("--password-stdin"), "{text}");
    let (code, text) = admin(&["password", "ann@shop.io", "--generate"], "");
    assert!(code == 0 && text.starts_with("set the password of Ann@shop.io with the password "), "{text}");
    assert_eq!(admin(&["disable", "ANN@shop.io"], "").0, 0);
    let (_, text) = admin(&["list"], "");
    assert!(text.starts_with("disabled  ") && text.contains("Ann@shop.io  Ann"), "{text}");
    assert_eq!(admin(&["enable", "ann@shop.io"], "").0, 0);
    let (code, text) = admin(&["disable", "nobody@shop.io"], "");
    assert!(code == 1 && text.contains("Admin not found"), "{text}");
}

#[test]
fn pending_migrations_are_reported() {
    let folder = Folder::new();
    let (code, error) = code_and_error(&run(folder.path(), &["admin", "list"], &[]));
    assert!(code == 78 && error.contains("run `patron migrate up`"), "{error}");
}

#[test]
fn the_demo_has_customers_and_leaves_nothing_behind() {
    let (folder, temporary) = (Folder::new(), Folder::new());
    let settings = [("TMPDIR", temporary.path().to_str().unwrap())];
    let server = Server::start(folder.path(), &["demo"], &settings, "data ");
    let password = server.banner.lines().find(|line| line.trim_start().starts_with("password")).unwrap();
    let password = password.split_whitespace().nth(1).unwrap();
    let login = server.send(
        "POST /api/user/tokens",
        "",
        &format!(r#"{{"email": "admin@localhost", "password": "{password}"}}"#),
    );
    let token = login.split("\"accessToken\":\"").nth(1).unwrap().split('"').next().unwrap();
    let query = r#"{"query": "{ customers { total items { fullName group { groupName } addresses { city country { name } province { name } } } } customer(email: \"customer1@example.com\") { uuid } }"}"#;
    let response = server.send("POST /api/graphql", &format!("Authorization: Bearer {token}\r\n"), query);
    assert!(
        response.contains(r#""total":1000"#) && response.contains(r#""customer":{"uuid":""#),
        "{response}"
    );
    assert!(
        response.contains("VIP") && response.contains("Wholesale") && response.contains("country"),
        "{response}"
    );
    assert!(server.banner.contains("customer1@example.com"));
    // The playground offers the login of this customer to anyone. The admin's password is only in the banner.
    let about = server.send("GET /playground/server.json", "", "");
    assert!(
        about.contains(r#""demo":{"email":"customer1@example.com""#) && !about.contains(password),
        "{about}"
    );
    let fields =
        r#"{"query": "{ customer(email: \"customer1@example.com\") { metafields { key value } } }"}"#;
    let response = server.send("POST /api/graphql", &format!("Authorization: Bearer {token}\r\n"), fields);
    assert!(
        response.contains(r#"{"key":"tier","value":"silver"}"#) && !response.contains("null"),
        "{response}"
    );
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");
    let leftovers: Vec<_> = std::fs::read_dir(temporary.path())
        .unwrap()
        .chain(std::fs::read_dir(folder.path()).unwrap())
        .collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
    let (code, error) =
        code_and_error(&run(folder.path(), &["demo", "--database-url", "sqlite://x.db"], &[]));
    assert!(code == 78 && error.contains("--database-url: the demo always"), "{error}");
}

/// The playground and introspection are disabled by default when other machines can reach the server, and the banner says
/// so.
#[test]
fn the_playground_is_disabled_for_other_machines() {
    let folder = Folder::new();
    let server = Server::start(folder.path(), &[], &[], "password");
    assert!(
        server.banner.contains("/playground\n") && server.banner.contains("introspection on"),
        "{}",
        server.banner
    );
    assert!(server.send("GET /playground", "", "").starts_with("HTTP/1.1 200"));
    drop(server);

    // Behind a proxy. src/config/settings/values.rs tests other listening addresses.
    let listen = free_address();
    let everywhere = [("PATRON_PUBLIC_URL", "https://shop.example"), ("PATRON_LISTEN", listen.as_str())];
    let start = |flags: &[&str]| {
        let mut server = Server::start(folder.path(), flags, &everywhere, "mail");
        assert_eq!(server.address, "shop.example");
        server.address.clone_from(&listen);
        server
    };
    let server = start(&[]);
    assert!(server.banner.contains("off; PATRON_PLAYGROUND=on enables it"), "{}", server.banner);
    assert!(server.banner.contains("introspection off"), "{}", server.banner);
    assert!(server.send("GET /playground", "", "").starts_with("HTTP/1.1 404"));
    drop(server);

    let server = start(&["--playground", "on", "--introspection", "on"]);
    assert!(server.banner.contains("introspection on"), "{}", server.banner);
    assert!(server.send("GET /playground", "", "").starts_with("HTTP/1.1 200"));
}
