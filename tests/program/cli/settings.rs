//! Settings: where they come from, and how invalid ones are reported.

use crate::support::{Folder, Server, code_and_error, run};

/// Invalid settings.
const INVALID: &[(&str, &str)] = &[
    ("DATABASE_URL", "mysql://root:hunter2@localhost/x"),
    ("PATRON_LISTEN", "everywhere"),
    ("JWT_ADMIN_SECRET", "too-short-secret"),
    ("JWT_ADMIN_SECRET_PREVIOUS", "too-short-secret"),
    ("JWT_CUSTOMER_SECRET_PREVIOUS", "long enough, but there is no current one"),
    ("PATRON_HASH_MEMORY", "1024"),
    ("PATRON_HASH_THREADS", "0"),
    ("PATRON_REQUEST_TIMEOUT", "soon"),
    ("PATRON_PUBLIC_URL", "ftp://x"),
    ("PATRON_ADMIN_EMAIL", "nobody"),
    ("PATRON_ADMIN_PASSWORD", "password"),
    ("PATRON_ADMIN_SECOND_FACTOR", "maybe"),
    ("PATRON_EMAIL_VERIFICATION", "maybe"),
    ("PATRON_VERIFY_EMAIL_EXPIRY", "0"),
    ("PATRON_RESET_PASSWORD_EXPIRY", "-1"),
    ("PATRON_RATE_LIMITS", "maybe"),
    ("PATRON_FAILURES_PER_ADDRESS", "0"),
    ("PATRON_REGISTRATIONS_PER_ADDRESS", "many"),
    ("PATRON_PASSWORDS_PER_ADDRESS", "0"),
    ("PATRON_TOKENS_PER_ADDRESS", "0"),
    ("PATRON_CONNECTIONS", "0"),
    ("PATRON_CONCURRENT_REQUESTS", "0"),
    ("PATRON_HEADER_TIMEOUT", "0"),
    ("PATRON_HEADER_BYTES", "8191"),
    ("PATRON_BODY_TIMEOUT", "0"),
    ("PATRON_SEND_TIMEOUT", "0"),
    ("PATRON_STALL_TIMEOUT", "0"),
    ("PATRON_UNSENT_BYTES_PER_CONNECTION", "65535"),
    ("PATRON_UNSENT_BYTES", "1048575"),
    ("PATRON_RECEIVED_BYTES", "1048575"),
    ("PATRON_IDLE_TIMEOUT", "0"),
    ("PATRON_CORS_ORIGINS", "https://shop.example.com, https://Shop.example.com/, *"),
    ("PATRON_HSTS_SUBDOMAINS", "1"),
    ("PATRON_TRUSTED_PROXIES", "10.0.0.0/8,10.1.2.3/8,0.0.0.0/0,localhost"),
    ("PATRON_PROXY_HEADER", "x-real-ip"),
    ("PATRON_GRAPHQL_BATCH", "51"),
    ("PATRON_SMTP_TIMEOUT", "241"),
    ("PATRON_MAIL_TEMPLATES", "nowhere"),
    ("PATRON_SHOP_NAME", "two\nlines"),
    ("PATRON_SHOP_URL", "javascript:alert(1)"),
    ("PATRON_SHOP_COLOR", "red"),
    ("PATRON_SHOP_LOGO", "nowhere.png"),
    ("PATRON_CONSOLE", "local"),
    ("PATRON_REFERENCE", "auto"),
    ("PATRON_PLAYGROUND", "local"),
    ("PATRON_INTROSPECTION", "localhost"),
    ("PATRON_METRICS", "local"),
    ("PATRON_METRICS_LISTEN", "9464"),
    ("PATRON_SLOW_QUERY", "fast"),
    ("PATRON_OTLP_ENDPOINT", "127.0.0.1:4318"),
    ("PATRON_OTLP_PERCENT", "101"),
    ("PATRON_LOG", "patron=loud"),
    ("PATRON_LOG_FORMAT", "xml"),
];

#[test]
fn all_invalid_settings_are_reported_at_once() {
    let folder = Folder::new();
    let (code, error) = code_and_error(&run(folder.path(), &["serve"], INVALID));
    assert_eq!(code, 78, "{error}");
    for (variable, _) in INVALID {
        assert!(error.contains(&format!("patron: {variable}: ")), "{variable} is not reported:\n{error}");
    }
    assert!(!error.contains("hunter2") && !error.contains("too-short-secret"), "{error}");
    assert!(!folder.path().join("data").exists(), "the program has created files");
}

/// A database URL may contain a password, which must not get into logs.
#[test]
fn an_invalid_database_url_is_not_quoted() {
    let folder = Folder::new();
    for url in [
        "postgres://u:hunter#2@localhost/db",
        "postgres://u:hunter/2@localhost/db",
        "postgres://u:hunter2@localhost:port/db",
    ] {
        let (code, error) =
            code_and_error(&run(folder.path(), &["migrate", "status"], &[("DATABASE_URL", url)]));
        assert!(
            code == 78 && error.contains("DATABASE_URL: is not a valid URL") && !error.contains("hunter"),
            "{code} {error}"
        );
    }
}

