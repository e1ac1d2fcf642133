//! The templates of mails. A file in the folder of `PATRON_MAIL_TEMPLATES` replaces the built-in template of its name.
//!
//! `KIND.txt` starts with the line `Subject: …`; `KIND.html` is the HTML alternative. All templates are rendered once at the
//! start, so that a mistake in one of them is reported before any mail is sent.
//!
//! Besides [`Variables`], all templates have the settings of the shop: `shop_name` and `shop_url` (empty if they are not
//! set), `shop_has_logo`, `shop_color`, `shop_on_color` (a readable text on that colour), `shop_link_color`
//! and `shop_dark_color` (the colour as a readable text on light and on dark), `shop_on_dark_color` (a readable text on
//! the latter).

use std::fmt;
use std::path::Path;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};
use rust_embed::RustEmbed;
use serde::Serialize;

use crate::config::ShopConfig;
use crate::types::{Color, MailKind};

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

/// The colour of a shop without one.
const DEFAULT_COLOR: Color = Color::new(0x0f, 0x5c, 0x63);
/// The backgrounds of a mail, as in `layout.html`: the page in the light theme, and the card in the dark one. The other one
/// has more contrast.
const LIGHT_PAGE: Color = Color::new(0xf4, 0xf4, 0xf6);
const DARK_CARD: Color = Color::new(0x18, 0x21, 0x2f);

/// Adds the variables of the shop.
fn add_shop(environment: &mut Environment<'static>, shop: &ShopConfig) {
    let color = shop.color.unwrap_or(DEFAULT_COLOR);
    // Most mail programs don't show SVG images.
    let has_logo = shop.logo.as_ref().is_some_and(|logo| logo.media_type != "image/svg+xml");
    environment.add_global("shop_name", shop.name.clone().unwrap_or_default());
    environment.add_global("shop_url", shop.url.clone().unwrap_or_default());
    environment.add_global("shop_has_logo", has_logo);
    environment.add_global("shop_color", color.to_string());
    environment.add_global("shop_on_color", color.text_color().to_string());
    environment.add_global("shop_link_color", color.readable_on(LIGHT_PAGE).to_string());
    environment.add_global("shop_dark_color", color.readable_on(DARK_CARD).to_string());
    environment.add_global("shop_on_dark_color", color.readable_on(DARK_CARD).text_color().to_string());
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
    pub(super) fn load(folder: Option<&Path>, shop: &ShopConfig) -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        add_shop(&mut environment, shop);
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
        let (subject, text) = self.render_text(kind, variables)?;
        let html = self.0.get_template(&format!("{kind}.html"))?.render(Serde(variables))?;
        Ok(Parts { subject, text, html })
    }

    /// Renders only the subject.
    pub(super) fn subject(&self, kind: MailKind, variables: &Variables) -> Result<String, Error> {
        Ok(self.render_text(kind, variables)?.0)
    }

    /// Renders the subject and the plain text, which are in the same template.
    fn render_text(&self, kind: MailKind, variables: &Variables) -> Result<(String, String), Error> {
        let text = self.0.get_template(&format!("{kind}.txt"))?.render(Serde(variables))?;
        let missing_subject = || {
            let message = format!("{kind}.txt must start with the line \"Subject: …\"");
            Error::new(minijinja::ErrorKind::InvalidOperation, message)
        };
        let (first_line, body) = text.split_once('\n').ok_or_else(missing_subject)?;
        let subject = first_line.strip_prefix("Subject:").ok_or_else(missing_subject)?.trim().to_owned();
        Ok((subject, body.trim_start().to_owned()))
    }
}
