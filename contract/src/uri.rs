//! Names as addresses.

/// A relative URI reference: what may not stand in one is percent-encoded. A colon is too: the name before it would be a scheme.
#[must_use]
pub fn relative(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/@+=".contains(&byte);
    let encode = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let uri: Vec<String> = text.trim_start_matches('/').bytes().map(encode).collect();
    if uri.is_empty() { "unknown".to_owned() } else { uri.concat() }
}

/// A part of a URI in which nothing has a meaning of its own: what is no unreserved character is written as its bytes. Source: RFC 3986,
/// section 2.3.
#[must_use]
pub fn component(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
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

    #[test]
    fn a_component_means_nothing_but_itself() {
        assert_eq!(component("a-b.c_d~e"), "a-b.c_d~e");
        assert_eq!(component("arn:aws:iam::1:role/ü x~"), "arn%3Aaws%3Aiam%3A%3A1%3Arole%2F%C3%BC%20x~");
        assert_eq!(component("a/b c&d=e+%ü"), "a%2Fb%20c%26d%3De%2B%25%C3%BC");
    }
}
