//! Installs the Node.js packages that a test needs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use parking_lot::Mutex;

use super::process::{ProcessGroup, tool};

/// Timeout of `npm ci`. The packages of EverShop take 100 seconds.
const INSTALL_TIMEOUT: Duration = Duration::from_secs(600);

/// Copies the files of `tests/NAME` to `target/NAME`, installs the packages of its lockfile there, and returns the folder.
/// The repository stays clean, and the packages are installed again only when the lockfile has changed.
pub(crate) fn packages(name: &str) -> PathBuf {
    // The tests on the two databases share a folder: the second one waits until the first has installed it.
    static INSTALLED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    // Cargo provides `target/tmp`; its parent is the target folder.
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
    copy(sources, folder);
    let lockfile = std::fs::read(sources.join("package-lock.json")).expect("there is a lockfile");
    // A copy of the lockfile whose packages are installed.
    let installed = folder.join("installed.json");
    if std::fs::read(&installed).ok().as_deref() == Some(&lockfile) {
        return;
    }
    let mut npm = Command::new(tool(&["npm"]));
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(folder);
    assert!(
        ProcessGroup::start(&mut npm).succeeds_within(INSTALL_TIMEOUT),
        "`npm ci` in {} failed; it needs access to the npm registry",
        folder.display()
    );
    std::fs::write(installed, lockfile).expect("the lockfile is copied");
}

/// Copies a folder with its folders, but no installed packages.
fn copy(sources: &Path, folder: &Path) {
    std::fs::create_dir_all(folder).expect("the folder is created");
    for entry in std::fs::read_dir(sources).expect("the folder exists") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        if path.is_file() {
            std::fs::copy(&path, folder.join(name)).expect("the file is copied");
        } else if name != "node_modules" {
            copy(&path, &folder.join(name));
        }
    }
}
