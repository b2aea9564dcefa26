//! Names of members. None of them leads out of the archive, and each member has one spelling.

use super::error::SourceError;

/// The one spelling of a member's name: without `./`, doubled and trailing slashes. The root itself is the empty name.
///
/// # Errors
/// The name is absolute or goes up.
pub(super) fn normal(name: &str) -> Result<String, SourceError> {
    let refused = |reason| SourceError::Name { name: name.to_owned(), reason };
    if name.starts_with('/') {
        return Err(refused("it is absolute"));
    }
    let words: Vec<&str> = words(name).collect();
    if words.contains(&"..") {
        return Err(refused("it goes up"));
    }
    Ok(words.join("/"))
}

/// Where a symbolic link leads, as a member's name.
///
/// # Errors
/// It leads out of the archive.
pub(super) fn followed(link: &str, target: &str) -> Result<String, SourceError> {
    let outside = || SourceError::Link { name: link.to_owned(), target: target.to_owned() };
    if target.starts_with('/') {
        return Err(outside());
    }
    let mut path: Vec<&str> = words(link).collect();
    path.pop();
    for word in words(target) {
        if word == ".." {
            path.pop().ok_or_else(outside)?;
        } else {
            path.push(word);
        }
    }
    Ok(path.join("/"))
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split('/').filter(|word| !matches!(*word, "" | "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        for (name, expected) in
            [("a/b", "a/b"), ("./a//b/", "a/b"), ("./", ""), (".", ""), ("sha256:ab", "sha256:ab"), ("a/...", "a/...")]
        {
            assert_eq!(normal(name).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn a_name_that_leads_out_is_refused() {
        for name in ["/etc/passwd", "../x", "a/../../x", "a/..", "//x", "./../x"] {
            assert!(matches!(normal(name), Err(SourceError::Name { .. })), "{name}");
        }
    }

    #[test]
    fn a_link_leads_to_a_member_or_is_refused() {
        for (link, target, expected) in
            [("a/layer.tar", "../b/layer.tar", "b/layer.tar"), ("a", "b", "b"), ("a/b/c", "./../../d", "d")]
        {
            assert_eq!(followed(link, target).unwrap(), expected, "{link}");
        }
        for (link, target) in [("a/layer.tar", "../../x"), ("a", ".."), ("a", "/x"), ("a", "b/../../x")] {
            assert!(matches!(followed(link, target), Err(SourceError::Link { .. })), "{link}");
        }
    }
}
