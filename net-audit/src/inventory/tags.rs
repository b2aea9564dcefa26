//! Tags.

/// The tags of a resource, in AWS's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Vec<(String, String)>);

impl Tags {
    /// These keys with their values.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The value of a key, if it says something.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(candidate, _)| candidate == key)?;
        (!value.is_empty()).then_some(value)
    }

    /// The `Name` tag.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.get("Name")
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
