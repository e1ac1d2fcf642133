//! The templates of mails. A file in the folder of `PATRON_MAIL_TEMPLATES` replaces the built-in template of its name.
//!
//! `KIND.txt` starts with the line `Subject: …`; `KIND.html` is the HTML alternative. All templates are rendered once at the
//! start, so that a mistake in one of them is reported before any mail is sent.

use std::fmt;
use std::path::Path;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};
use rust_embed::RustEmbed;
use serde::Serialize;

use crate::types::MailKind;

#[derive(RustEmbed)]
#[folder = "src/outbound/mailer/templates"]
struct TemplateFiles;

/// The variables of templates. Has no `Debug`, since the link is as powerful as a password.
#[derive(Clone, Default, Serialize)]
pub struct Variables {
    /// The name of the customer.
    pub full_name: String,
    /// The address of the recipient.
    pub recipient: String,
    /// The link to open; empty for mails without a link.
    pub link: String,
    /// How long the link is valid: `1 hour`.
    pub lifetime: String,
    /// The time of the change: `2026-01-02 03:04 UTC`.
    pub time: String,
    /// The public URL of the server.
    pub public_url: String,
}

/// A rendered mail.
pub(super) struct Parts {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

pub(super) struct Templates(Environment<'static>);

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Templates(…)")
    }
}

impl Templates {
    /// Parses all templates and renders each of them once.
    pub(super) fn load(folder: Option<&Path>) -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        for name in TemplateFiles::iter() {
            let built_in = TemplateFiles::get(&name).map(|file| file.data.into_owned()).unwrap_or_default();
            let replacement = folder.map(|folder| folder.join(name.as_ref())).filter(|path| path.is_file());
            let bytes = match &replacement {
                Some(path) => std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?,
                None => built_in,
            };
            let text = String::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8"))?;
            environment
                .add_template_owned(name.to_string(), text)
                .map_err(|error| format!("{name}: {error}"))?;
        }
        let templates = Self(environment);
        for kind in MailKind::ALL {
            templates.render(kind, &Variables::default()).map_err(|error| format!("{kind}: {error}"))?;
        }
        Ok(templates)
    }

    pub(super) fn render(&self, kind: MailKind, variables: &Variables) -> Result<Parts, Error> {
        let render = |name: String| self.0.get_template(&name)?.render(Serde(variables));
        let text = render(format!("{kind}.txt"))?;
        let html = render(format!("{kind}.html"))?;
        let missing_subject = || {
            let message = format!("{kind}.txt must start with the line \"Subject: …\"");
            Error::new(minijinja::ErrorKind::InvalidOperation, message)
        };
        let (first_line, body) = text.split_once('\n').ok_or_else(missing_subject)?;
        let subject = first_line.strip_prefix("Subject:").ok_or_else(missing_subject)?.trim().to_owned();
        Ok(Parts { subject, text: body.trim_start().to_owned(), html })
    }
}
