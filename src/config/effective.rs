//! The values that the program uses, with their origins, for `patron config`.

use secrecy::ExposeSecret;

use super::Config;
use super::flags::Flags;
use super::mask::{MASK, without_password};
use super::origin::Origin;
use super::setting::Setting;
use super::setting_error::SettingError;
use super::settings::SETTINGS;
use super::values::Values;

/// A setting with the value that the program uses. Contains no secrets.
#[derive(Debug)]
pub struct EffectiveSetting {
    /// The setting.
    pub setting: &'static Setting,
    /// The value, or the default; none if it is not set. The value of a secret, and of an unreadable `DATABASE_URL`, is `***`.
    pub value: Option<String>,
    /// What the value results in, if it depends on something else: `auto`, and defaults that other settings decide.
    pub result: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
}

/// The values of all settings, and the problems that make them invalid.
///
/// # Errors
/// If the settings file can't be read or contains an unknown setting, or if a variable is not text.
pub fn effective_settings(
    flags: &Flags,
) -> Result<(Vec<EffectiveSetting>, Vec<SettingError>), Vec<SettingError>> {
    let values = Values::gather(flags)?;
    let mut settings: Vec<EffectiveSetting> = SETTINGS
        .iter()
        .map(|setting| EffectiveSetting {
            setting,
            value: shown_value(&values, setting),
            result: None,
            origin: values.origin(setting.variable),
        })
        .collect();
    match Config::from_values(values) {
        Ok(config) => {
            for shown in &mut settings {
                let result = result_of(&config, shown.setting.variable);
                shown.result = result.filter(|_| shown.value.as_deref().is_none_or(is_auto));
            }
            Ok((settings, Vec::new()))
        }
        Err(problems) => {
            // A URL that can't be read may have its password anywhere.
            let is_unreadable = |shown: &&mut EffectiveSetting| {
                shown.setting.variable == "DATABASE_URL"
                    && problems.iter().any(|problem| problem.variable == shown.setting.variable)
            };
            for shown in settings.iter_mut().filter(is_unreadable) {
                shown.value = Some(MASK.to_owned());
            }
            Ok((settings, problems))
        }
    }
}

fn is_auto(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("auto")
}

fn shown_value(values: &Values, setting: &'static Setting) -> Option<String> {
    match values.get(setting.variable) {
        Some(value) if setting.secret => (!value.is_empty()).then(|| MASK.to_owned()),
        Some(value) => Some(without_password(value)),
        None => setting.default.map(str::to_owned),
    }
}

/// What a setting results in that is not set, or set to `auto`.
fn result_of(config: &Config, variable: &str) -> Option<String> {
    let switch = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
    Some(match variable {
        "DATABASE_URL" => without_password(config.database.url.expose_secret()),
        "PATRON_PUBLIC_URL" => config.server.url(config.server.listen),
        "PATRON_MAIL_FROM" => config.mail.from.clone(),
        "PATRON_HASH_THREADS" => config.hashing.threads.to_string(),
        "PATRON_HASH_TOTAL_MEMORY" => config.hashing.total_memory_kib.to_string(),
        "PATRON_CONSOLE" => switch(config.server.console),
        "PATRON_PLAYGROUND" => switch(config.server.playground),
        "PATRON_INTROSPECTION" => switch(config.graphql.introspection),
        "PATRON_METRICS" => switch(config.metrics.public),
        _ => return None,
    })
}
