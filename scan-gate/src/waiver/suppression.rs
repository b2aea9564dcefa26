//! Dependency-Check's suppressions, schemas 1.1 to 1.4. They are about Dependency-Check's own findings only.
//!
//! A rule has at most one file criterion (`packageUrl`, `gav`, `filePath`, `sha1`) and one or more of what it suppresses, each of which
//! stands for itself: names, scores below a limit, CPEs, CWEs. No report says by which hash, CPE or CWE a finding came, so a rule is void
//! whose file is known by its hash, or that suppresses nothing but CPEs and CWEs; beside a name these are told and not followed. A rule that
//! suppresses nothing is none by the schema. `cvssBelow` is followed if all scores are below it; Dependency-Check needs but one.
//! `cvssV2Below` to `cvssV4Below` are followed if all scores are below the least of them. A date without a zone is one in UTC, and the rule
//! ends as that day begins.
//!
//! Source: jeremylong/DependencyCheck, `dependency-suppression.1.4.xsd`, `SuppressionRule.java`.

use contract::time::moment;
use jiff::Timestamp;
use roxmltree::{Document, Node};

use super::file::{WaiverError, WaiverFile, one_line};
use super::{Effect, Origin, Pattern, PurlPattern, Subject, Waiver};

const NAMESPACE: &str = "/DependencyCheck/dependency-suppression.1.";

pub(super) fn read(name: &str, text: &str) -> Result<WaiverFile, WaiverError> {
    let document = Document::parse(text)
        .map_err(|error| WaiverError::wrong(format!("line {}", error.pos().row), error.to_string()))?;
    let root = document.root_element();
    let namespace = root.tag_name().namespace().unwrap_or_default();
    let version = namespace.split_once(NAMESPACE).and_then(|(_, rest)| rest.strip_suffix(".xsd"));
    if root.tag_name().name() != "suppressions"
        || !version.is_some_and(|version| ["1", "2", "3", "4"].contains(&version))
    {
        let cause = format!(
            "<{}> of `{namespace}` is not known: <suppressions> of dependency-suppression.1.1.xsd to 1.4.xsd is",
            root.tag_name().name()
        );
        return Err(wrong(root, &cause));
    }
    let mut file = WaiverFile::default();
    let outer = Group { file: name, until: None, notes: String::new() };
    check_attributes(root, &[])?;
    for child in elements(root)? {
        match child.tag_name().name() {
            "suppress" => rule(child, &outer, &mut file)?,
            "suppressionGroup" => group(child, &outer, &mut file)?,
            _ => return Err(unknown(child)),
        }
    }
    if file.waivers.is_empty() {
        file.notes.push("it names nothing".to_owned());
    }
    Ok(file)
}

/// What holds for the rules that do not say it themselves.
struct Group<'a> {
    file: &'a str,
    until: Option<Timestamp>,
    notes: String,
}

fn group(node: Node<'_, '_>, outer: &Group<'_>, file: &mut WaiverFile) -> Result<(), WaiverError> {
    check_attributes(node, &["name", "until", "base"])?;
    let mut group = Group { file: outer.file, until: until(node)?, notes: String::new() };
    for child in elements(node)? {
        match child.tag_name().name() {
            "notes" => group.notes = one_line(&text(child)?),
            "suppress" => rule(child, &group, file)?,
            _ => return Err(unknown(child)),
        }
    }
    Ok(())
}

/// What a rule says.
#[derive(Default)]
struct Rule {
    subject: Option<Result<Subject, String>>,
    names: Vec<Pattern>,
    below: Option<f32>,
    below_by_version: Option<f32>,
    lost: Vec<String>,
    notes: String,
}

