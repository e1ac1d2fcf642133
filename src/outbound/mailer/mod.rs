//! Mails: from templates to messages, and from there to a mail server (SMTP, RFC 5321) or, without one, to files.
//!
//! What is sent, to whom and when is decided by `service::mail`.

mod templates;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;
use url::{Host, Url};
use uuid::Uuid;

use crate::config::MailConfig;
use crate::config::{BuildError, private_folder};
use crate::db::ensure_outside;
use crate::types::{EmailAddress, MailKind, ascii_domain};

use templates::Templates;
pub use templates::Variables;

/// Renders and sends mails.
#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    templates: Templates,
    transport: Transport,
    /// For a whole mail: lettre limits no more than the connecting.
    limit: Duration,
}

#[derive(Debug)]
enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// For development: a file a mail.
    Folder(PathBuf),
}

/// Why a mail was not sent. A mail server may quote what it was sent, so whatever could be a token, or part of one,
/// is left out of the text.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    /// What happened.
    pub reason: String,
    /// Whether trying again is useless: the mail server will never take it.
    pub is_final: bool,
}

impl SendError {
    fn passing(error: &dyn std::error::Error) -> Self {
        Self { reason: redact(&describe(error)), is_final: false }
    }

    fn lasting(error: &dyn std::error::Error) -> Self {
        Self { reason: redact(&describe(error)), is_final: true }
    }
}

impl From<SmtpError> for SendError {
    fn from(error: SmtpError) -> Self {
        // 530 to 538 are about our credentials and TLS (RFC 4954 6), which an operator can mend; any other 5yz is
        // about this mail.
        let code = error.status().map_or(0, u16::from);
        if error.is_permanent() && !(530..=538).contains(&code) {
            Self::lasting(&error)
        } else {
            Self::passing(&error)
        }
    }
}

impl Mailer {
    /// A mailer with these settings. The mail server is not contacted yet.
    ///
    /// # Errors
    /// A URL, sender or template that can't be used, with the setting it came from.
    pub fn new(config: &MailConfig) -> Result<Self, BuildError> {
        let wrong = |variable, message: String| BuildError { variable, message };
        let from = sender(&config.from).ok_or_else(|| {
            let message = format!("`{}` is not a sender such as \"Shop <shop@example.com>\"", config.from);
            wrong("PATRON_MAIL_FROM", message)
        })?;
        let templates = Templates::load(config.templates.as_deref())
            .map_err(|message| wrong("PATRON_MAIL_TEMPLATES", message))?;
        let transport = match &config.smtp_url {
            Some(url) => {
                let smtp = smtp(url).map_err(|message| wrong("PATRON_SMTP_URL", message))?;
                Transport::Smtp(smtp.timeout(Some(config.smtp_timeout)).build())
            }
            None => Transport::Folder(config.folder.clone()),
        };
        Ok(Self { from, templates, transport, limit: config.smtp_timeout })
    }

    /// Renders a mail and sends it.
    ///
    /// # Errors
    /// [`SendError`]: the templates fail, the address is none, the mail server or the file system refuses.
    pub async fn send(
        &self,
        id: Uuid,
        kind: MailKind,
        recipient: &EmailAddress,
        variables: &Variables,
    ) -> Result<(), SendError> {
        debug_assert!(ensure_outside("sending a mail").is_ok(), "a mail is sent in an open transaction");
        let message = self.message(id, kind, recipient, variables)?;
        match &self.transport {
            Transport::Smtp(smtp) => match tokio::time::timeout(self.limit, smtp.send(message)).await {
                Ok(sent) => {
                    sent.map_err(refused)?;
                }
                Err(_) => {
                    let reason = format!("the mail server did not take it within {} s", self.limit.as_secs());
                    return Err(SendError { reason, is_final: false });
                }
            },
            Transport::Folder(folder) => {
                let path = write(folder, id, kind, &message.formatted())
                    .map_err(|error| SendError::passing(&error))?;
                tracing::info!(%kind, path = %path.display(), "a mail became a file");
            }
        }
        Ok(())
    }

    fn message(
        &self,
        id: Uuid,
        kind: MailKind,
        recipient: &EmailAddress,
        variables: &Variables,
    ) -> Result<Message, SendError> {
        let parts = self.templates.render(kind, variables).map_err(|error| SendError::passing(&error))?;
        let address: Address = recipient.for_smtp().parse().map_err(|error| SendError::lasting(&error))?;
        let domain = self.from.email.domain();
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(parts.subject)
            // The same each time it is tried, so that a receiver can tell that two are one.
            .message_id(Some(format!("<{id}@{domain}>")))
            .multipart(
                MultiPart::alternative()
                    .singlepart(plain(parts.text))
                    .singlepart(SinglePart::html(parts.html)),
            )
            .map_err(|error| SendError::lasting(&error))
    }
}

