//! Which accounts and regions are looked at.

use crate::cli::live::LiveArguments;
use crate::error::Error;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// The accounts, at least one.
    pub accounts: Vec<Entrance>,
    /// The regions, each once; none means the one that the SDK finds.
    pub regions: Vec<String>,
    /// Where all requests are sent, if not to AWS.
    pub endpoint_url: Option<String>,
}

/// How an account is entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entrance {
    /// The profile whose credentials are used, if not those that the SDK finds.
    pub profile: Option<String>,
    /// The role that they take on.
    pub role: Option<String>,
}

impl Live {
    /// What the flags mean.
    ///
    /// # Errors
    /// Several profiles and a role are named: which is to take on which is not said.
    pub fn resolve(arguments: LiveArguments) -> Result<Self, Error> {
        let LiveArguments { mut profile, role, region, endpoint_url, .. } = arguments;
        let accounts = match (profile.len(), role.is_empty()) {
            (0, true) => vec![Entrance::default()],
            (_, true) => profile.into_iter().map(|profile| Entrance { profile: Some(profile), role: None }).collect(),
            (0 | 1, false) => {
                let profile = profile.pop();
                role.into_iter().map(|role| Entrance { profile: profile.clone(), role: Some(role) }).collect()
            }
            (_, false) => return Err(Error::ProfilesAndRoles),
        };
        let mut regions: Vec<String> = Vec::new();
        for region in region {
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        Ok(Self { accounts, regions, endpoint_url })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(profiles: &[&str], roles: &[&str]) -> Result<Vec<Entrance>, Error> {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let arguments = LiveArguments { profile: own(profiles), role: own(roles), ..LiveArguments::default() };
        Ok(Live::resolve(arguments)?.accounts)
    }

    fn entrance(profile: Option<&str>, role: Option<&str>) -> Entrance {
        Entrance { profile: profile.map(str::to_owned), role: role.map(str::to_owned) }
    }

    #[test]
    fn a_profile_or_a_role_is_an_account() {
        let (a, b, x, y) = (Some("a"), Some("b"), Some("x"), Some("y"));
        assert_eq!(accounts(&[], &[]).unwrap(), [entrance(None, None)]);
        assert_eq!(accounts(&["a", "b"], &[]).unwrap(), [entrance(a, None), entrance(b, None)]);
        assert_eq!(accounts(&[], &["x", "y"]).unwrap(), [entrance(None, x), entrance(None, y)]);
        assert_eq!(accounts(&["a"], &["x", "y"]).unwrap(), [entrance(a, x), entrance(a, y)]);
        assert!(accounts(&["a", "b"], &["x"]).is_err());
    }

    #[test]
    fn a_region_that_is_named_twice_is_looked_at_once() {
        let region = ["b", "a", "b"].map(str::to_owned).to_vec();
        let live = Live::resolve(LiveArguments { region, ..LiveArguments::default() }).unwrap();
        assert_eq!(live.regions, ["b", "a"]);
    }
}
