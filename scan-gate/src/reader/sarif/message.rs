//! What Trivy and Docker Scout say only in a result's message, line by line: `Package: openssl`, `Fixed version  : 1.2`.

use crate::finding::Fix;
use crate::waiver::purl::Purl;

/// What a message says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Message {
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Its package URL.
    pub purl: String,
    /// Whether there is a fix.
    pub fix: Fix,
    /// The probability of exploitation.
    pub epss: Option<f32>,
}

/// Reads a message line by line.
pub(super) fn read(text: &str) -> Message {
    let mut message = Message::default();
    for (key, value) in text.lines().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "package" => message.set_package(value),
            "installed version" => value.clone_into(&mut message.version),
            "fixed version" if value.is_empty() || value.eq_ignore_ascii_case("not fixed") => message.fix = Fix::None,
            "fixed version" => message.fix = Fix::Version(value.into()),
            "epss score" => message.epss = value.parse().ok().filter(|score| (0.0..=1.0).contains(score)),
            _ => {}
        }
    }
    message
}

impl Message {
    fn set_package(&mut self, value: &str) {
        let Ok(purl) = value.parse::<Purl>() else {
            value.clone_into(&mut self.package);
            return;
        };
        value.clone_into(&mut self.purl);
        self.package = purl.name;
        self.version = purl.version;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_trivy_and_of_docker_scout_are_read() {
        let trivy = read(
            "Package: Pillow\nInstalled Version: 9.4.0\nVulnerability CVE-1\nSeverity: HIGH\nFixed Version: 10.2.0\nLink: [x](https://y)",
        );
        assert_eq!((&*trivy.package, &*trivy.version, &trivy.fix), ("Pillow", "9.4.0", &Fix::Version("10.2.0".into())));
        let scout = read(
            "  Severity       : HIGH    \n  Package        : pkg:pypi/pillow@9.4.0  \n  Fixed version  : not fixed\n  EPSS Score     : 0.001700\n",
        );
        assert_eq!((&*scout.package, &*scout.version, &*scout.purl), ("pillow", "9.4.0", "pkg:pypi/pillow@9.4.0"));
        assert_eq!((scout.fix, scout.epss), (Fix::None, Some(0.0017)));
        assert_eq!(read("Fixed Version: \n").fix, Fix::None);
        assert_eq!(read("nothing of the kind"), Message::default());
    }
}
