//! `patron completions`: prints the completions of a shell.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Args, Command as ClapCommand, ValueHint};
use clap_complete::Shell;

use super::exit::{CommandFailure, print};

/// The options of `patron completions`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the completions of the program's command line.
pub(super) fn run(program: ClapCommand, options: &Options) -> Result<(), CommandFailure> {
    let mut program = with_local_settings(program);
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut program, "patron", &mut text);
    print(&String::from_utf8_lossy(&text))
}

/// Offers the flags of settings only where they are usual: without a command, and for `patron serve`. Every command accepts
/// them, which would make the completions thirty times as long.
fn with_local_settings(program: ClapCommand) -> ClapCommand {
    let settings: Vec<Arg> =
        program.get_arguments().filter(|arg| arg.is_hide_set()).cloned().map(local).collect();
    let program = program.mut_args(|arg| if arg.is_hide_set() { local(arg) } else { arg });
    program.mut_subcommand("serve", |serve| serve.args(settings))
}

/// The flag of a setting as completions offer it: with the beginning of its help, and its possible values.
fn local(arg: Arg) -> Arg {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let beginning = help.split([';', '[']).next().and_then(|help| help.split(". ").next());
    let beginning = beginning.unwrap_or_default().trim().to_owned();
    let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let value = value.unwrap_or_default();
    let arg = arg.global(false).help(beginning);
    match value.as_str() {
        "FILE" => arg.value_hint(ValueHint::FilePath),
        "FOLDER" => arg.value_hint(ValueHint::DirPath),
        choice if choice.contains('|') => {
            let choices: Vec<String> = choice.split('|').map(str::to_owned).collect();
            arg.value_name("CHOICE").value_parser(PossibleValuesParser::new(choices))
        }
        // zsh separates the parts of a description with colons.
        other => arg.value_name(other.replace(':', "_")),
    }
}
