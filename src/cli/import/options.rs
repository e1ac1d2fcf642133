//! The command line of `patron import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::exit::CommandFailure;
use crate::cli::format::{EncodingOptions, FormatOptions};
use crate::service::import;
use crate::transfer::{ColumnMap, Preset};

/// The options of `patron import`.
#[derive(Debug, Args)]
#[command(after_long_help = FIELDS)]
pub(in crate::cli) struct Options {
    /// The file to read; - for standard input
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) format: FormatOptions,
    #[command(flatten)]
    pub(super) encoding: EncodingOptions,
    /// Validate every line without writing anything; with --update, print what would change
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Create missing groups; otherwise customers of a missing group are refused
    #[arg(long)]
    create_groups: bool,
    /// The columns of a CSV file of another program
    #[arg(long, value_enum)]
    preset: Option<PresetName>,
    /// The field of a column of a CSV file, such as "E-mail=email"; "Notes=" ignores a column. Repeatable; overrules --preset
    #[arg(long, value_name = "COLUMN=FIELD")]
    map: Vec<String>,
    /// Change existing customers, found by uuid or else by e-mail address: only the fields that the file has
    #[arg(long)]
    update: bool,
    /// Accept new customers without a password: they can't log in until they set one by a mailed link
    #[arg(long)]
    invite: bool,
    /// Mail the customers of the file that have no password a link to set one. Includes --invite
    #[arg(long)]
    send_invitations: bool,
    /// The CSV file that lists refused lines; by default the name of the file with .refused.csv
    #[arg(long, value_name = "FILE")]
    pub(super) refused: Option<PathBuf>,
}

const FIELDS: &str = "\
Fields, as columns of CSV or members of one JSON object per line:
  email, full_name          required
  password | password_hash  required without --invite: plain, or argon2id or bcrypt as $argon2id$…
                            or $2b$…
  status                    1 or 0; in CSV also true, false, yes, no, enabled or disabled
  group_name | group_id     the default group otherwise
  addresses                 a list of full_name (by default that of the customer), telephone,
                            address_1, address_2, postcode, city, province, country, is_default,
                            uuid; in CSV also addresses.1.city
  metafields                custom fields, by namespace and key; in CSV also metafields.custom.size
  meta_data                 free-form data, an object
  uuid, created_at, updated_at, email_verified_at
                            values of another system; generated otherwise

Each line is validated like a customer that an admin creates or changes. Without --update, existing
customers are skipped if they are as the file says, and refused otherwise. An import can be repeated
or resumed. It sends no mail, except for --send-invitations, and except that an update notifies a
customer of a new password or e-mail address. docs/import.md leads through a move from Shopify and
from EverShop.";

/// The name of a preset.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PresetName {
    /// The CSV export of Shopify's customers
    Shopify,
    /// The columns of EverShop's table customer
    Evershop,
}

impl From<PresetName> for Preset {
    fn from(name: PresetName) -> Self {
        match name {
            PresetName::Shopify => Self::Shopify,
            PresetName::Evershop => Self::Evershop,
        }
    }
}

impl Options {
    /// The fields of the file's columns.
    pub(super) fn column_map(&self) -> Result<ColumnMap, CommandFailure> {
        ColumnMap::new(self.preset.map(Preset::from), &self.map).map_err(|problems| {
            CommandFailure::Refused(format!("--map: {}", problems.join("\npatron: --map: ")))
        })
    }

    /// The options of the service.
    pub(super) fn of_import(&self) -> import::Options {
        import::Options {
            dry_run: self.dry_run,
            create_groups: self.create_groups,
            update: self.update,
            invite: self.invite || self.send_invitations,
            send_invitations: self.send_invitations,
        }
    }
}
