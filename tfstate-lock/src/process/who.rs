//! Who runs this, as Terraform says it: `user@host`.

use std::fs;
use std::os::unix::fs::MetadataExt;

/// `user@host`. What cannot be found out is left empty, as Terraform leaves it.
pub(crate) fn user_at_host() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    // The process's own folder belongs to the user it runs as.
    let user = fs::metadata("/proc/self").map(|metadata| metadata.uid()).ok();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = user.map(|id| name_of(id, &accounts)).unwrap_or_default();
    format!("{user}@{}", host.trim())
}

fn name_of(id: u32, accounts: &str) -> String {
    let id = id.to_string();
    accounts
        .lines()
        .find(|line| line.split(':').nth(2) == Some(&id))
        .and_then(|line| line.split(':').next())
        .map_or(id.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_user_without_an_account_is_named_by_number() {
        let accounts = "root:x:0:0::/root:/bin/sh\nci:x:1001:1001::/:/bin/sh\n";
        assert_eq!(name_of(1001, accounts), "ci");
        assert_eq!(name_of(7, accounts), "7");
    }
}
