//! The log of requests: one line for each, and none for probes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Folder, Server};

const PROBES: [&str; 3] = ["/health/live", "/health/ready", "/metrics"];

/// The lines of a log.
fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn a_request_has_one_line_and_a_probe_has_none() {
    let folder = Folder::new();
    let server = Server::start(folder.path(), &[], &[], "password");
    let status = |request: &str, body: &str| {
        let response = server.send(request, "", body);
        response.split_whitespace().nth(1).expect("a status").to_owned()
    };
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse battery"}"#;
    let wrong = r#"{"email": "a@x.io", "password": "wrong horse battery"}"#;
    assert_eq!(status("POST /api/customers", body), "201");
    assert_eq!(status("POST /api/customer/tokens", body), "200");
    assert_eq!(status("POST /api/customer/tokens", wrong), "401");
    assert_eq!(status("GET /api/customers/me/export", ""), "401");
    assert_eq!(status("GET /unknown", ""), "404");
    for path in PROBES {
        assert_eq!(status(&format!("GET {path}"), ""), "200", "{path}");
    }
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");

    let mut by_request: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in lines(&log) {
        if let Some(id) = line["span"]["request_id"].as_str() {
            by_request.entry(id.to_owned()).or_default().push(line);
        }
    }
    assert_eq!(by_request.len(), 5, "{log}");
    for logged in by_request.values() {
        assert_eq!(logged.len(), 1, "{log}");
        assert_eq!(logged[0]["message"], "answered", "{log}");
        let duration = logged[0]["duration_ms"].to_string();
        let decimals = duration.split_once('.').map_or("", |(_, decimals)| decimals);
        assert!(!duration.contains('e') && (1..=3).contains(&decimals.len()), "{duration}");
    }
    assert!(!PROBES.iter().any(|path| log.contains(path)), "{log}");
}

#[test]
fn probes_are_logged_at_debug() {
    let folder = Folder::new();
    let server = Server::start(folder.path(), &[], &[("PATRON_LOG", "patron=debug")], "password");
    for path in PROBES {
        assert!(server.send(&format!("GET {path}"), "", "").starts_with("HTTP/1.1 200"), "{path}");
    }
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");
    let answered: Vec<Value> = lines(&log).into_iter().filter(|line| line["message"] == "answered").collect();
    assert_eq!(answered.iter().map(|line| &line["path"]).collect::<Vec<_>>(), PROBES, "{log}");
    assert!(answered.iter().all(|line| line["level"] == "DEBUG"), "{log}");
}
