//! Renders mails from templates, and sends them to a mail server (SMTP, RFC 5321) or, without one, writes them to files.
//!
//! `service::mail` decides which mails are sent, to which address and when, and retries them. A [`SendError`] says whether a
//! retry can succeed. Errors never contain anything that could be a token.

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

use crate::config::{BuildError, MailConfig, ShopConfig, private_folder};
use crate::db::ensure_no_transaction;
use crate::outbound::error_chain::with_causes;
use crate::types::{EmailAddress, MailKind, ascii_domain};

use templates::Templates;
pub(crate) use templates::Variables;

/// Renders and sends mails.
#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    templates: Templates,
    transport: Transport,
    /// The timeout of a whole mail: lettre's own timeout covers single steps only.
    timeout: Duration,
}

#[derive(Debug)]
enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// Writes one file per mail, for development.
    Folder(PathBuf),
}

/// A mail was not sent. The reason omits everything that could be a token or a part of one, since a mail server may quote
/// the mail.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    /// For the log and the operator.
    pub reason: String,
    /// Whether the failure is permanent, so that a retry can't succeed.
    pub is_final: bool,
}

impl SendError {
    fn temporary(error: &dyn std::error::Error) -> Self {
        Self { reason: redact(&describe(error)), is_final: false }
    }

    fn permanent(error: &dyn std::error::Error) -> Self {
        Self { reason: redact(&describe(error)), is_final: true }
    }
}

impl From<SmtpError> for SendError {
    fn from(error: SmtpError) -> Self {
        // 530 to 538 concern patron's credentials and TLS (RFC 4954 6), which the operator can fix. Any other 5yz code
        // concerns this mail.
        let code = error.status().map_or(0, u16::from);
        if error.is_permanent() && !(530..=538).contains(&code) {
            Self::permanent(&error)
        } else {
            Self::temporary(&error)
        }
    }
}

impl Mailer {
    /// Builds a mailer. Does not contact the mail server.
    ///
    /// # Errors
    /// An invalid URL, sender or template, with its setting.
    pub fn new(config: &MailConfig, shop: &ShopConfig) -> Result<Self, BuildError> {
        let invalid = |variable, message: String| BuildError { variable, message };
        let from = sender(&config.from).ok_or_else(|| {
            let message = format!("`{}` is not a sender such as \"Shop <shop@example.com>\"", config.from);
            invalid("PATRON_MAIL_FROM", message)
        })?;
        let templates = Templates::load(config.templates.as_deref(), shop)
            .map_err(|message| invalid("PATRON_MAIL_TEMPLATES", message))?;
        let transport = match &config.smtp_url {
            Some(url) => {
                let smtp = smtp(url).map_err(|message| invalid("PATRON_SMTP_URL", message))?;
                Transport::Smtp(smtp.timeout(Some(config.smtp_timeout)).build())
            }
            None => Transport::Folder(config.folder.clone()),
        };
        Ok(Self { from, templates, transport, timeout: config.smtp_timeout })
    }

    /// Renders a mail and sends it.
    ///
    /// # Errors
    /// [`SendError`] if a template fails, the address is invalid, or the mail server or the file system refuses the mail.
    pub async fn send(
        &self,
        id: Uuid,
        kind: MailKind,
        recipient: &EmailAddress,
        variables: &Variables,
    ) -> Result<(), SendError> {
        debug_assert!(
            ensure_no_transaction("sending a mail").is_ok(),
            "a mail is sent in an open transaction"
        );
        let message = self.message(id, kind, recipient, variables)?;
        match &self.transport {
            Transport::Smtp(smtp) => {
                let sent = tokio::time::timeout(self.timeout, send_over_smtp(smtp, message)).await;
                sent.map_err(|_| SendError {
                    reason: format!(
                        "the mail server did not accept the mail within {} s",
                        self.timeout.as_secs()
                    ),
                    is_final: false,
                })??;
            }
            Transport::Folder(folder) => {
                let path = write_file(folder, id, kind, &message.formatted())
                    .map_err(|error| SendError::temporary(&error))?;
                tracing::info!(%kind, path = %path.display(), "mail written to a file");
            }
        }
        Ok(())
    }

    /// Renders the subject of a mail. `None` if the template fails.
    pub fn subject(&self, kind: MailKind, variables: &Variables) -> Option<String> {
        self.templates.subject(kind, variables).ok()
    }