fn rule(node: Node<'_, '_>, group: &Group<'_>, file: &mut WaiverFile) -> Result<(), WaiverError> {
    check_attributes(node, &["until", "base"])?;
    let mut rule = Rule::default();
    for child in elements(node)? {
        match child.tag_name().name() {
            "notes" => rule.notes = one_line(&text(child)?),
            "filePath" | "packageUrl" | "gav" | "sha1" if rule.subject.is_some() => {
                return Err(wrong(child, "a rule has but one of filePath, packageUrl, gav and sha1"));
            }
            "sha1" => {
                criterion(child)?;
                rule.subject = Some(Err("it is about a file by its hash, which no finding tells".to_owned()));
            }
            "filePath" => {
                let subject = |path| Subject { path: Some(path), ..Subject::default() };
                rule.subject = Some(pattern(child)?.map(subject));
            }
            "packageUrl" => rule.subject = Some(pattern(child)?.map(|text| of_purl(PurlPattern::Text(text)))),
            "gav" => rule.subject = Some(pattern(child)?.map(|text| of_purl(PurlPattern::Coordinates(text)))),
            "cve" => rule.names.push(Pattern::Exact(criterion(child)?)),
            "vulnerabilityName" => match pattern(child)? {
                Ok(pattern) => rule.names.push(pattern),
                Err(why) => rule.lost.push(why),
            },
            name @ ("cpe" | "cwe") => {
                let value = if name == "cpe" { typed(child)?.0 } else { criterion(child)? };
                rule.lost.push(format!("{name} `{value}`, which no finding tells"));
            }
            "cvssBelow" => rule.below = Some(rule.below.unwrap_or_default().max(score(child)?)),
            "cvssV2Below" | "cvssV3Below" | "cvssV4Below" => {
                rule.below_by_version = Some(rule.below_by_version.unwrap_or(f32::MAX).min(score(child)?));
            }
            _ => return Err(unknown(child)),
        }
    }
    let place = format!("line {}", line(node));
    let mut waiver = Waiver {
        scanner: Some("dependency-check".to_owned()),
        expires: until(node)?.or(group.until),
        ..Waiver::at(Origin { file: group.file.to_owned(), format: "dependency-check", place })
    };
    let notes = if rule.notes.is_empty() { &group.notes } else { &rule.notes };
    if !notes.is_empty() {
        waiver.reason.clone_from(notes);
    }
    settle(rule, waiver, file).map_err(|cause| wrong(node, &cause))
}

fn of_purl(purl: PurlPattern) -> Subject {
    Subject { purl: Some(purl), ..Subject::default() }
}

/// Each of what a rule suppresses stands for itself, so names and scores are two statements.
fn settle(rule: Rule, mut waiver: Waiver, file: &mut WaiverFile) -> Result<(), String> {
    // Dependency-Check, too, passes over the limits by version beside the common one.
    let below = rule.below.or(rule.below_by_version);
    if rule.names.is_empty() && below.is_none() && rule.lost.is_empty() {
        return Err("it suppresses nothing: a rule has a cve, vulnerabilityName, cpe, cwe or cvssBelow".to_owned());
    }
    waiver.ids = rule.names;
    let subject = match rule.subject.transpose() {
        Ok(subject) => subject,
        Err(why) => {
            waiver.effect = Effect::Void(why);
            file.waivers.push(waiver);
            return Ok(());
        }
    };
    waiver.subjects = subject.into_iter().collect();
    if waiver.ids.is_empty() && below.is_none() {
        waiver.effect = Effect::Void(format!("it suppresses by {}", rule.lost.join(", ")));
        file.waivers.push(waiver);
        return Ok(());
    }
    if !rule.lost.is_empty() {
        file.notes.push(format!("{}: followed only in part: not by {}", waiver.origin.place, rule.lost.join(", ")));
    }
    waiver.effect = Effect::Silences;
    if below.is_some() {
        file.waivers.push(Waiver { ids: Vec::new(), cvss_below: below, ..waiver.clone() });
    }
    if !waiver.ids.is_empty() {
        file.waivers.push(waiver);
    }
    Ok(())
}

/// The elements in an element, which has no text of its own. All are of the same schema.
fn elements<'a, 'b>(node: Node<'a, 'b>) -> Result<Vec<Node<'a, 'b>>, WaiverError> {
    if let Some(text) =
        node.children().find(|child| child.text().is_some_and(|text| child.is_text() && !text.trim().is_empty()))
    {
        return Err(wrong(text, "a text stands here, where only elements may"));
    }
    let elements: Vec<_> = node.children().filter(Node::is_element).collect();
    match elements.iter().find(|child| child.tag_name().namespace() != node.tag_name().namespace()) {
        Some(alien) => Err(unknown(*alien)),
        None => Ok(elements),
    }
}

