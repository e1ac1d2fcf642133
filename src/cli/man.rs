//! `patron man`: prints the manual page, with all commands and all settings.

use clap::builder::PossibleValue;
use clap::{Arg, Command as ClapCommand};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::exit::{CommandFailure, EXIT_CODES, print};
use super::settings_help::title;
use crate::config::setting_groups;

/// Prints the page in the format of `man`.
pub(super) fn run(program: &ClapCommand) -> Result<(), CommandFailure> {
    let page = page(program).map_err(|error| CommandFailure::Internal(error.to_string()))?;
    print(&String::from_utf8_lossy(&page))
}

fn page(program: &ClapCommand) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = Man::new(program.clone()).manual("patron");
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    synopsis().to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    add_commands(&mut roff, program, "patron");
    roff.control("SH", ["SETTINGS"]);
    roff.text([roman(
        "A flag overrides the environment, and the environment overrides the file that --config names. The key of a setting \
         in that file is its flag with _ for -.",
    )]);
    for (heading, settings) in setting_groups() {
        roff.control("SS", [heading]);
        for setting in settings {
            add_entry(&mut roff, vec![bold(title(setting))], setting.help);
        }
    }
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in EXIT_CODES {
        add_entry(&mut roff, vec![bold(code)], meaning);
    }
    roff.to_writer(&mut page)?;
    Ok(page)
}

/// Every command takes the flags of settings, which the generated synopsis would omit.
fn synopsis() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    roff.text([
        bold("patron"),
        roman(" [--config "),
        italic("FILE"),
        roman("] [--SETTING "),
        italic("VALUE"),
        roman("]... ["),
        italic("COMMAND"),
        roman("]"),
    ]);
    roff
}

/// The commands below one, each with its own arguments.
fn add_commands(roff: &mut Roff, parent: &ClapCommand, path: &str) {
    for command in parent.get_subcommands().filter(|command| !command.is_hide_set()) {
        let path = format!("{path} {}", command.get_name());
        roff.control("SS", [path.as_str()]);
        roff.text([roman(command.get_about().map(ToString::to_string).unwrap_or_default())]);
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            add_entry(roff, signature(arg), &description(arg));
        }
        add_commands(roff, command, &path);
    }
}

/// The help of an argument, with the possible values and the default.
fn description(arg: &Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    if !arg.get_action().takes_values() {
        return text;
    }
    let values = arg.get_possible_values();
    let values: Vec<&str> =
        values.iter().filter(|value| !value.is_hide_set()).map(PossibleValue::get_name).collect();
    if !values.is_empty() {
        text.push_str(&format!("; one of: {}", values.join(", ")));
    }
    if let Some(default) = arg.get_default_values().first() {
        text.push_str(&format!("; default: {}", default.to_string_lossy()));
    }
    text
}

/// The flags of an argument, and what its value is.
fn signature(arg: &Arg) -> Vec<Inline> {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let flags: Vec<String> = short.into_iter().chain(long).collect();
    let mut signature = vec![bold(flags.join(", "))];
    if arg.get_action().takes_values() {
        let separator = if flags.is_empty() { "" } else { " " };
        let names = arg.get_value_names().unwrap_or_default();
        let names = names.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(" ");
        signature.extend([roman(separator), italic(names)]);
    }
    signature
}

fn add_entry(roff: &mut Roff, term: Vec<Inline>, text: &str) {
    roff.control("TP", []);
    roff.text(term);
    roff.text([roman(text)]);
}