    fn message(
        &self,
        id: Uuid,
        kind: MailKind,
        recipient: &EmailAddress,
        variables: &Variables,
    ) -> Result<Message, SendError> {
        let parts = self.templates.render(kind, variables).map_err(|error| SendError::temporary(&error))?;
        let address: Address = recipient.for_smtp().parse().map_err(|error| SendError::permanent(&error))?;
        let domain = self.from.email.domain();
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(parts.subject)
            // The same for every attempt, so that a receiver can recognize duplicates.
            .message_id(Some(format!("<{id}@{domain}>")))
            .multipart(
                MultiPart::alternative()
                    .singlepart(plain_text(parts.text))
                    .singlepart(SinglePart::html(parts.html)),
            )
            .map_err(|error| SendError::permanent(&error))
    }
}

/// Parses the sender. Its domain is converted to A-labels, which every mail server accepts.
fn sender(text: &str) -> Option<Mailbox> {
    let sender: Mailbox = text.parse().ok()?;
    let domain = ascii_domain(sender.email.domain()).unwrap_or_else(|| sender.email.domain().to_owned());
    let address = Address::new(sender.email.user(), domain).ok()?;
    Some(Mailbox::new(sender.name, address))
}

/// Sends a mail to the mail server.
///
/// lettre refuses an address with non-ASCII letters before the `@` if the mail server does not support SMTPUTF8 (RFC 6531
/// 3.2), which is permanent. It reports that as an error of the client, as it does failures to connect, such as a missing
/// login mechanism. So the connection is tested: if the test succeeds, the address was refused.
async fn send_over_smtp(
    smtp: &AsyncSmtpTransport<Tokio1Executor>,
    message: Message,
) -> Result<(), SendError> {
    let envelope = message.envelope();
    let mut addresses = envelope.to().iter().chain(envelope.from());
    let is_ascii = addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii());
    let Err(error) = smtp.send(message).await else { return Ok(()) };
    if error.is_client() && !is_ascii && smtp.test_connection().await.is_ok() {
        let reason = format!("the address or the sender requires SMTPUTF8: {}", describe(&error));
        return Err(SendError { reason, is_final: true });
    }
    Err(error.into())
}

/// The plain text part. It is not encoded if RFC 5322 (2.1.1) allows that, so that links in a mail's file are not wrapped.
fn plain_text(text: String) -> SinglePart {
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
    // Omits the value: it may contain a password.
    const FORMAT: &str = "must be smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST:587?tls=required; special \
                        characters in the password must be percent-encoded";
    let text = url.expose_secret();
    let url = Url::parse(text).map_err(|_| FORMAT)?;
    if !["smtp", "smtps"].contains(&url.scheme()) {
        return Err(FORMAT.to_owned());
    }
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(FORMAT.to_owned()),
    };
    let is_encrypted = url.scheme() == "smtps"
        || url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    if !url.username().is_empty() && !is_local && !is_encrypted {
        return Err("would send a password unencrypted: use smtps://, or add ?tls=required".to_owned());
    }
    AsyncSmtpTransport::<Tokio1Executor>::from_url(text).map_err(|_| FORMAT.to_owned())
}

/// Writes a mail to a file that only its owner can read (mode 0600), since its link is as powerful as a password. The file
/// gets its name when it is complete, so that no reader sees a part of it.
fn write_file(folder: &Path, id: Uuid, kind: MailKind, message: &[u8]) -> std::io::Result<PathBuf> {
    private_folder(folder)?;
    let path = folder.join(format!("{kind}-{id}.eml"));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(message)?;
    file.persist(&path)?;
    Ok(path)
}

/// Removes long runs of letters and digits, which could be tokens, and joins the text to one line.
fn redact(text: &str) -> String {
    /// The length of a run that could be a part of a token. Tokens have 52 characters, and a mail may break a line after 76,
    /// so that a part of a token is at least this long.
    const MIN_TOKEN_PART: usize = 16;
    let mut redacted = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }).chain([' ']) {
        if c.is_ascii_alphanumeric() {
            run.push(c);
            continue;
        }
        redacted.push_str(if run.len() < MIN_TOKEN_PART { &run } else { "…" });
        run.clear();
        redacted.push(c);
    }
    redacted.trim_end().to_owned()
}

/// Describes an error with its causes.
fn describe(error: &dyn std::error::Error) -> String {
    with_causes(error.to_string(), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_never_sees_a_part_of_a_mails_file() {
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
                    write_file(folder.path(), Uuid::from_u128(number), MailKind::VerifyEmail, &message)
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
