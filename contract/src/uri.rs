//! Names as addresses.

/// A relative URI reference: what may not stand in one is percent-encoded. A colon is too: the name before it would be a scheme.
#[must_use]
pub fn relative(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/@+=".contains(&byte);
    let encode = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let uri: Vec<String> = text.trim_start_matches('/').bytes().map(encode).collect();
    if uri.is_empty() { "unknown".to_owned() } else { uri.concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_something_is_called_it_is_no_address_of_elsewhere() {
        let cases = [
            ("app/lib/a b.jar", "app/lib/a%20b.jar"),
            ("/etc/x", "etc/x"),
            ("arn:aws:rds:eu-central-1:1:db:x", "arn%3Aaws%3Ards%3Aeu-central-1%3A1%3Adb%3Ax"),
            ("ü", "%C3%BC"),
            ("", "unknown"),
        ];
        for (text, expected) in cases {
            assert_eq!(relative(text), expected, "{text}");
        }
    }
}
