//! The mails of a test. The worker functions write them into the data folder when the test calls them.

use mailparse::{MailHeaderMap, ParsedMail};
use patron::app::ctx::AdminCtx;
use patron::worker;

use super::TestApp;

/// A parsed mail.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Mail {
    pub(crate) fn parse(raw: &[u8]) -> Self {
        let mail = mailparse::parse_mail(raw).expect("a mail");
        let header = |name: &str| mail.headers.get_first_value(name).expect("the mail has the header");
        let part = |kind: &str| -> String {
            let is = |part: &&ParsedMail<'_>| part.ctype.mimetype == kind;
            mail.subparts.iter().find(is).expect("the mail has the part").get_body().expect("a text body")
        };
        Self {
            to: header("To"),
            from: header("From"),
            subject: header("Subject"),
            text: part("text/plain").replace("\r\n", "\n"),
            html: part("text/html"),
        }
    }

    /// The token in the link.
    pub(crate) fn token(&self) -> String {
        let tail = self.text.split("#token=").nth(1).unwrap_or_else(|| panic!("no link: {self:?}"));
        tail.split_whitespace().next().expect("the link has an end").to_owned()
    }
}

impl TestApp {
    /// Sends all due mails, as the worker would, and returns the sent mails ordered by subject.
    pub(crate) async fn deliver_mails(&self) -> Vec<Mail> {
        self.send_due().await;
        let mut mails = Vec::new();
        for entry in std::fs::read_dir(&self.app.config.mail.folder).into_iter().flatten() {
            let path = entry.expect("the folder is read").path();
            mails.push(Mail::parse(&std::fs::read(&path).expect("the mail is read")));
            std::fs::remove_file(path).expect("the mail is removed");
        }
        mails.sort_by(|one, other| (&one.subject, &one.to).cmp(&(&other.subject, &other.to)));
        mails
    }

    /// Sends all due mails and returns the number of attempts.
    pub(crate) async fn send_due(&self) -> usize {
        let ctx = AdminCtx::system(self.app.clone());
        let mut attempts = 0;
        loop {
            match worker::send_due(&ctx).await.expect("the database responds") {
                0 => return attempts,
                count => attempts += count,
            }
        }
    }

    /// Sends all due mails and returns the mail, which has to be the only one.
    pub(crate) async fn one_mail(&self) -> Mail {
        let mut mails = self.deliver_mails().await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails.remove(0)
    }

    /// Requests a password reset and returns the mailed token.
    pub(crate) async fn reset_token(&self, email: &str) -> String {
        use super::Actor;
        let response = self
            .anonymous()
            .post("/api/customers/reset-password", &serde_json::json!({"email": email}))
            .await;
        assert_eq!((response.status, response.data()), (200, serde_json::json!({})));
        let mails = self.deliver_mails().await;
        let mail = mails.iter().find(|mail| mail.subject == "Set a new password");
        mail.unwrap_or_else(|| panic!("no mail: {mails:?}")).token()
    }
}
