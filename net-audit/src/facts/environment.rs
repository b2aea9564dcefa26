//! Whether something is production, as far as tags tell. In doubt it is.

use crate::inventory::Tags;

/// What an environment is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A tag says that it is production.
    Production,
    /// A tag says that it is not: `Environment=staging`.
    NonProduction(String),
    /// No tag says it. What matters for production matters here too.
    Unsaid,
}

/// Tags whose value says what an environment is for.
const KEYS: [&str; 3] = ["environment", "env", "stage"];

const NON_PRODUCTION: [&str; 13] = [
    "dev",
    "develop",
    "development",
    "test",
    "testing",
    "stage",
    "staging",
    "sandbox",
    "qa",
    "uat",
    "nonprod",
    "nonproduction",
    "non",
];

impl Environment {
    /// What the first of these tags says that says anything.
    #[must_use]
    pub fn of<'t>(tags: impl IntoIterator<Item = &'t Tags>) -> Self {
        let said = tags.into_iter().map(Self::by_tags).find(|environment| *environment != Self::Unsaid);
        said.unwrap_or(Self::Unsaid)
    }

    fn by_tags(tags: &Tags) -> Self {
        let said = tags.iter().filter(|(key, _)| KEYS.contains(&key.to_ascii_lowercase().as_str()));
        let meanings = said.map(|(key, value)| meaning(key, value));
        meanings.filter(|environment| *environment != Self::Unsaid).last().unwrap_or(Self::Unsaid)
    }
}

/// What the words of a value mean; the first that means something decides, as in `non-production`.
fn meaning(key: &str, value: &str) -> Environment {
    let words = value.split(|character: char| !character.is_alphanumeric()).map(str::to_ascii_lowercase);
    let mut meanings = words.map(|word| match word.as_str() {
        "prod" | "production" | "prd" | "live" => Environment::Production,
        word if NON_PRODUCTION.contains(&word) => Environment::NonProduction(format!("{key}={value}")),
        _ => Environment::Unsaid,
    });
    meanings.find(|environment| *environment != Environment::Unsaid).unwrap_or(Environment::Unsaid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Environment::of([&Tags::new(pairs.collect())])
    }

    #[test]
    fn a_tag_says_what_an_environment_is_for() {
        let not = |text: &str| Environment::NonProduction(text.to_owned());
        assert_eq!(environment(&[("Environment", "staging")]), not("Environment=staging"));
        assert_eq!(environment(&[("env", "eu-DEV-2")]), not("env=eu-DEV-2"));
        assert_eq!(environment(&[("Stage", "non-production")]), not("Stage=non-production"));
        assert_eq!(environment(&[("Environment", "production")]), Environment::Production);
    }

    #[test]
    fn in_doubt_nothing_is_said() {
        for pairs in [&[("Name", "dev-vpc")][..], &[("Environment", "latest")], &[("Environment", "")], &[]] {
            assert_eq!(environment(pairs), Environment::Unsaid, "{pairs:?}");
        }
    }
}
