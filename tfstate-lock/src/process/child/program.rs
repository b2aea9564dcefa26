//! Finds a program as execvp(3) does, so that a missing one is told before a lock is taken.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::error::ChildError;

/// Where programs are looked for if nothing says where. Source: execvp(3).
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Finds the program `name` in `path`, the value of `PATH`. A name with a slash is a path already.
///
/// # Errors
/// There is none, or none that may be run.
pub(crate) fn find_program(name: &OsStr, path: Option<&OsStr>) -> Result<PathBuf, ChildError> {
    let mut refusal = None;
    for candidate in candidates(name, path) {
        match run_permission(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => refusal = refusal.or(Some(cause)),
        }
    }
    let program = name.to_string_lossy().into_owned();
    Err(match refusal {
        Some(cause) => ChildError::NotExecutable { program, cause },
        None => ChildError::NotFound { program },
    })
}

fn candidates(name: &OsStr, path: Option<&OsStr>) -> Vec<PathBuf> {
    if name.is_empty() {
        return Vec::new();
    }
    if name.as_bytes().contains(&b'/') {
        return vec![PathBuf::from(name)];
    }
    let folders = env::split_paths(path.unwrap_or(OsStr::new(DEFAULT_PATH)));
    // An empty folder is the present one.
    folders
        .map(|folder| if folder.as_os_str().is_empty() { Path::new(".").join(name) } else { folder.join(name) })
        .collect()
}

fn run_permission(program: &Path) -> io::Result<()> {
    let metadata = match program.metadata() {
        // What lies below a file is not there either.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(io::ErrorKind::NotFound.into()),
        result => result?,
    };
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(access(program, Access::EXEC_OK)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_program_is_found_as_the_shell_finds_it() {
        let folder = env::temp_dir().join(format!("tfstate-lock-{}", std::process::id()));
        let (first, second) = (folder.join("first"), folder.join("second"));
        for (place, mode) in [(first.join("tool"), 0o644), (second.join("tool"), 0o755), (first.join("text"), 0o644)] {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(&place, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir_all(second.join("folder")).unwrap();
        let path = env::join_paths([&first, &second, &first.join("text")]).unwrap();
        let found = |name: &str| {
            find_program(OsStr::new(name), Some(&path)).map_err(|error| contract::Fault::exit(&error).code())
        };
        assert_eq!(found("tool"), Ok(second.join("tool")), "the one that may not be run is passed over");
        assert_eq!(found("text"), Err(126));
        assert_eq!(found("folder"), Err(126));
        assert_eq!(found("absent"), Err(127));
        assert_eq!(found(""), Err(127));
        let absolute = second.join("tool");
        assert_eq!(found(absolute.to_str().unwrap()), Ok(absolute));
        assert_eq!(found("./absent"), Err(127));
        assert!(find_program(OsStr::new("sh"), None).is_ok(), "without PATH there are the usual folders");
        fs::remove_dir_all(folder).unwrap();
    }
}
