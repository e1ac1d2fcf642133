//! `patron config`: the values that the program uses, and where each comes from. Secrets and passwords of URLs are masked.

use serde_json::{Value, json};

use super::unknown_variables::warn_of_unknown_variables;
use crate::cli::exit::CommandFailure;
use crate::cli::list_format::ListOptions;
use crate::config::{EffectiveSetting, Flags, Origin, effective_settings};

/// Prints the values. Fails afterwards if they are not valid.
pub(super) fn run(flags: &Flags, options: &ListOptions) -> Result<(), CommandFailure> {
    let (settings, problems) = effective_settings(flags)?;
    options.print(settings, line, object)?;
    warn_of_unknown_variables();
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

fn line(shown: &EffectiveSetting) -> String {
    let heading = shown.setting.heading.map(|heading| format!("\n{heading}\n")).unwrap_or_default();
    let value = match (&shown.value, &shown.result) {
        (Some(value), Some(result)) => format!("{value} ({result})"),
        (Some(value), None) => value.clone(),
        (None, Some(result)) => result.clone(),
        (None, None) => "-".to_owned(),
    };
    // A value may have line breaks.
    let value = value.escape_debug().to_string();
    let origin = match &shown.origin {
        Origin::Default if shown.value.is_none() && shown.result.is_none() => "not set".to_owned(),
        Origin::Default => "default".to_owned(),
        Origin::File(path) => path.display().to_string(),
        Origin::Environment | Origin::Flag => shown.origin.place(shown.setting),
    };
    format!("{heading}  {:<36}  {:<36}  {origin}\n", shown.setting.key, value)
}

fn object(shown: &EffectiveSetting) -> Value {
    let (origin, file) = match &shown.origin {
        Origin::Default => ("default", None),
        Origin::File(path) => ("file", Some(path.display().to_string())),
        Origin::Environment => ("environment", None),
        Origin::Flag => ("flag", None),
    };
    json!({
        "key": shown.setting.key,
        "variable": shown.setting.variable,
        "value": shown.value,
        "result": shown.result,
        "origin": origin,
        "file": file,
    })
}
