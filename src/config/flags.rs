//! The flags of the command line that set settings, and `--config`, which names the settings file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command};

use super::setting::Setting;
use super::settings::SETTINGS;

/// The settings that are set by flags, and the file that `--config` names.
#[derive(Clone, Default)]
pub struct Flags {
    pub(super) values: BTreeMap<&'static str, String>,
    pub(super) file: Option<PathBuf>,
}

/// Omits the values: a database URL may contain a password.
impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Flags {
    /// Sets a setting by its variable, as a flag does.
    #[must_use]
    pub fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.values.insert(variable, value.into());
        self
    }

    /// Whether a flag sets this variable.
    pub fn sets(&self, variable: &str) -> bool {
        self.values.contains_key(variable)
    }

    fn read(&mut self, matches: &ArgMatches) {
        for setting in SETTINGS.iter().filter(|s| !s.secret) {
            if let Some(value) = matches.get_one::<String>(setting.key) {
                self.values.insert(setting.variable, value.clone());
            }
        }
        if let Some(file) = matches.get_one::<PathBuf>("config") {
            self.file = Some(file.clone());
        }
    }
}

/// The flag of a setting. The help of a command omits it, because `patron help settings` lists all of them.
fn flag(setting: &'static Setting) -> Arg {
    Arg::new(setting.key)
        .long(setting.key.replace('_', "-"))
        .value_name(setting.value)
        .global(true)
        .hide(true)
        .help(setting.help)
}

/// Generates the flags from the table, so that every setting has one.
impl clap::Args for Flags {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .global(true)
            .help("TOML file of settings; `patron help settings` explains all flags and keys");
        command.arg(config).args(SETTINGS.iter().filter(|setting| !setting.secret).map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.read(matches);
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.read(matches);
        Ok(())
    }
}
