//! `patron help settings`: all settings in their groups, with flags, variables, values and defaults.

use super::text::wrap;
use crate::config::{Setting, setting_groups};

/// The width of the text, in characters.
const WIDTH: usize = 100;

const INTRODUCTION: &str = "Settings are flags, environment variables, or keys of a TOML file (--config FILE). A flag overrides the \
    environment, and the environment overrides the file; a variable that is empty is not set. The key of a setting is its flag \
    with _ for -, such as database_wait. A switch is on or off; yes and no, true and false work as well.";

const COMMANDS: &str = "`patron config` prints the values, and where each comes from. `patron config check` checks them. \
    `patron config example` prints a settings file with all defaults.";

/// The text of the help.
pub(super) fn settings_help() -> String {
    let mut text = format!("{}\n{}", wrap(INTRODUCTION, WIDTH, ""), wrap(COMMANDS, WIDTH, ""));
    for (heading, settings) in setting_groups() {
        text.push_str(&format!("\n{heading}\n"));
        for setting in settings {
            text.push_str(&format!("  {}\n", title(setting)));
            text.push_str(&wrap(setting.help, WIDTH, "      "));
        }
    }
    text
}

/// The flag with its value, the variable and the default, in one line.
pub(super) fn title(setting: &Setting) -> String {
    let default = setting.default.map(|default| format!(", default {default}")).unwrap_or_default();
    let Setting { variable, key, value, .. } = setting;
    match setting.flag() {
        Some(flag) => format!("{flag} <{value}>  [{variable}{default}]"),
        None => format!("{variable}  [key {key}, without a flag: a secret{default}]"),
    }
}
