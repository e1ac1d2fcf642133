//! The shop's name, logo, link and colour on the account pages (`PATRON_SHOP_…`).

use crate::config::ShopConfig;
use crate::types::Color;

/// The background of the pages' card in the dark theme, as in `account/account.css`.
const DARK_CARD: Color = Color::new(0x18, 0x21, 0x2f);

/// Inserts the shop into a page: its header in place of `<!-- shop -->`, the link to it in place of `<!-- onward -->`.
pub(super) fn insert(page: &str, shop: &ShopConfig) -> String {
    page.replace("<!-- shop -->", &header(shop)).replace("<!-- onward -->", &onward(shop))
}

/// The logo, or else the name, as a link to the shop if it has one. Empty without both.
fn header(shop: &ShopConfig) -> String {
    let name = shop.name.as_deref().map(escape);
    let content = match (&shop.logo, &name) {
        (Some(_), name) => format!("<img src=\"logo\" alt=\"{}\" />", name.as_deref().unwrap_or("Shop")),
        (None, Some(name)) => name.clone(),
        (None, None) => return String::new(),
    };
    let content = match &shop.url {
        Some(url) => format!("<a href=\"{}\">{content}</a>", escape(url)),
        None => content,
    };
    format!("<header class=\"shop\" data-name=\"{}\">{content}</header>", name.unwrap_or_default())
}

fn onward(shop: &ShopConfig) -> String {
    let Some(url) = &shop.url else { return String::new() };
    let name = shop.name.as_deref().map_or_else(|| "the shop".to_owned(), escape);
    format!("<a class=\"onward\" href=\"{}\">Continue to {name}</a>", escape(url))
}

/// The style sheet with the shop's colour. Texts stay readable with every colour, on light and dark. Empty without one.
pub(super) fn stylesheet(shop: &ShopConfig) -> String {
    let Some(color) = shop.color else { return String::new() };
    let dark = color.readable_on(DARK_CARD);
    format!(
        ":root {{\n{}}}\n@media (prefers-color-scheme: dark) {{\n  :root {{\n{}  }}\n}}\n",
        variables(color, color.readable_on(Color::WHITE), color.mixed(Color::WHITE, 17)),
        variables(dark, dark, color.mixed(DARK_CARD, 14)),
    )
}

/// The colour of buttons, the colour of links, and the background of icons.
fn variables(fill: Color, accent: Color, tint: Color) -> String {
    let text = fill.text_color();
    // Towards the other end than the text, so that the text stays readable.
    let away = if text == Color::WHITE { Color::BLACK } else { Color::WHITE };
    format!(
        "    --accent: {accent};\n    --tint: {tint};\n    --fill: {fill};\n    --fill-strong: {};\n    --on-fill: {text};\n",
        fill.mixed(away, 4)
    )
}

/// A text as HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
