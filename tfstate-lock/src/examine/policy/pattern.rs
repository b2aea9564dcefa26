//! The wildcards of IAM: `*` stands for any text, `?` for one character. Source: IAM user guide, "Using wildcards".

/// Whether a pattern matches a whole text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(expected) if *expected == '?' || *expected == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                // The last star takes one character more.
                let Some((star_at, taken)) = star else {
                    return false;
                };
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                seen = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|character| *character == '*')
}

/// The same in any case: actions have none.
pub(super) fn matches_action(pattern: &str, action: &str) -> bool {
    matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

/// Whether a pattern surely matches every text that begins with `prefix`.
pub(super) fn matches_all_below(pattern: &str, prefix: &str) -> bool {
    let Some(before) = pattern.strip_suffix('*') else {
        return false;
    };
    let ends = prefix.char_indices().map(|(end, _)| end).chain([prefix.len()]);
    ends.into_iter().any(|end| matches(before, &prefix[..end]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wildcards_match_as_in_iam() {
        let cases = [
            ("arn:aws:s3:::states", "arn:aws:s3:::states", true),
            ("arn:aws:s3:::states", "arn:aws:s3:::states/a", false),
            ("arn:aws:s3:::states/*", "arn:aws:s3:::states", false),
            ("arn:aws:s3:::states/*", "arn:aws:s3:::states/a/b", true),
            ("arn:aws:s3:::s?ates*", "arn:aws:s3:::states", true),
            ("*", "", true),
            ("?", "", false),
            ("a*b*c", "aXbYbc", true),
            ("a*b*c", "aXbYb", false),
            ("", "", true),
            ("", "a", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert!(matches_action("S3:delete*", "s3:DeleteObject"));
    }

    #[test]
    fn only_a_star_at_the_end_matches_all_that_is_below() {
        let cases = [
            ("arn:aws:s3:::states/*", true),
            ("arn:aws:s3:::states*", true),
            ("arn:aws:s3:::*", true),
            ("*", true),
            ("arn:*:s3:::states/*", true),
            ("arn:aws:s3:::states/prod/*", false),
            ("arn:aws:s3:::states/*.tflock", false),
            ("arn:aws:s3:::states", false),
        ];
        for (pattern, expected) in cases {
            assert_eq!(matches_all_below(pattern, "arn:aws:s3:::states/"), expected, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn a_text_matches_itself_with_stars_put_in(text in "[a-z/]{0,12}", at in 0_usize..13) {
            let at = at.min(text.len());
            let pattern = format!("{}*{}", &text[..at], &text[at..]);
            prop_assert!(matches(&pattern, &text));
        }

        #[test]
        fn what_matches_all_below_matches_each(pattern in "[ab/*?]{0,6}", prefix in "[ab/]{0,6}", rest in "[ab/]{0,6}") {
            if matches_all_below(&pattern, &prefix) {
                let text = format!("{prefix}{rest}");
                prop_assert!(matches(&pattern, &text));
            }
        }
    }
}
