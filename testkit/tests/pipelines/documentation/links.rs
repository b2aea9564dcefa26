//! What is linked is there.

use std::fs;

use super::page::{Part, parts};
use crate::bench::root;

#[test]
fn the_pages_and_headings_that_are_linked_are_there() {
    let mut pages: Vec<_> = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.extend(["README.md", "examples/README.md", "examples/terraform/README.md"].map(|page| root().join(page)));
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(page).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(target.exists(), "{} links to {link}", page.display());
            let anchors = || anchors(&fs::read_to_string(&target).unwrap());
            assert!(
                heading.is_empty() || anchors().iter().any(|anchor| anchor == heading),
                "{}: {link}",
                page.display()
            );
        }
    }
}

/// The headings of a page as GitHub and GitLab name them in addresses.
fn anchors(text: &str) -> Vec<String> {
    let anchor = |words: &str| -> String {
        let kept = words.to_lowercase().replace(' ', "-");
        kept.chars().filter(|character| character.is_alphanumeric() || "-_".contains(*character)).collect()
    };
    let heading = |part: &Part| match part {
        Part::Heading(_, words) => Some(anchor(words)),
        _ => None,
    };
    parts(text).iter().filter_map(heading).collect()
}
