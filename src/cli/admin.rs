//! `patron admin`: creates, lists, disables and enables admins, sets their passwords, and removes lost second factors.

use std::io::{IsTerminal, Read};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::build::admin_ctx;
use super::exit::{CommandFailure, print};
use super::list_format::ListOptions;
use crate::config::Flags;
use crate::entity::admin_user::Model;
use crate::random::Random;
use crate::service::admin;
use crate::types::{EmailAddress, Password, timestamp};

/// The subcommands of `patron admin`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create an admin
    Create {
        /// E-mail address to log in with
        email: String,
        /// Display name
        #[arg(long, default_value = "Admin")]
        full_name: String,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// List all admins
    List(ListOptions),
    /// Disable an admin and end all of its sessions
    Disable {
        /// E-mail address of the admin
        email: String,
    },
    /// Enable a disabled admin
    Enable {
        /// E-mail address of the admin
        email: String,
    },
    /// Set an admin's password and end all of its sessions
    Password {
        /// E-mail address of the admin
        email: String,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Remove the second factor of an admin that lost it
    ResetFactor {
        /// E-mail address of the admin
        email: String,
    },
}

/// The source of the password; by default, the terminal prompts for it.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct PasswordSource {
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
    /// Generate a random password and print it
    #[arg(long)]
    generate: bool,
}

/// Runs the command.
pub(super) async fn run(flags: &Flags, command: Command) -> Result<(), CommandFailure> {
    let ctx = admin_ctx(flags).await?;
    match command {
        Command::Create { email, full_name, password } => {
            let email = address(&email)?;
            let (password, notice) = password.read(&ctx.app.random)?;
            let admin = admin::create(&ctx, email, full_name, &password).await?;
            print(&format!("created {}{notice}\n", admin.email.as_str()))
        }
        Command::List(options) => options.print(admin::list(&ctx).await?, line, object),
        Command::Disable { email } => {
            let admin = admin::set_status(&ctx, &address(&email)?, false).await?;
            print(&format!("disabled {}\n", admin.email.as_str()))
        }
        Command::Enable { email } => {
            let admin = admin::set_status(&ctx, &address(&email)?, true).await?;
            print(&format!("enabled {}\n", admin.email.as_str()))
        }
        Command::Password { email, password } => {
            let email = address(&email)?;
            let (password, notice) = password.read(&ctx.app.random)?;
            let admin = admin::set_password(&ctx, &email, &password).await?;
            print(&format!("set the password of {}{notice}\n", admin.email.as_str()))
        }
        Command::ResetFactor { email } => {
            let (admin, was_on) = admin::reset_factor(&ctx, &address(&email)?).await?;
            let email = admin.email.as_str();
            print(&match was_on {
                true => format!("removed the second factor of {email}\n"),
                false => format!("{email} has no second factor\n"),
            })
        }
    }
}

fn line(admin: &Model) -> String {
    let status = if admin.status { "enabled " } else { "disabled" };
    let created = admin.created_at.format("%Y-%m-%d");
    format!("{status}  {created}  {}  {}\n", admin.email.as_str(), admin.full_name)
}

fn object(admin: &Model) -> Value {
    json!({
        "uuid": admin.uuid,
        "email": admin.email.as_str(),
        "full_name": admin.full_name,
        "enabled": admin.status,
        "created_at": timestamp(admin.created_at),
        "last_sign_in_at": admin.last_sign_in_at.map(timestamp),
    })
}

fn address(text: &str) -> Result<EmailAddress, CommandFailure> {
    EmailAddress::parse_local(text).map_err(|error| CommandFailure::Refused(format!("`{text}` is {error}")))
}

impl PasswordSource {
    /// Reads or generates the password. The text is what to print about it.
    fn read(&self, random: &Random) -> Result<(Password, String), CommandFailure> {
        let refused = |message: &str| CommandFailure::Refused(message.to_owned());
        let failed = |error: std::io::Error| {
            CommandFailure::Refused(format!("the password could not be read: {error}"))
        };
        let (text, notice) = if self.generate {
            let text = random.word::<26>();
            (text.clone(), format!(" with the password {text}"))
        } else if self.password_stdin {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(failed)?;
            (text.lines().next().unwrap_or_default().to_owned(), String::new())
        } else if std::io::stdin().is_terminal() {
            let text = rpassword::prompt_password("Password: ").map_err(failed)?;
            if rpassword::prompt_password("Repeat password: ").map_err(failed)? != text {
                return Err(refused("the passwords differ"));
            }
            (text, String::new())
        } else {
            return Err(refused(
                "there is no terminal to read the password from; use --password-stdin or --generate",
            ));
        };
        let password =
            Password::new(text.into()).map_err(|weak| CommandFailure::Refused(weak.to_string()))?;
        Ok((password, notice))
    }
}
