//! The lines of a message that name a package, as Trivy and Docker Scout write them: `Installed Version: 1.2`, `Fixed version   : 1.3`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// What such lines say. The rest of the message is never kept.
#[derive(Debug, Default, PartialEq)]
pub(in crate::reader) struct Lines {
    /// A name (Trivy) or a package URL (Docker Scout).
    pub(in crate::reader) package: Option<String>,
    /// The version that is installed.
    pub(in crate::reader) installed: Option<String>,
    /// The version with the fix; empty if Trivy knows of none.
    pub(in crate::reader) fixed: Option<String>,
    /// The severity.
    pub(in crate::reader) severity: Option<String>,
    /// The probability of exploitation.
    pub(in crate::reader) epss: Option<f32>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let mut lines = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            let place = match name.trim() {
                "Package" | "PkgName" => &mut lines.package,
                "Installed Version" => &mut lines.installed,
                "Fixed Version" | "Fixed version" => &mut lines.fixed,
                "Severity" => &mut lines.severity,
                "EPSS Score" => {
                    lines.epss = lines.epss.or_else(|| probability(value));
                    continue;
                }
                // What follows is the secret itself, or a text of somebody else.
                "Match" | "Message" => break,
                _ => continue,
            };
            place.get_or_insert_with(|| value.trim().to_owned());
        }
        lines
    }
}

fn probability(text: &str) -> Option<f32> {
    text.trim().parse().ok().filter(|value| (0.0..=1.0).contains(value))
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Pick)
    }
}

/// Picks them out of the text where it lies.
struct Pick;

impl Visitor<'_> for Pick {
    type Value = Lines;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Lines, E> {
        Ok(Lines::of(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_name_a_package_are_kept_and_no_others() {
        let trivy =
            Lines::of("Package: a:b\r\nInstalled Version: 1.0\nSeverity: HIGH\nFixed Version: \nLink: [x](https://x)");
        assert_eq!((trivy.package.as_deref(), trivy.installed.as_deref()), (Some("a:b"), Some("1.0")));
        assert_eq!((trivy.severity.as_deref(), trivy.fixed.as_deref()), (Some("HIGH"), Some("")));
        let scout =
            Lines::of("  Package        : pkg:deb/a@1   \n  Fixed version  : not fixed  \n  EPSS Score     : 0.002 \n");
        assert_eq!((scout.package.as_deref(), scout.fixed.as_deref()), (Some("pkg:deb/a@1"), Some("not fixed")));
        assert_eq!(scout.epss, Some(0.002));
        assert_eq!(Lines::of("EPSS Score : 7\nEPSS Score : NaN").epss, None);
    }

    #[test]
    fn nothing_behind_a_quotation_is_read() {
        let secret = Lines::of("Secret AWS\nSeverity: LOW\nMatch: key\nPackage: hunter2\nSeverity: HIGH");
        assert_eq!(secret, Lines { severity: Some("LOW".to_owned()), ..Lines::default() });
        assert_eq!(Lines::of("a message without any"), Lines::default());
    }
}
