//! Node.js packages that a test needs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use parking_lot::Mutex;

use super::process::{ProcessGroup, tool};

/// For npm to fetch the packages.
const LONGEST_INSTALL: Duration = Duration::from_secs(180);

/// A copy of the files of `tests/NAME` in `target/NAME`, with the packages of its lockfile: the repository stays clean.
/// They are fetched when the lockfile is not the one that they were fetched for.
pub(crate) fn packages(name: &str) -> PathBuf {
    // The tests on the two databases share a folder: the second one waits, and finds it complete.
    static INSTALLED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    // Beside the folder that cargo gives to tests, `target/tmp`.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let folder = target.join(name);
    let mut installed = INSTALLED.lock();
    if !installed.contains(&folder) {
        install(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name), &folder);
        installed.push(folder.clone());
    }
    folder
}

fn install(sources: &Path, folder: &Path) {
    std::fs::create_dir_all(folder).expect("the folder is made");
    for entry in std::fs::read_dir(sources).expect("the sources are there") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            std::fs::copy(&path, folder.join(path.file_name().expect("a name"))).expect("it is copied");
        }
    }
    let lockfile = std::fs::read(sources.join("package-lock.json")).expect("there is a lockfile");
    // What was fetched last.
    let fetched = folder.join("installed.json");
    if std::fs::read(&fetched).ok().as_deref() == Some(&lockfile) {
        return;
    }
    let mut npm = Command::new(tool(&["npm"]));
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(folder);
    assert!(
        ProcessGroup::start(&mut npm).ends_within(LONGEST_INSTALL),
        "`npm ci` in {} failed; it needs the registry",
        folder.display()
    );
    std::fs::write(fetched, lockfile).expect("it is noted");
}
