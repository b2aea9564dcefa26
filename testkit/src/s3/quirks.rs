//! How stores that speak S3 depart from Amazon's, and a switch for each way: what a client that relies on conditions has to find out.
//!
//! Sources are issues in public trackers; no departure was seen by this project on a live store.

use crate::wire::ServiceError;

/// The ways in which one bucket departs from Amazon S3. None of them is on unless a test or a seed sets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each set by its name")]
pub struct Quirks {
    /// `ignores-if-none-match`: a PUT or a copy with `If-None-Match` is written over what is there. Sources: lxc/incus#3651,
    /// stackitcloud/terraform-provider-stackit#1534, opentofu/opentofu#2613.
    pub ignores_if_none_match: bool,
    /// `ignores-if-match-on-put`: a PUT or a copy with `If-Match` is written whatever is there. Source: pithings/mountx#19.
    pub ignores_if_match_on_put: bool,
    /// `ignores-if-match-on-absent`: a PUT or a copy with `If-Match` is written where nothing is there. Source: minio/minio#21526.
    pub ignores_if_match_on_absent: bool,
    /// `ignores-if-match-on-delete`: a DELETE with `If-Match` removes whatever is there. Source: rustfs/rustfs, discussion 2602.
    pub ignores_if_match_on_delete: bool,
    /// `412-over-delete-marker`: `If-None-Match: *` is refused where a delete marker lies on top, although a GET finds nothing. Source:
    /// rustfs/rustfs#1610.
    pub refuses_over_delete_marker: bool,
}

type Switch = fn(&mut Quirks) -> &mut bool;

/// What each switch is called in a seed.
const NAMES: [(&str, Switch); 5] = [
    ("ignores-if-none-match", |quirks| &mut quirks.ignores_if_none_match),
    ("ignores-if-match-on-put", |quirks| &mut quirks.ignores_if_match_on_put),
    ("ignores-if-match-on-absent", |quirks| &mut quirks.ignores_if_match_on_absent),
    ("ignores-if-match-on-delete", |quirks| &mut quirks.ignores_if_match_on_delete),
    ("412-over-delete-marker", |quirks| &mut quirks.refuses_over_delete_marker),
];

impl Quirks {
    /// The switches of these names on, all others off.
    ///
    /// # Errors
    /// `InvalidArgument` if a name is none of a switch; the message lists those there are.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ServiceError> {
        let mut quirks = Self::default();
        for name in names {
            let Some((_, switch)) = NAMES.iter().find(|(known, _)| *known == name) else {
                let known = NAMES.map(|(known, _)| known).join(", ");
                return Err(super::error::invalid_argument(&format!("`{name}` is no quirk; there are: {known}")));
            };
            *switch(&mut quirks) = true;
        }
        Ok(quirks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quirks_are_named_and_off_unless_they_are() {
        assert_eq!(Quirks::named([]), Ok(Quirks::default()));
        let named = Quirks::named(["ignores-if-match-on-delete", "412-over-delete-marker"]).unwrap();
        let expected =
            Quirks { ignores_if_match_on_delete: true, refuses_over_delete_marker: true, ..Quirks::default() };
        assert_eq!(named, expected);
        let unknown = Quirks::named(["ignores-everything"]).unwrap_err();
        assert!(unknown.message.contains("ignores-if-none-match, ignores-if-match-on-put"), "{}", unknown.message);
    }
}
