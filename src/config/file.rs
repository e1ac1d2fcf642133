//! The settings file, in TOML. All invalid entries are reported together, each with the name of the file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::setting::Setting;
use super::setting_error::SettingError;
use super::settings::SETTINGS;

/// The maximum size of the file, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// The similarity from which one key may be a misspelling of another (Jaro-Winkler, 0 to 1).
const SIMILAR_KEY: f64 = 0.85;

/// The settings of a TOML file, by variable.
pub(super) fn read_file(path: &Path) -> Result<BTreeMap<&'static str, String>, Vec<SettingError>> {
    let file = path.display();
    let text = read_text(path).map_err(|error| {
        let message = format!("the settings file `{file}` can't be read: {error}");
        vec![SettingError { variable: "--config".to_owned(), place: "--config".to_owned(), message }]
    })?;
    let problem =
        |message: String| SettingError { variable: "--config".to_owned(), place: file.to_string(), message };
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| vec![problem(syntax_error(&text, &error))])?;
    let mut values = BTreeMap::new();
    let mut problems = Vec::new();
    for (key, value) in table {
        match entry(&key, value) {
            Ok((setting, text)) => {
                values.insert(setting.variable, text);
            }
            Err(message) => problems.push(problem(message)),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(std::io::Error::other(format!("it has more than {MAX_FILE} bytes")));
    }
    Ok(text)
}

/// The message of a syntax error. Omits the text of the line, which may be that of a secret.
fn syntax_error(text: &str, error: &toml::de::Error) -> String {
    let message = error.message();
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message.to_owned(),
    }
}

/// The setting of a key, with the text of its value.
fn entry(key: &str, value: toml::Value) -> Result<(&'static Setting, String), String> {
    let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
        return Err(format!("there is no setting `{key}`{}", suggestion(key, &value)));
    };
    let text = match value {
        toml::Value::String(text) => text,
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(is_on) => is_on.to_string(),
        toml::Value::Array(_) => {
            return Err(format!(
                "`{key}` must be a string, a whole number, true or false; a list is one string with commas"
            ));
        }
        _ => return Err(format!("`{key}` must be a string, a whole number, true or false")),
    };
    Ok((setting, text))
}

/// What was probably meant by an unknown key: a table, the name of a variable, or another key.
fn suggestion(key: &str, value: &toml::Value) -> String {
    if value.is_table() {
        return format!("; settings are not in tables: write the keys of `{key}` without it");
    }
    let of_variable = SETTINGS.iter().find(|setting| setting.variable.eq_ignore_ascii_case(key));
    match of_variable.map(|setting| setting.key).or_else(|| nearest_key(key)) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => "; `patron help settings` lists all settings".to_owned(),
    }
}

fn nearest_key(key: &str) -> Option<&'static str> {
    let key = key.to_lowercase();
    let candidates = SETTINGS.iter().map(|setting| (strsim::jaro_winkler(&key, setting.key), setting.key));
    let best = candidates.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(similarity, _)| *similarity >= SIMILAR_KEY).map(|(_, key)| key)
}
