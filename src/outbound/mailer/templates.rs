//! The templates of mails: those of the program, each replaced by the file of its name in a folder that is set.
//!
//! `KIND.txt` starts with the line `Subject: …`; `KIND.html` is the same for people with an HTML mail reader.

use std::fmt;
use std::path::Path;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};
use rust_embed::RustEmbed;
use serde::Serialize;

use crate::types::MailKind;

#[derive(RustEmbed)]
#[folder = "src/outbound/mailer/templates"]
struct Files;

/// What templates may use. No Debug: the link is as good as a password.
#[derive(Clone, Default, Serialize)]
pub struct Variables {
    /// Name of the customer.
    pub full_name: String,
    /// Where the mail goes.
    pub recipient: String,
    /// What to open; empty where there is nothing to.
    pub link: String,
    /// How long that works: `1 hour`.
    pub lifetime: String,
    /// When it happened: `2026-01-02 03:04 UTC`.
    pub time: String,
    /// Where the shop is.
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
    /// Parses all templates, and renders each once, so that a mistake is found at the start.
    pub(super) fn load(folder: Option<&Path>) -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        for name in Files::iter() {
            let own = Files::get(&name).map(|file| file.data.into_owned()).unwrap_or_default();
            let other = folder.map(|folder| folder.join(name.as_ref())).filter(|path| path.is_file());
            let bytes = match &other {
                Some(path) => std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?,
                None => own,
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
        let missing = || {
            let message = format!("{kind}.txt must start with the line \"Subject: …\"");
            Error::new(minijinja::ErrorKind::InvalidOperation, message)
        };
        let (first, rest) = text.split_once('\n').ok_or_else(missing)?;
        let subject = first.strip_prefix("Subject:").ok_or_else(missing)?.trim().to_owned();
        Ok(Parts { subject, text: rest.trim_start().to_owned(), html })
    }
}
