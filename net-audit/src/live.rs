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

    fn accounts(profiles: &[&str], roles: &[&str]) -> Result<Vec<(Option<String>, Option<String>)>, Error> {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let arguments = LiveArguments { profile: own(profiles), role: own(roles), ..LiveArguments::default() };
        let live = Live::resolve(arguments)?;
        Ok(live.accounts.into_iter().map(|account| (account.profile, account.role)).collect())
    }

    #[test]
    fn a_profile_or_a_role_is_an_account() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(accounts(&[], &[]).unwrap(), [(None, None)]);
        assert_eq!(accounts(&["a", "b"], &[]).unwrap(), [(some("a"), None), (some("b"), None)]);
        assert_eq!(accounts(&[], &["x", "y"]).unwrap(), [(None, some("x")), (None, some("y"))]);
        assert_eq!(accounts(&["a"], &["x", "y"]).unwrap(), [(some("a"), some("x")), (some("a"), some("y"))]);
        assert!(accounts(&["a", "b"], &["x"]).is_err());
    }

    #[test]
    fn a_region_that_is_named_twice_is_looked_at_once() {
        let region = ["b", "a", "b"].map(str::to_owned).to_vec();
        let live = Live::resolve(LiveArguments { region, ..LiveArguments::default() }).unwrap();
        assert_eq!(live.regions, ["b", "a"]);
    }
}
