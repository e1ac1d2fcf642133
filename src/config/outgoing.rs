//! Settings of outgoing mail and webhooks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use super::Values;

/// How mails are sent.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// `PATRON_SMTP_URL`; may contain a password. Without it, mails are written to files.
    pub smtp_url: Option<SecretString>,
    /// `PATRON_SMTP_TIMEOUT`: how long the mail server may take to accept a mail. Shorter than the lease of a mail.
    pub smtp_timeout: Duration,
    /// `PATRON_MAIL_FROM`.
    pub from: String,
    /// `PATRON_MAIL_TEMPLATES`: a folder whose files replace the built-in templates of the same names.
    pub templates: Option<PathBuf>,
    /// The folder that mails are written to if there is no mail server.
    pub folder: PathBuf,
}

/// How webhooks are sent.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// `PATRON_WEBHOOK_NETWORKS`: private networks that webhooks may be sent to, also without TLS.
    pub networks: Vec<IpNet>,
    /// `PATRON_WEBHOOK_TIMEOUT`: how long a receiver may take to respond. Shorter than the lease of a delivery.
    pub timeout: Duration,
}

impl MailConfig {
    pub(super) fn from_values(v: &mut Values, public_url: Option<&str>, data_dir: &Path) -> Self {
        Self {
            smtp_url: v.secret("PATRON_SMTP_URL"),
            smtp_timeout: Duration::from_secs(v.between("PATRON_SMTP_TIMEOUT", 1, 240).into()),
            from: v.sender("PATRON_MAIL_FROM", public_url),
            templates: v.folder("PATRON_MAIL_TEMPLATES"),
            folder: data_dir.join("mail"),
        }
    }
}

impl WebhookConfig {
    pub(super) fn from_values(v: &mut Values) -> Self {
        Self {
            networks: v.networks("PATRON_WEBHOOK_NETWORKS"),
            timeout: Duration::from_secs(v.between("PATRON_WEBHOOK_TIMEOUT", 1, 60).into()),
        }
    }
}

impl Values {
    /// Reads the sender of mails, which the mailer parses.
    fn sender(&self, variable: &'static str, public_url: Option<&str>) -> String {
        let host = public_url.and_then(|url| Url::parse(url).ok()?.host_str().map(str::to_owned));
        let default = || format!("no-reply@{}", host.as_deref().unwrap_or("localhost"));
        self.get(variable).map_or_else(default, str::to_owned)
    }
}
