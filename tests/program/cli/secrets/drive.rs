//! Drives a server and records all responses and all secrets, so that they can be searched for leaks.

use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use sha2::{Digest, Sha256};

use crate::support::{Folder, Server, field, run};

/// A value that must not leak.
pub(super) struct Secret {
    description: String,
    pub(super) value: String,
    /// Whether the database may contain it, as it does with hashes.
    pub(super) stored: bool,
}

/// A request and its response.
struct Exchange {
    request: String,
    response: String,
    /// The tokens and secrets that the response is supposed to contain.
    issued: Vec<String>,
}

pub(super) struct Drive {
    pub(super) folder: Folder,
    server: Option<Server>,
    pub(super) secrets: Vec<Secret>,
    exchanges: Vec<Exchange>,
    marks: usize,
}

impl Drive {
    pub(super) fn start(folder: Folder, settings: &[(&str, &str)]) -> Self {
        let server = Server::start(folder.path(), &["serve", "--migrate"], settings, "admin");
        Self { folder, server: Some(server), secrets: Vec::new(), exchanges: Vec::new(), marks: 0 }
    }

    /// Creates a new secret with a unique value.
    pub(super) fn mark(&mut self, description: &str) -> String {
        self.marks += 1;
        let value = format!("marked{}secret{}", self.marks, description.replace(' ', ""));
        self.record(description, &value, false);
        value
    }

    /// Records a secret.
    pub(super) fn record(&mut self, description: &str, value: &str, stored: bool) {
        self.secrets.push(Secret { description: description.to_owned(), value: value.to_owned(), stored });
    }

    /// Records the signature of a token (or the whole token, if it has one part) and its hash, which is stored.
    pub(super) fn record_token(&mut self, description: &str, token: &str) {
        self.record(description, token.rsplit('.').next().expect("a part"), false);
        let hash: String = Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
        self.record(&format!("the hash of {description}"), &hash, true);
    }

    /// Sends a request. Tokens and secrets in the response are recorded as secrets.
    pub(super) fn send(&mut self, request: &str, authorization: &str, body: &str) -> String {
        let mut headers = String::new();
        if !authorization.is_empty() {
            headers = format!("Authorization: {authorization}\r\n");
        }
        // With a key, the response is stored in the database for retries.
        if !request.starts_with("GET") {
            headers.push_str(&format!("Idempotency-Key: {}\r\n", self.exchanges.len()));
        }
        let response = self.server.as_ref().expect("the server is running").send(request, &headers, body);
        let mut issued = Vec::new();
        for name in ["accessToken", "refreshToken"] {
            if let Some(token) = field(&response, name) {
                self.record_token(&format!("the {name} of {request}"), &token);
                issued.push(token);
            }
        }
        let is_issued = |secret: &String| secret.starts_with("whsec_") || request.contains("second-factor");
        if let Some(secret) = field(&response, "secret").filter(is_issued) {
            self.record(&format!("the secret of {request}"), &secret, false);
            issued.push(secret);
        }
        for code in recovery_codes(&response) {
            self.record(&format!("a recovery code of {request}"), &code, false);
            issued.push(code);
        }
        let exchange = Exchange { request: format!("{request} {body}"), response: response.clone(), issued };
        self.exchanges.push(exchange);
        response
    }

    /// Sends a request that has to succeed.
    pub(super) fn ok(&mut self, request: &str, authorization: &str, body: &str) -> String {
        let response = self.send(request, authorization, body);
        assert!(response.starts_with("HTTP/1.1 20"), "{request} {body}: {response}");
        response
    }

    /// Logs in; returns the `Authorization` header with the access token, and the refresh token.
    pub(super) fn log_in(&mut self, path: &str, email: &str, password: &str) -> (String, String) {
        let body = format!(r#"{{"email": "{email}", "password": "{password}"}}"#);
        let response = self.ok(&format!("POST {path}"), "", &body);
        let token = |name| field(&response, name).expect("a token");
        (format!("Bearer {}", token("accessToken")), token("refreshToken"))
    }

    /// Waits for the next mail of this kind and returns the token of its link.
    pub(super) fn mailed(&mut self, kind: &str) -> String {
        let mails = self.folder.path().join("data/mail");
        let file = (0..300).find_map(|_| {
            let file = files(&mails).into_iter().find(|path| name(path).starts_with(kind));
            if file.is_none() {
                // Running a command takes long enough to serve as a pause.
                run(self.folder.path(), &["schema"], &[]);
            }
            file
        });
        let file = file.expect("the mail is written");
        let mail =
            std::fs::read_to_string(&file).expect("the mail is read").replace("=\r\n", "").replace("=\n", "");
        let (_, rest) = mail.split_once("#token=").expect("the mail has a link");
        let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        std::fs::remove_file(file).expect("the mail is removed");
        self.record_token(&format!("the token of {kind}"), &token);
        token
    }

    /// Stops the server and returns its log.
    pub(super) fn stop(&mut self) -> String {
        self.server.take().expect("the server is running").kill()
    }

    /// Fails if a response contains a secret that it did not issue itself.
    pub(super) fn assert_not_in_responses(&self) {
        let all: Vec<&Secret> = self.secrets.iter().collect();
        let searcher = searcher(&all);
        for Exchange { request, response, issued } in &self.exchanges {
            for occurrence in searcher.find_overlapping_iter(response) {
                let Secret { description, value, .. } = all[occurrence.pattern()];
                let is_issued = issued.iter().any(|token| token.ends_with(value));
                assert!(is_issued, "{description} is in the response to {request}: {response}");
            }
        }
    }

    /// Fails if the text contains a secret. With `is_database`, stored secrets are allowed.
    pub(super) fn assert_not_in(&self, location: &str, text: &[u8], is_database: bool) {
        let forbidden: Vec<&Secret> =
            self.secrets.iter().filter(|secret| !(is_database && secret.stored)).collect();
        if let Some(found) = searcher(&forbidden).find(text) {
            let excerpt = &text[found.start().saturating_sub(200)..(found.end() + 100).min(text.len())];
            let description = &forbidden[found.pattern()].description;
            panic!("{description} is in {location}: …{}…", String::from_utf8_lossy(excerpt));
        }
    }
}

/// The recovery codes in a JSON body.
fn recovery_codes(response: &str) -> Vec<String> {
    let Some((_, rest)) = response.split_once("\"recovery_codes\":[") else { return Vec::new() };
    let list = rest.split(']').next().unwrap_or_default();
    list.split(',').map(|code| code.trim_matches('"').to_owned()).collect()
}

fn searcher(secrets: &[&Secret]) -> AhoCorasick {
    AhoCorasick::new(secrets.iter().map(|secret| &secret.value)).expect("the patterns compile")
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// The files of a folder, the oldest first; no files if the folder does not exist.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort_by_key(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok());
    files.retain(|path| path.is_file());
    files
}