#[test]
fn an_invalid_value_is_explained() {
    let folder = Folder::new();
    for (variable, value, expected) in [
        ("PATRON_DATABASE_WAIT", "99999999999", "`99999999999` is not a number up to 4294967295"),
        ("PATRON_DATABASE_WAIT", "-1", "`-1` is not a whole number"),
        ("PATRON_PUBLIC_URL", "https://", "`https://` is not an http:// or https:// URL"),
        ("PATRON_PUBLIC_URL", "https://a b.example", "is not an http:// or https:// URL"),
        ("PATRON_PUBLIC_URL", "https://u:hunter2@shop.example", "must be a URL without a user"),
        ("PATRON_PUBLIC_URL", "https://shop.example/?x=1", "must be a URL without a user, a query"),
        (
            "PATRON_SHOP_URL",
            "https://u:hunter2@shop.example",
            "`https://u:***@shop.example` is not a URL such as",
        ),
        ("PATRON_OTLP_ENDPOINT", "grpc://u:hunter2@traces", "`grpc://u:***@traces` is not an http:// or"),
        ("PATRON_COMPAT", "on", "`on` is not off or evershop"),
        ("DATABASE_URL", "sqlite://", "must name a file"),
        ("DATABASE_URL", "sqlite://a.db?mode=ro", "must not have mode=ro: patron writes to its database"),
        ("DATABASE_URL", "postgres://u:hunter2@db/x?sslmode=verify", "has the unknown sslmode `verify`"),
    ] {
        let (code, error) = code_and_error(&run(folder.path(), &["config", "check"], &[(variable, value)]));
        assert!(code == 78 && error.contains(&format!("patron: {variable}: ")), "{code} {error}");
        assert!(error.contains(expected) && !error.contains("hunter2"), "{expected}: {error}");
    }
}

#[test]
fn a_database_in_memory_is_refused() {
    let folder = Folder::new();
    for url in ["sqlite::memory:", "sqlite://x?mode=memory"] {
        let (code, error) = code_and_error(&run(folder.path(), &["--database-url", url], &[]));
        assert!(code == 78 && error.contains("--database-url: must name a file"), "{code} {error}");
    }
}