/// The text in an element, which has no elements in it.
fn text(node: Node<'_, '_>) -> Result<String, WaiverError> {
    match node.children().find(Node::is_element) {
        Some(element) => Err(unknown(element)),
        None => Ok(node
            .children()
            .filter(Node::is_text)
            .filter_map(|text| text.text())
            .collect::<String>()
            .trim()
            .to_owned()),
    }
}

/// The text of an element that has no attributes and is not empty.
fn criterion(node: Node<'_, '_>) -> Result<String, WaiverError> {
    check_attributes(node, &[])?;
    let text = text(node)?;
    if text.is_empty() { Err(wrong(node, "it is empty")) } else { Ok(text) }
}

/// The text of an element, whether it is a regular expression, and whether its case matters.
fn typed(node: Node<'_, '_>) -> Result<(String, bool, bool), WaiverError> {
    check_attributes(node, &["regex", "caseSensitive"])?;
    let text = text(node)?;
    if text.is_empty() {
        return Err(wrong(node, "it is empty"));
    }
    Ok((text, flag(node, "regex")?, flag(node, "caseSensitive")?))
}

fn pattern(node: Node<'_, '_>) -> Result<Result<Pattern, String>, WaiverError> {
    let (text, is_regex, is_case_sensitive) = typed(node)?;
    Ok(match (is_regex, is_case_sensitive) {
        (false, false) => Ok(Pattern::Exact(text)),
        (false, true) => Pattern::regex_in_case(&regex_lite::escape(&text), true),
        (true, _) => Pattern::regex_in_case(&text, is_case_sensitive),
    })
}

fn score(node: Node<'_, '_>) -> Result<f32, WaiverError> {
    let text = criterion(node)?;
    let score = text.parse().ok().filter(|score| (0.0..=10.0).contains(score));
    score.ok_or_else(|| wrong(node, &format!("`{text}` is no CVSS score")))
}

fn flag(node: Node<'_, '_>, name: &str) -> Result<bool, WaiverError> {
    match node.attribute(name).map(str::trim) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => Err(wrong(node, &format!("`{name}` is `{other}`, neither true nor false"))),
    }
}

fn until(node: Node<'_, '_>) -> Result<Option<Timestamp>, WaiverError> {
    flag(node, "base")?;
    let Some(text) = node.attribute("until").map(str::trim) else { return Ok(None) };
    let is_date = |byte: u8| byte.is_ascii_digit() || byte == b'-';
    let parts = text.split_at_checked(10).filter(|(date, _)| date.bytes().all(is_date));
    let begin = parts.map(|(date, zone)| format!("{date}T00:00:00{}", if zone.is_empty() { "Z" } else { zone }));
    match begin.and_then(|begin| moment(&begin).ok()) {
        Some(begin) => Ok(Some(begin)),
        None => Err(wrong(node, &format!("`until` is `{text}`, no date: it must look like 2026-01-31Z"))),
    }
}

/// Attributes of other namespaces, such as the schema's location, say nothing here.
fn check_attributes(node: Node<'_, '_>, known: &[&str]) -> Result<(), WaiverError> {
    match node.attributes().find(|attribute| attribute.namespace().is_none() && !known.contains(&attribute.name())) {
        Some(other) => {
            Err(wrong(node, &format!("the attribute `{}` of <{}> is not known", other.name(), node.tag_name().name())))
        }
        None => Ok(()),
    }
}

fn unknown(node: Node<'_, '_>) -> WaiverError {
    wrong(node, &format!("<{}> is not known here", node.tag_name().name()))
}

fn line(node: Node<'_, '_>) -> u32 {
    node.document().text_pos_at(node.range().start).row
}

fn wrong(node: Node<'_, '_>, cause: &str) -> WaiverError {
    WaiverError::wrong(format!("line {}", line(node)), cause)
}

#[cfg(test)]
mod tests;
