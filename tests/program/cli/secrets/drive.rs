//! A server whose every answer is kept, with the secrets that went in and came out.

use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use sha2::{Digest, Sha256};

use crate::support::{Folder, Server, field, run};

/// What may be found in no place where it does not belong.
pub(super) struct Secret {
    what: String,
    pub(super) value: String,
    /// Whether the database holds it, in the column that is made for it.
    pub(super) stored: bool,
}

pub(super) struct Drive {
    pub(super) folder: Folder,
    server: Option<Server>,
    pub(super) secrets: Vec<Secret>,
    /// What was asked, what came, and the tokens that this very answer issued.
    answers: Vec<(String, String, Vec<String>)>,
    marks: usize,
}

impl Drive {
    pub(super) fn start(folder: Folder, settings: &[(&str, &str)]) -> Self {
        let server = Server::start(folder.path(), &["serve", "--migrate"], settings, "admin");
        Self { folder, server: Some(server), secrets: Vec::new(), answers: Vec::new(), marks: 0 }
    }

    /// A new secret, which nothing else looks like.
    pub(super) fn mark(&mut self, what: &str) -> String {
        self.marks += 1;
        let value = format!("marked{}secret{}", self.marks, what.replace(' ', ""));
        self.keep(what, &value, false);
        value
    }

    pub(super) fn keep(&mut self, what: &str, value: &str, stored: bool) {
        self.secrets.push(Secret { what: what.to_owned(), value: value.to_owned(), stored });
    }

    /// What a token is made good by, and what is kept of it.
    pub(super) fn keep_token(&mut self, what: &str, token: &str) {
        self.keep(what, token.rsplit('.').next().expect("a part"), false);
        let hash: String = Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
        self.keep(&format!("the hash of {what}"), &hash, true);
    }

    /// Sends a request; what its answer issues are secrets from then on.
    pub(super) fn send(&mut self, request: &str, authorization: &str, body: &str) -> String {
        let mut headers = String::new();
        if !authorization.is_empty() {
            headers = format!("Authorization: {authorization}\r\n");
        }
        // What is kept of the answer, to be given again, is in the database.
        if !request.starts_with("GET") {
            headers.push_str(&format!("Idempotency-Key: {}\r\n", self.answers.len()));
        }
        let answer = self.server.as_ref().expect("it runs").send(request, &headers, body);
        let mut issued = Vec::new();
        for name in ["accessToken", "refreshToken"] {
            if let Some(token) = field(&answer, name) {
                self.keep_token(&format!("the {name} of {request}"), &token);
                issued.push(token);
            }
        }
        if let Some(secret) = field(&answer, "secret").filter(|secret| secret.starts_with("whsec_")) {
            self.keep(&format!("the secret of {request}"), &secret, false);
            issued.push(secret);
        }
        self.answers.push((format!("{request} {body}"), answer.clone(), issued));
        answer
    }

    /// Sends a request that has to succeed.
    pub(super) fn ok(&mut self, request: &str, authorization: &str, body: &str) -> String {
        let answer = self.send(request, authorization, body);
        assert!(answer.starts_with("HTTP/1.1 20"), "{request} {body}: {answer}");
        answer
    }

    /// `Bearer` and the access token of these credentials, and the refresh token.
    pub(super) fn log_in(&mut self, path: &str, email: &str, password: &str) -> (String, String) {
        let body = format!(r#"{{"email": "{email}", "password": "{password}"}}"#);
        let answer = self.ok(&format!("POST {path}"), "", &body);
        let token = |name| field(&answer, name).expect("a token");
        (format!("Bearer {}", token("accessToken")), token("refreshToken"))
    }

    /// The token of the mail of this kind that is the next to be written.
    pub(super) fn mailed(&mut self, kind: &str) -> String {
        let mails = self.folder.path().join("data/mail");
        let found = (0..300).find_map(|_| {
            let unread = files(&mails).into_iter().find(|path| name(path).starts_with(kind));
            if unread.is_none() {
                // Takes its time, and something else is logged meanwhile.
                run(self.folder.path(), &["schema"], &[]);
            }
            unread
        });
        let found = found.expect("the mail is written");
        let mail = std::fs::read_to_string(&found)
            .expect("the mail is read")
            .replace("=\r\n", "")
            .replace("=\n", "");
        let (_, rest) = mail.split_once("#token=").expect("it has a link");
        let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        std::fs::remove_file(found).expect("it is read once");
        self.keep_token(&format!("the token of {kind}"), &token);
        token
    }

    /// Stops the server; gives back its log.
    pub(super) fn stop(&mut self) -> String {
        self.server.take().expect("it runs").kill()
    }

    pub(super) fn assert_unknown_to_answers(&self) {
        let all: Vec<&Secret> = self.secrets.iter().collect();
        let searcher = searcher(&all);
        for (asked, answer, issued) in &self.answers {
            for found in searcher.find_overlapping_iter(answer) {
                let Secret { what, value, .. } = all[found.pattern()];
                let own = issued.iter().any(|token| token.ends_with(value));
                assert!(own, "{what} is in the answer to {asked}: {answer}");
            }
        }
    }

    /// `stored`: whether the place is the database, where hashes are.
    pub(super) fn assert_unknown_to(&self, place: &str, text: &[u8], stored: bool) {
        let unknown: Vec<&Secret> = self.secrets.iter().filter(|secret| !(stored && secret.stored)).collect();
        if let Some(found) = searcher(&unknown).find(text) {
            let around = &text[found.start().saturating_sub(200)..(found.end() + 100).min(text.len())];
            let what = &unknown[found.pattern()].what;
            panic!("{what} is in {place}: …{}…", String::from_utf8_lossy(around));
        }
    }
}

fn searcher(secrets: &[&Secret]) -> AhoCorasick {
    AhoCorasick::new(secrets.iter().map(|secret| &secret.value)).expect("they can be looked for")
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// Those of a folder, the oldest first; none of one that is not there.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort_by_key(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok());
    files.retain(|path| path.is_file());
    files
}
