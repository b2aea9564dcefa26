//! Whether a tag may be moved to another image.

use serde_json::{Value, json};

use crate::wire::ServiceError;

/// The setting and the wildcard filters that are exempt from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mutability {
    setting: String,
    filters: Vec<String>,
}

impl Default for Mutability {
    fn default() -> Self {
        Self { setting: "MUTABLE".to_owned(), filters: Vec::new() }
    }
}

/// Source: ECR API reference, `CreateRepository`: at most 5 filters.
const MAXIMUM_FILTERS: usize = 5;

impl Mutability {
    /// Reads `imageTagMutability` and `imageTagMutabilityExclusionFilters`.
    ///
    /// # Errors
    /// An unknown setting, filters without `_WITH_EXCLUSION` or the other way round, more than 5 of them.
    pub(crate) fn read(input: &Value) -> Result<Self, ServiceError> {
        let setting = input["imageTagMutability"].as_str().unwrap_or("MUTABLE");
        if !["MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"].contains(&setting) {
            return Err(invalid(&format!("'{setting}' is no value of 'imageTagMutability'")));
        }
        let given = input["imageTagMutabilityExclusionFilters"].as_array();
        let filters = given.into_iter().flatten().map(read_filter).collect::<Result<Vec<_>, _>>()?;
        let excluding = setting.ends_with("_WITH_EXCLUSION");
        if excluding == filters.is_empty() || filters.len() > MAXIMUM_FILTERS {
            return Err(invalid(&format!(
                "'imageTagMutabilityExclusionFilters' takes 1 to {MAXIMUM_FILTERS} filters with a setting that ends in \
                 _WITH_EXCLUSION, and none with another"
            )));
        }
        Ok(Self { setting: setting.to_owned(), filters })
    }

    /// Whether a tag that exists must stay where it is.
    pub(crate) fn is_fixed(&self, tag: &str) -> bool {
        let exempt = self.filters.iter().any(|filter| matches_wildcard(filter, tag));
        self.setting.starts_with("IMMUTABLE") != exempt
    }

    /// Adds the two members to a repository's description.
    pub(crate) fn describe(&self, repository: &mut Value) {
        repository["imageTagMutability"] = json!(self.setting);
        if !self.filters.is_empty() {
            let filters = self.filters.iter().map(|filter| json!({ "filterType": "WILDCARD", "filter": filter }));
            repository["imageTagMutabilityExclusionFilters"] = filters.collect();
        }
    }
}

fn read_filter(filter: &Value) -> Result<String, ServiceError> {
    let text = filter["filter"].as_str().unwrap_or_default();
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._*-".contains(&byte);
    if filter["filterType"] != "WILDCARD" || text.is_empty() || text.len() > 128 || !text.bytes().all(is_allowed) {
        return Err(invalid(&format!("'{text}' is no WILDCARD filter of 1 to 128 characters of [0-9a-zA-Z._*-]")));
    }
    Ok(text.to_owned())
}

fn invalid(reason: &str) -> ServiceError {
    ServiceError::bad_request(
        "InvalidParameterException",
        format!("Invalid parameter at 'imageTagMutability' failed to satisfy constraint: {reason}"),
    )
}

/// `*` stands for any number of characters.
fn matches_wildcard(filter: &str, text: &str) -> bool {
    let Some((head, rest)) = filter.split_once('*') else {
        return filter == text;
    };
    let Some(text) = text.strip_prefix(head) else {
        return false;
    };
    (0..=text.len()).filter_map(|at| text.get(at..)).any(|tail| matches_wildcard(rest, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_number_of_characters() {
        for (filter, tag, expected) in [
            ("latest", "latest", true),
            ("latest", "latest2", false),
            ("dev-*", "dev-", true),
            ("dev-*", "dev-7", true),
            ("dev-*", "prod-7", false),
            ("*-rc*", "v1-rc2", true),
            ("*-rc*", "v1", false),
            ("*", "", true),
        ] {
            assert_eq!(matches_wildcard(filter, tag), expected, "{filter} {tag}");
        }
    }

    #[test]
    fn an_exclusion_turns_the_setting_round_for_the_tags_that_match() {
        let read = |setting: &str, filter: &str| {
            let filters = json!([{ "filterType": "WILDCARD", "filter": filter }]);
            Mutability::read(&json!({ "imageTagMutability": setting, "imageTagMutabilityExclusionFilters": filters }))
        };
        let immutable = read("IMMUTABLE_WITH_EXCLUSION", "dev-*").unwrap();
        let mutable = read("MUTABLE_WITH_EXCLUSION", "v*").unwrap();
        let fixed = |mutability: &Mutability| ["dev-1", "v1"].map(|tag| mutability.is_fixed(tag));
        assert_eq!(fixed(&immutable), [false, true]);
        assert_eq!(fixed(&mutable), [false, true]);
        assert!(read("IMMUTABLE", "dev-*").is_err());
        assert!(read("IMMUTABLE_WITH_EXCLUSION", "a b").is_err());
    }
}