/// The sender, with its domain as A-labels: every mail server takes those.
fn sender(text: &str) -> Option<Mailbox> {
    let sender: Mailbox = text.parse().ok()?;
    let domain = ascii_domain(sender.email.domain()).unwrap_or_else(|| sender.email.domain().to_owned());
    let address = Address::new(sender.email.user(), domain).ok()?;
    Some(Mailbox::new(sender.name, address))
}

/// Why a mail was not sent. lettre refuses an address with letters outside ASCII before the `@` when the mail server has no
/// SMTPUTF8 (RFC 6531 3.2). It has no kind for that error; trying again for a day would not help.
fn refused(error: SmtpError) -> SendError {
    let reason = describe(&error);
    if error.is_client() && reason.contains("SMTPUTF8") {
        return SendError {
            reason: format!("the address, or the sender, needs it: {reason}"),
            is_final: true,
        };
    }
    error.into()
}

/// The part for people who read text: as it is, where RFC 5322 (2.1.1) lets it, so that a link stays in one piece
/// also for who opens the file of a mail.
fn plain(text: String) -> SinglePart {
    const LONGEST_LINE: usize = 998;
    let text = text.replace("\r\n", "\n");
    if !text.is_ascii() || text.contains('\r') || text.lines().any(|line| line.len() > LONGEST_LINE) {
        return SinglePart::plain(text);
    }
    let encoding = ContentTransferEncoding::SevenBit;
    let body = Body::dangerous_pre_encoded(text.replace('\n', "\r\n").into_bytes(), encoding);
    SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body)
}

fn smtp(url: &SecretString) -> Result<lettre::transport::smtp::AsyncSmtpTransportBuilder, String> {
    // The value isn't shown: it may hold a password.
    const FORM: &str = "must be smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST:587?tls=required; special \
                        characters in the password must be percent-encoded";
    let text = url.expose_secret();
    let url = Url::parse(text).map_err(|_| FORM)?;
    if !["smtp", "smtps"].contains(&url.scheme()) {
        return Err(FORM.to_owned());
    }
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(FORM.to_owned()),
    };
    let encrypted = url.scheme() == "smtps"
        || url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    if !url.username().is_empty() && !local && !encrypted {
        return Err("would send a password unencrypted: use smtps://, or add ?tls=required".to_owned());
    }
    AsyncSmtpTransport::<Tokio1Executor>::from_url(text).map_err(|_| FORM.to_owned())
}

/// Writes a mail as a file for its owner alone (mode 0600): its link is as good as a password. It gets its name when it
/// is whole, so that whoever waits for it never reads half of it.
fn write(folder: &Path, id: Uuid, kind: MailKind, message: &[u8]) -> std::io::Result<PathBuf> {
    private_folder(folder)?;
    let path = folder.join(format!("{kind}-{id}.eml"));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(message)?;
    file.persist(&path)?;
    Ok(path)
}

/// A text without long runs of letters and digits, of which tokens are made, and on one line.
fn redact(text: &str) -> String {
    /// Tokens have 52; a line of a mail breaks after 76 characters at most, so that a part of one is at least this.
    const SUSPICIOUS: usize = 16;
    let mut redacted = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }).chain([' ']) {
        if c.is_ascii_alphanumeric() {
            run.push(c);
            continue;
        }
        redacted.push_str(if run.len() < SUSPICIOUS { &run } else { "…" });
        run.clear();
        redacted.push(c);
    }
    redacted.trim_end().to_owned()
}

/// An error with what caused it.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_for_a_mail_reads_all_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let message = vec![b'm'; 1 << 20];
        let read_all = || {
            let entries = std::fs::read_dir(folder.path())
                .expect("it is read")
                .map(|entry| entry.expect("an entry").path());
            let mails = entries.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
            mails.map(|path| std::fs::metadata(path).expect("it stays").len()).collect::<Vec<_>>()
        };
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for number in 0..50 {
                    write(folder.path(), Uuid::from_u128(number), MailKind::VerifyEmail, &message)
                        .expect("it is written");
                }
            });
            while !writer.is_finished() {
                let sizes = read_all();
                assert!(sizes.iter().all(|size| *size == 1 << 20), "{sizes:?}");
            }
        });
        assert_eq!(read_all().len(), 50);
    }
}
