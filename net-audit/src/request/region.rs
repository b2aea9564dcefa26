//! The names of AWS's regions, as people write them.

/// A region's name, or that of a Local Zone, which has prices of its own. Regions that this build does not know are regions too.
///
/// # Errors
/// No region is named like this.
pub fn named(text: &str) -> Result<&str, String> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = text.bytes().all(is_plain)
        && text.split('-').count() >= 3
        && text.bytes().last().is_some_and(|byte| byte.is_ascii_digit());
    if is_name { Ok(text) } else { Err(format!("`{text}` is no region, such as eu-central-1")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_written_out() {
        for text in ["eu-central-1", "us-gov-west-1", "us-west-2-lax-1"] {
            assert_eq!(named(text), Ok(text));
        }
        for text in ["", "eu-central", "eu-*-1", "eu-central-1a", "EU-CENTRAL-1", "Frankfurt", "eu-central-1 "] {
            assert!(named(text).is_err(), "{text}");
        }
    }
}
