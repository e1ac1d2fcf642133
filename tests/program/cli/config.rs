//! `patron config`: the values of settings with their origins, their check, and the settings file.

use serde_json::Value;

use crate::support::{Folder, code_and_error, run};

/// Standard output, of a command that succeeds.
fn printed(folder: &Folder, arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let output = run(folder.path(), arguments, settings);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("the output is text")
}

const SECRETS: &[(&str, &str)] = &[
    ("DATABASE_URL", "postgres://patron:hunter2@db.internal/shop?sslmode=verify-full"),
    ("JWT_ADMIN_SECRET", "hunter2, hunter2, hunter2, hunter2"),
    ("PATRON_SMTP_URL", "smtps://patron:hunter2@mail.internal"),
];

#[test]
fn the_values_are_shown_with_their_origins_and_without_secrets() {
    let folder = Folder::new();
    std::fs::write(
        folder.path().join("patron.toml"),
        "database_wait = 3\nrate_limits = false\nlisten = \"127.0.0.1:1\"\njwt_issuer = \"file\"\n",
    )
    .unwrap();
    let settings = [SECRETS, &[("PATRON_LISTEN", "0.0.0.0:3000"), ("JWT_ISSUER", "environment")]].concat();
    let arguments = ["config", "--config", "patron.toml", "--jwt-issuer", "flag"];
    let text = printed(&folder, &arguments, &settings);
    let words = |key: &str| {
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(key));
        line.unwrap_or_else(|| panic!("{key} is not shown: {text}"))
            .split_whitespace()
            .skip(1)
            .collect::<Vec<_>>()
    };
    for (key, expected) in [
        ("database_url", &["postgres://patron:***@db.internal/shop?sslmode=verify-full", "DATABASE_URL"][..]),
        ("database_wait", &["3", "patron.toml"]),
        ("rate_limits", &["false", "patron.toml"]),
        ("listen", &["0.0.0.0:3000", "PATRON_LISTEN"]),
        ("jwt_issuer", &["flag", "--jwt-issuer"]),
        ("jwt_admin_secret", &["***", "JWT_ADMIN_SECRET"]),
        ("smtp_url", &["***", "PATRON_SMTP_URL"]),
        ("jwt_customer_secret", &["-", "not", "set"]),
        ("request_timeout", &["30", "default"]),
        // The listening address decides.
        ("playground", &["auto", "(off)", "default"]),
        ("public_url", &["http://localhost:3000", "default"]),
    ] {
        assert_eq!(words(key), expected, "{key}");
    }
    assert!(!text.contains("hunter2"), "{text}");

    let json = printed(&folder, &[&arguments[..], &["--format", "json"]].concat(), &settings);
    assert!(!json.contains("hunter2"), "{json}");
    let rows: Vec<Value> = serde_json::from_str(&json).expect("the output is JSON");
    assert_eq!(rows.len(), patron::config::SETTINGS.len());
    let row = |key: &str| rows.iter().find(|row| row["key"] == key).expect("the setting is listed");
    assert_eq!(
        (&row("database_wait")["origin"], &row("database_wait")["file"]),
        (&"file".into(), &"patron.toml".into())
    );
    assert_eq!((&row("playground")["value"], &row("playground")["result"]), (&"auto".into(), &"off".into()));
    assert_eq!(row("listen")["origin"], "environment");
    assert!(!folder.path().join("data").exists(), "the command has created files");
}