/// Mail settings are checked before the server starts, and passwords in them are not printed.
#[test]
fn invalid_mail_settings_are_reported() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("templates")).unwrap();
    std::fs::write(folder.path().join("templates/reset_password.txt"), "Subject: x\n\n{{ nothing }}\n")
        .unwrap();
    std::fs::create_dir(folder.path().join("untitled")).unwrap();
    std::fs::write(folder.path().join("untitled/verify_email.txt"), "Hello\n").unwrap();
    for (variable, value, expected) in [
        ("PATRON_SMTP_URL", "mail.example", "must be smtps://"),
        ("PATRON_SMTP_URL", "http://u:hunter2@mail.example", "must be smtps://"),
        ("PATRON_SMTP_URL", "smtp://u:hunter2@mail.example:587", "would send a password unencrypted"),
        (
            "PATRON_SMTP_URL",
            "smtp://u:hunter2&tls=required@mail.example",
            "would send a password unencrypted",
        ),
        ("PATRON_SMTP_URL", "smtp://u:hunter2@127.evil.example", "would send a password unencrypted"),
        ("PATRON_MAIL_FROM", "nobody", "`nobody` is not a sender"),
        ("PATRON_MAIL_TEMPLATES", "templates", "reset_password: undefined value"),
        ("PATRON_MAIL_TEMPLATES", "untitled", "verify_email.txt must start with the line"),
    ] {
        let (code, error) = code_and_error(&run(folder.path(), &[], &[(variable, value)]));
        assert!(
            code == 78 && error.contains(&format!("{variable}: ")) && error.contains(expected),
            "{code} {error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn settings_come_from_file_environment_and_flags_in_rising_order() {
    let folder = Folder::new();
    let file = folder.path().join("patron.toml");
    let text = "public_url = \"from-file\"\nhash_threads = 0\nlisten = \"from-file\"\nlog_format = \"xml\"\n";
    std::fs::write(&file, text).unwrap();
    let environment = [
        ("PATRON_LISTEN", "from-environment"),
        ("PATRON_HASH_QUEUE", "0"),
        ("PATRON_LOG_FORMAT", "toml"),
        // A variable that is empty is not set.
        ("PATRON_PUBLIC_URL", ""),
    ];
    let arguments = ["serve", "--config", "patron.toml", "--log-format", "yaml"];
    let (code, error) = code_and_error(&run(folder.path(), &arguments, &environment));
    assert_eq!(code, 78);
    for line in [
        "patron: patron.toml: public_url: `from-file`",
        "patron: patron.toml: hash_threads: must be at least 1",
        "patron: PATRON_LISTEN: `from-environment`",
        "patron: PATRON_HASH_QUEUE: must be at least 1",
        "patron: --log-format: `yaml`",
    ] {
        assert!(error.contains(line), "{line}: {error}");
    }
    assert_eq!(error.lines().count(), 5, "{error}");
}

#[test]
fn an_invalid_settings_file_is_reported() {
    let folder = Folder::new();
    for (text, expected) in [
        ("lisen = \"x\"\n", "patron: patron.toml: there is no setting `lisen`; did you mean `listen`?"),
        ("log = [1]\n", "patron: patron.toml: `log` must be a string, a whole number, true or false"),
        ("lisen = \"x\"\nx = 1.5\nlog = 1.5\n", "patron: patron.toml: `log` must be a string"),
        ("PATRON_LISTEN = \"x\"\n", "there is no setting `PATRON_LISTEN`; did you mean `listen`?"),
        ("[server]\nlisten = \"x\"\n", "settings are not in tables: write the keys of `server` without it"),
        ("something = 1\n", "there is no setting `something`; `patron help settings` lists all settings"),
        ("cors_origins = [\"https://a.example\"]\n", "a list is one string with commas"),
        ("\nrate_limits = on\n", "patron: patron.toml: line 2: string values must be quoted"),
        ("log = \"info\"\njwt_admin_secret = \"hunter2\n", "patron: patron.toml: line 2: "),
    ] {
        std::fs::write(folder.path().join("patron.toml"), text).unwrap();
        let (code, error) = code_and_error(&run(folder.path(), &["--config", "patron.toml"], &[]));
        assert!(code == 78 && error.contains(expected) && !error.contains("hunter2"), "{code} {error}");
    }
    std::fs::write(folder.path().join("large.toml"), "# x\n".repeat(1024 * 1024 / 4 + 1)).unwrap();
    let (code, error) = code_and_error(&run(folder.path(), &["--config", "large.toml"], &[]));
    assert!(
        code == 78 && error.contains("`large.toml` can't be read: it has more than 1048576 bytes"),
        "{error}"
    );
    let (code, error) = code_and_error(&run(folder.path(), &["--config", "missing.toml"], &[]));
    let expected = "patron: --config: the settings file `missing.toml` can't be read: No such file";
    assert!(code == 78 && error.contains(expected), "{code} {error}");
}

/// Also words that other programs use, and the booleans of TOML.
#[test]
fn switches_are_on_and_off_in_several_words() {
    let folder = Folder::new();
    for (word, result) in
        [("on", "on"), ("YES", "on"), ("true", "on"), ("off", "off"), ("no", "off"), ("False", "off")]
    {
        // `auto` and other words are refused by these settings, so that the words are known to be read.
        let settings = [("PATRON_RATE_LIMITS", word), ("PATRON_CONSOLE", word)];
        let (code, error) = code_and_error(&run(folder.path(), &["config", "check"], &settings));
        assert_eq!(code, 0, "{word}: {error}");
        std::fs::write(folder.path().join("patron.toml"), format!("reference = {}\n", result == "on"))
            .unwrap();
        let server = Server::start(folder.path(), &["--config", "patron.toml"], &settings, "metrics");
        let is_on = |path: &str| server.send(&format!("GET {path}"), "", "").starts_with("HTTP/1.1 200");
        assert_eq!((is_on("/admin"), is_on("/api/docs")), (result == "on", result == "on"), "{word}");
    }
}

/// Otherwise a misspelled variable would be ignored silently.
#[test]
fn unknown_variables_are_logged() {
    let folder = Folder::new();
    let settings = [
        ("PATRON_LISTEM", "127.0.0.1:1"),
        ("JWT_ADMIN_KEY", "hunter2"),
        ("PATRON_SERVICE_PORT", "80"),
        ("PATRON_PORT", "8080"),
    ];
    let (code, log) = Server::start(folder.path(), &[], &settings, "mail").terminate();
    assert_eq!(code, Some(0));
    assert!(
        log.contains("PATRON_LISTEM is set, but is not a setting of patron; did you mean PATRON_LISTEN?"),
        "{log}"
    );
    assert!(log.contains("JWT_ADMIN_KEY is set"), "{log}");
    assert!(
        log.contains("PATRON_PORT is set, but is not a setting of patron; did you mean PATRON_LISTEN?"),
        "{log}"
    );
    assert!(!log.contains("hunter2") && !log.contains("PATRON_SERVICE_PORT"), "{log}");
    // Kubernetes sets these variables for a service called patron.
    let settings = [("PATRON_PORT", "tcp://10.0.0.1:80"), ("PATRON_PORT_80_TCP_PORT", "80")];
    let (code, log) = Server::start(folder.path(), &[], &settings, "mail").terminate();
    assert!(code == Some(0) && !log.contains("PATRON_PORT"), "{log}");
}
