//! How large a deployment is, unpacked.

use crate::Error;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// MB of 10^6 bytes.
#[allow(clippy::cast_precision_loss, reason = "files are far below 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The size of a binary.
pub(crate) fn of_binary(path: &Path) -> Result<f64, Error> {
    Ok(megabytes(fs::metadata(path)?.len()))
}

/// The size of what every Python function is deployed with: the dependencies and the modules that the twins share,
/// without byte code.
pub(crate) fn of_python(interpreter: &Path, twins: &Path, functions: &[&str]) -> Result<f64, Error> {
    let script = "import sysconfig; print(sysconfig.get_path('platlib'))";
    let printed = Command::new(interpreter).args(["-c", script]).output()?;
    let packages = PathBuf::from(String::from_utf8(printed.stdout)?.trim());
    let shared = fs::read_dir(twins)?.flatten().map(|entry| entry.path()).filter(|path| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        path.extension().is_some_and(|extension| extension == "py") && !functions.contains(&stem)
    });
    let mut bytes = of_folder(&packages)?;
    for path in shared {
        bytes += fs::metadata(path)?.len();
    }
    Ok(megabytes(bytes))
}

fn of_folder(folder: &Path) -> Result<u64, Error> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == "__pycache__" {
            continue;
        }
        bytes += if entry.file_type()?.is_dir() { of_folder(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