#[test]
fn invalid_values_are_shown_and_reported() {
    let folder = Folder::new();
    let output = run(folder.path(), &["config"], &[("PATRON_DATABASE_WAIT", "soon")]);
    let (code, error) = code_and_error(&output);
    assert!(code == 78 && error.contains("patron: PATRON_DATABASE_WAIT: `soon`"), "{code} {error}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("soon"), "{output:?}");
}

/// A URL that patron can't read may have its password anywhere.
#[test]
fn an_unreadable_database_url_is_masked() {
    let folder = Folder::new();
    for url in [
        "postgres:/u:hunter2@db/x",
        "u:hunter2@db/x",
        "host=db password=hunter2",
        "postgres://u:hunter2",
        "postgres://db/x?passwd=hunter2",
        "postgres://u:123?hunter2@db/x",
    ] {
        for arguments in [&["config"][..], &["config", "--format", "json"]] {
            let output = run(folder.path(), arguments, &[("DATABASE_URL", url)]);
            let shown = String::from_utf8_lossy(&output.stdout);
            let row = shown.lines().find(|line| line.contains("***"));
            assert!(row.is_some() && !shown.contains("hunter2"), "{url}: {shown}");
        }
        let (code, error) =
            code_and_error(&run(folder.path(), &["config", "check"], &[("DATABASE_URL", url)]));
        assert!(
            code == 78 && error.contains("DATABASE_URL: ") && !error.contains("hunter"),
            "{url}: {error}"
        );
    }
}

#[test]
fn misspelled_variables_are_named() {
    let folder = Folder::new();
    // Kubernetes sets the second one for a service named patron.
    let settings = [("PATRON_LISTEM", "x"), ("PATRON_SERVICE_HOST", "10.0.0.7")];
    let (code, error) = code_and_error(&run(folder.path(), &["config"], &settings));
    assert_eq!(code, 0, "{error}");
    assert!(
        error.contains("PATRON_LISTEM is set, but is not a setting of patron; did you mean PATRON_LISTEN?")
    );
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn the_check_needs_no_database_and_finds_what_the_start_would_refuse() {
    let folder = Folder::new();
    assert_eq!(printed(&folder, &["config", "check"], SECRETS), "the settings are valid\n");
    assert!(!folder.path().join("data").exists(), "the command has created files");
    for (variable, value, expected) in [
        ("PATRON_LISTEN", "everywhere", "PATRON_LISTEN: `everywhere`"),
        ("PATRON_MAIL_FROM", "nobody", "PATRON_MAIL_FROM: `nobody` is not a sender"),
        ("PATRON_SMTP_URL", "http://u:hunter2@mail.example", "PATRON_SMTP_URL: must be smtps://"),
    ] {
        let (code, error) = code_and_error(&run(folder.path(), &["config", "check"], &[(variable, value)]));
        assert!(code == 78 && error.contains(expected) && !error.contains("hunter2"), "{code} {error}");
    }
    let (code, error) = code_and_error(&run(folder.path(), &["config", "check"], &[("PATRON_LISTEM", "x")]));
    assert!(
        code == 0 && error.contains("PATRON_LISTEM is set") && error.contains("PATRON_LISTEN?"),
        "{error}"
    );
}

#[test]
fn the_example_is_a_settings_file_with_the_defaults() {
    let folder = Folder::new();
    let example = printed(&folder, &["config", "example"], &[]);
    for setting in patron::config::SETTINGS {
        assert!(example.contains(&format!("\n#{} = ", setting.key)), "{} is missing", setting.key);
        assert!(example.contains(&format!("# Variable: {}\n", setting.variable)), "{}", setting.variable);
    }
    assert!(example.lines().all(|line| line.is_empty() || line.starts_with('#')), "{example}");
    std::fs::write(folder.path().join("commented.toml"), &example).unwrap();
    printed(&folder, &["config", "check", "--config", "commented.toml"], &[]);
    // All defaults at once; what has no default is in angle brackets.
    let entry = |line: &str| {
        line.strip_prefix('#')
            .filter(|line| !line.starts_with(' ') && line.contains(" = "))
            .map(str::to_owned)
    };
    let defaults: Vec<String> =
        example.lines().filter_map(entry).filter(|line| !line.contains("\"<")).collect();
    assert!(defaults.len() > 50, "{defaults:?}");
    std::fs::write(folder.path().join("patron.toml"), defaults.join("\n")).unwrap();
    printed(&folder, &["config", "check", "--config", "patron.toml"], &[]);
}
