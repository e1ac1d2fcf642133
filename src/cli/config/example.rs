//! `patron config example`: a settings file in which every setting is explained and commented out.

use crate::cli::text::wrap;
use crate::config::{Setting, setting_groups};

/// The width of the file, in characters.
const WIDTH: usize = 100;

const INTRODUCTION: &str = "Settings of patron, in TOML. Remove the # before a key to set it. Environment variables override this \
    file, and flags override both. The file may contain secrets: only the user that runs patron should be able to read it.";

/// The text of the file. Where a setting has a default, it is the value.
pub(super) fn example_file() -> String {
    let mut text = wrap(INTRODUCTION, WIDTH, "# ");
    text.push_str("#\n# patron serve --config FILE\n");
    for (heading, settings) in setting_groups() {
        text.push_str(&format!("\n# --- {heading}\n"));
        for setting in settings {
            text.push('\n');
            text.push_str(&wrap(setting.help, WIDTH, "# "));
            text.push_str(&format!("# Variable: {}\n", setting.variable));
            text.push_str(&format!("#{} = {}\n", setting.key, value(setting)));
        }
    }
    text
}

/// The default in TOML: a number, or a text in quotation marks. Without a default, what the value is, in angle brackets.
fn value(setting: &Setting) -> String {
    match setting.default {
        Some(default) if default.parse::<u32>().is_ok() => default.to_owned(),
        Some(default) => quoted(default),
        None => quoted(&format!("<{}>", setting.value)),
    }
}

/// A basic string of TOML, which escapes as JSON does.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
