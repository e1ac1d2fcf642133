//! Settings of the shop's appearance: its name, link, colour and logo on the account pages and in mails.

use std::fmt;

use url::Url;

use super::Values;
use super::mask::without_password;
use crate::types::Color;

/// The maximum number of characters of the name.
const MAX_NAME: usize = 60;
/// The maximum size of the logo, in bytes.
const MAX_LOGO: usize = 256 * 1024;

/// How the shop appears to its customers.
#[derive(Debug)]
pub struct ShopConfig {
    /// `PATRON_SHOP_NAME`.
    pub name: Option<String>,
    /// `PATRON_SHOP_URL`: the shop itself, where the account pages and mails lead.
    pub url: Option<String>,
    /// `PATRON_SHOP_COLOR`: the colour of buttons and links.
    pub color: Option<Color>,
    /// `PATRON_SHOP_LOGO`: the image of that file.
    pub logo: Option<Logo>,
}

/// An image that patron serves.
pub struct Logo {
    /// The content of the file.
    pub bytes: Vec<u8>,
    /// The media type, by the content.
    pub media_type: &'static str,
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logo").field("media_type", &self.media_type).finish_non_exhaustive()
    }
}

impl ShopConfig {
    pub(super) fn from_values(v: &mut Values) -> Self {
        Self {
            name: v.shop_name("PATRON_SHOP_NAME"),
            url: v.shop_url("PATRON_SHOP_URL"),
            color: v.color("PATRON_SHOP_COLOR"),
            logo: v.logo("PATRON_SHOP_LOGO"),
        }
    }
}

impl Values {
    fn shop_name(&mut self, variable: &'static str) -> Option<String> {
        let name = self.get(variable)?.trim().to_owned();
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            self.problem(variable, format!("must be a name of 1 to {MAX_NAME} characters on one line"));
        }
        Some(name)
    }

    /// Reads a link. It is stored as parsed, so that it contains no quotation marks and no spaces.
    fn shop_url(&mut self, variable: &'static str) -> Option<String> {
        let text = self.get(variable)?.to_owned();
        let is_link = |url: &Url| {
            ["http", "https"].contains(&url.scheme()) && url.username().is_empty() && url.password().is_none()
        };
        let url = Url::parse(text.trim()).ok().filter(is_link);
        if url.is_none() {
            let shown = without_password(&text);
            self.problem(variable, format!("`{shown}` is not a URL such as https://shop.example.com"));
        }
        url.map(String::from)
    }

    fn color(&mut self, variable: &'static str) -> Option<Color> {
        let text = self.get(variable)?.to_owned();
        let color = Color::parse(text.trim());
        if color.is_none() {
            self.problem(variable, format!("`{text}` is not a colour such as #0f5c63"));
        }
        color
    }

    fn logo(&mut self, variable: &'static str) -> Option<Logo> {
        let path = self.get(variable)?.to_owned();
        let problem = match std::fs::read(&path) {
            Err(error) => format!("`{path}` can't be read: {error}"),
            Ok(bytes) if bytes.len() > MAX_LOGO => {
                format!("`{path}` has {} bytes; at most {MAX_LOGO} are allowed", bytes.len())
            }
            Ok(bytes) => match media_type(&bytes) {
                Some(media_type) => return Some(Logo { bytes, media_type }),
                None => format!("`{path}` is not a PNG, JPEG, WebP, GIF or SVG image"),
            },
        };
        self.problem(variable, problem);
        None
    }
}

/// The media type of an image, by its first bytes.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => {
            let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{FEFF}').trim_start();
            let is_svg = text.starts_with('<') && text.contains("<svg") && !text.contains("<html");
            is_svg.then_some("image/svg+xml")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn images_are_recognized_by_their_content() {
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n"), Some("image/png"));
        assert_eq!(media_type(b"RIFF\x10\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(media_type(b"<?xml version=\"1.0\"?>\n<svg xmlns=\"\"/>"), Some("image/svg+xml"));
        for bytes in [&b""[..], b"<!doctype html><html><svg>", b"text <svg", b"\x89PN", b"\xff\xfe<svg"] {
            assert_eq!(media_type(bytes), None, "{bytes:?}");
        }
    }
}
