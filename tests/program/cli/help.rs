//! The help: a page for each command, the settings apart, completions and the manual page.

use std::process::Command;

use crate::support::{Folder, code_and_error, run};

fn text_of(folder: &Folder, arguments: &[&str]) -> String {
    let output = run(folder.path(), arguments, &[]);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("the output is text")
}

#[test]
fn the_help_of_a_command_is_a_page_with_its_own_options() {
    let folder = Folder::new();
    for (arguments, own) in [
        (&["--help"][..], "patron help settings"),
        (&["-h"], "patron help settings"),
        (&["help"], "Exit codes"),
        (&["serve", "--help"], "--migrate"),
        (&["migrate", "--help"], "status"),
        (&["migrate", "status", "--help"], "--format"),
        (&["admin", "create", "--help"], "--password-stdin"),
        (&["config", "--help"], "example"),
    ] {
        let help = text_of(&folder, arguments);
        assert!(help.contains(own) && help.contains("--config <FILE>"), "{arguments:?}: {help}");
        assert!(help.lines().count() <= 65, "{arguments:?} has {} lines: {help}", help.lines().count());
        for setting in ["--database-url", "--hash-memory", "PATRON_LISTEN"] {
            assert!(!help.contains(setting), "{arguments:?} has {setting}: {help}");
        }
    }
    let (code, error) = code_and_error(&run(folder.path(), &["srve"], &[]));
    assert!(code == 2 && error.contains("serve"), "{error}");
    assert_eq!(text_of(&folder, &["schema"]), include_str!("../../../schema.graphql"));
}

#[test]
fn the_help_of_settings_has_flags_variables_values_and_defaults() {
    let folder = Folder::new();
    let help = text_of(&folder, &["help", "settings"]);
    for setting in patron::config::SETTINGS {
        let starts = [", ", "]"].map(|end| format!("[{}{end}", setting.variable));
        let secret = format!("  {}  ", setting.variable);
        let is_title =
            |line: &&str| line.starts_with(&secret) || starts.iter().any(|start| line.contains(start));
        let title = help.lines().find(is_title);
        let title = title.unwrap_or_else(|| panic!("{} is not in the help", setting.variable));
        match setting.flag() {
            Some(flag) => assert!(title.starts_with(&format!("  {flag} <{}>  ", setting.value)), "{title}"),
            None => assert!(title.contains(&format!("key {}", setting.key)), "{title}"),
        }
        if let Some(default) = setting.default {
            assert!(title.contains(&format!("default {default}")), "{title}");
        }
    }
    for title in
        ["  --listen <ADDRESS:PORT>  [PATRON_LISTEN, default 127.0.0.1:3000]", "\nDatabase\n", "\nMail\n"]
    {
        assert!(help.contains(title), "{title}");
    }
    assert!(patron::config::SETTINGS.iter().all(|setting| setting.value != "VALUE"));
    assert_eq!(text_of(&folder, &["settings"]), help);
    assert_eq!(text_of(&folder, &["settings", "--help"]), help);
}

#[test]
fn completions_have_commands_options_and_values() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = text_of(&folder, &["completions", shell]);
        for word in ["migrate", "password-stdin", "database-url", "x-forwarded-for"] {
            assert!(script.contains(word), "{shell} has no {word}");
        }
        assert!(script.len() < 400_000, "{shell}: {} bytes", script.len());
    }
    std::fs::write(folder.path().join("patron.bash"), text_of(&folder, &["completions", "bash"])).unwrap();
    let complete = ". ./patron.bash; COMP_WORDS=(patron conf); COMP_CWORD=1; \
         _patron patron conf patron; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["-c", complete]).current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "config", "{output:?}");
    assert_eq!(code_and_error(&run(folder.path(), &["completions", "cmd"], &[])).0, 2);
}

#[test]
fn the_manual_page_has_all_commands_and_settings() {
    let folder = Folder::new();
    let page = text_of(&folder, &["man"]).replace("\\-", "-");
    for part in [
        ".TH patron 1",
        "[--SETTING \\fIVALUE\\fR]... [\\fICOMMAND\\fR]",
        ".SH COMMANDS",
        ".SS \"patron admin create\"",
        "--password-stdin",
        ".SH SETTINGS",
        ".SH \"EXIT STATUS\"",
        "The format of the output; one of: human, json; default: human",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for setting in patron::config::SETTINGS {
        assert!(page.contains(setting.variable), "{} is not in the page", setting.variable);
    }
}
