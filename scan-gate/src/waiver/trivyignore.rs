//! Trivy's lists of what to ignore: `.trivyignore`, an id a line, and `.trivyignore.yaml`.
//!
//! Neither has to say why. A date ends a rule as its day begins, in UTC. Trivy passes over a line or a key that it does not understand; here
//! that is an error, for it may be a narrowing. Three rules that Trivy follows silence nothing here: one with a package URL about what is no
//! vulnerability (Trivy drops the package URL), one without an id (only the latest Trivy means all by it), and one with a path pattern that
//! is no plain glob.
//!
//! Source: aquasecurity/trivy, `pkg/result/ignore.go`.

mod yaml;

use contract::time::{day, moment};

use super::file::{WaiverError, WaiverFile, one_line};
use super::product::purl;
use super::{Effect, Origin, Pattern, PurlPattern, Subject, Waiver};
use crate::finding::Kind;
use yaml::Node;

const FORMAT: &str = "trivyignore";

pub(super) fn read_plain(name: &str, text: &str) -> Result<WaiverFile, WaiverError> {
    let mut file = WaiverFile::default();
    for (index, line) in text.lines().enumerate() {
        let place = format!("line {}", index + 1);
        let wrong = |cause: String| WaiverError::wrong(&*place, cause);
        // Trivy reads only a `#` at the beginning of a line as one, and yet ignores what stands behind an id.
        let (rule, comment) = match line.find('#') {
            Some(at) if line[..at].chars().next_back().is_none_or(char::is_whitespace) => line.split_at(at),
            _ => (line, ""),
        };
        let mut words = rule.split_whitespace();
        let Some(id) = words.next() else { continue };
        let mut waiver = Waiver::at(Origin { file: name.to_owned(), format: FORMAT, place: place.clone() });
        for word in words {
            let date = word.strip_prefix("exp:").filter(|_| waiver.expires.is_none());
            let date =
                date.ok_or_else(|| wrong(format!("`{word}` is not known: only one exp:2026-01-31 may follow the id")))?;
            waiver.expires = Some(day(date).map_err(wrong)?);
        }
        if comment.split_whitespace().any(|word| word.trim_start_matches('#').starts_with("exp:")) {
            return Err(wrong("exp: stands in a comment, where Trivy still reads it: put it before the #".to_owned()));
        }
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+".contains(&byte)) {
            return Err(wrong(format!("`{id}` is no id")));
        }
        waiver.ids.push(Pattern::Exact(id.to_owned()));
        let reason = one_line(comment.trim_start_matches('#'));
        if !reason.is_empty() {
            waiver.reason = reason;
        }
        waiver.effect = Effect::Silences;
        file.waivers.push(waiver);
    }
    Ok(told_if_empty(file))
}

pub(super) fn read_yaml(name: &str, text: &str) -> Result<WaiverFile, WaiverError> {
    let mut file = WaiverFile::default();
    let Some((line, document)) = yaml::read(text)? else { return Err(WaiverError::Empty) };
    for (section, line, entries) in members(line, document)? {
        let kind = match section.as_str() {
            "vulnerabilities" => Kind::Vulnerability,
            "misconfigurations" => Kind::Misconfiguration,
            "secrets" => Kind::Secret,
            "licenses" => Kind::License,
            other => {
                let cause =
                    format!("`{other}` is not known: vulnerabilities, misconfigurations, secrets and licenses are");
                return Err(WaiverError::wrong(format!("line {line}"), cause));
            }
        };
        let entries = match entries {
            Node::List(entries) => entries,
            Node::Null => Vec::new(),
            _ => return Err(WaiverError::wrong(format!("line {line}"), format!("`{section}` is no list"))),
        };
        for (index, (line, entry)) in entries.into_iter().enumerate() {
            let place = format!("{section} {} (line {line})", index + 1);
            let origin = Origin { file: name.to_owned(), format: FORMAT, place };
            file.waivers.push(waiver(line, entry, kind, origin)?);
        }
    }
    Ok(told_if_empty(file))
}

fn told_if_empty(mut file: WaiverFile) -> WaiverFile {
    if file.waivers.is_empty() {
        file.notes.push("it names nothing".to_owned());
    }
    file
}

fn members(line: usize, node: Node) -> Result<Vec<(String, usize, Node)>, WaiverError> {
    match node {
        Node::Map(members) => Ok(members),
        _ => Err(WaiverError::wrong(format!("line {line}"), "names with a colon, such as `id:`, must stand here")),
    }
}

fn waiver(line: usize, entry: Node, kind: Kind, origin: Origin) -> Result<Waiver, WaiverError> {
    let mut waiver = Waiver { kinds: vec![kind], ..Waiver::at(origin) };
    let (mut paths, mut purls) = (Vec::new(), Vec::new());
    for (key, line, value) in members(line, entry)? {
        let wrong = |cause: String| WaiverError::wrong(format!("line {line}"), format!("`{key}`: {cause}"));
        match key.as_str() {
            "id" => waiver.ids = vec![Pattern::Exact(value.text().map_err(wrong)?)],
            "paths" => paths = value.texts().map_err(wrong)?,
            "purls" => purls = value.texts().map_err(wrong)?,
            "statement" => waiver.reason = one_line(&value.text().map_err(wrong)?),
            "expired_at" => {
                let date = value.text().map_err(wrong)?;
                waiver.expires = Some(day(&date).or_else(|_| moment(&date)).map_err(wrong)?);
            }
            _ => return Err(wrong("it is not known: id, paths, purls, expired_at and statement are".to_owned())),
        }
    }
    if waiver.ids.is_empty() && paths.is_empty() && purls.is_empty() {
        return Err(WaiverError::wrong(format!("line {line}"), "`id` is missing"));
    }
    waiver.effect = if waiver.ids.is_empty() {
        Effect::Void("it has no `id`: name the findings that it is about".to_owned())
    } else if kind != Kind::Vulnerability && !purls.is_empty() {
        Effect::Void("`purls` narrows down vulnerabilities only".to_owned())
    } else {
        match subjects(&paths, &purls) {
            Ok(subjects) => {
                waiver.subjects = subjects;
                Effect::Silences
            }
            Err(why) => Effect::Void(why),
        }
    };
    Ok(waiver)
}

/// One of the paths and one of the package URLs must match, so every pair is a subject.
fn subjects(paths: &[String], purls: &[String]) -> Result<Vec<Subject>, String> {
    let paths = paths.iter().map(|path| glob(path).map(Some)).collect::<Result<Vec<_>, _>>()?;
    let covering = |text: &String| purl(text).map(|purl| Some(PurlPattern::Covering(purl)));
    let purls = purls.iter().map(covering).collect::<Result<Vec<_>, _>>()?;
    if paths.is_empty() && purls.is_empty() {
        return Ok(Vec::new());
    }
    let paths = if paths.is_empty() { vec![None] } else { paths };
    let purls = if purls.is_empty() { vec![None] } else { purls };
    let pair = |path: &Option<Pattern>, purl: &Option<PurlPattern>| Subject {
        path: path.clone(),
        purl: purl.clone(),
        ..Subject::default()
    };
    Ok(paths.iter().flat_map(|path| purls.iter().map(move |purl| pair(path, purl))).collect())
}

/// Trivy's patterns know braces and backslashes too.
fn glob(path: &str) -> Result<Pattern, String> {
    if path.contains(['{', '}', '\\']) {
        return Err(format!("the path `{path}` has braces or a backslash, which are not followed"));
    }
    Pattern::glob_or_exact(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waiver::file::fixture::{effect, no_mutation_panics, read, refusal, silences};

    const PLAIN: &str = "\u{feff}# accepted\r\n\r\nCVE-2024-1\r\n  CVE-2024-2 exp:2026-06-01 # old\r\nCVE-2024-3\texp:2026-06-02\r\nAVD-DS-0002 # by design\r\n";

    const YAML: &str = "\u{feff}---\r\nvulnerabilities:\r\n  - id: CVE-2024-1\r\n    paths:\r\n      - \"app/**/x.jar\"\r\n      - usr/lib/y\r\n\
        \x20   purls: [\"pkg:maven/a/x\"]\r\n    expired_at: 2026-06-02\r\n    statement: >-\r\n      not\r\n      reached\r\n  - id: CVE-2024-2\r\n\
        \x20   expired_at: 2026-06-01T11:00:00Z\r\nmisconfigurations:\r\n  - id: AVD-1\r\nsecrets:\r\nlicenses:\r\n";

    #[test]
    fn a_line_is_an_id_and_perhaps_a_date() {
        let file = read("ci/.trivyignore", PLAIN);
        assert_eq!(file.waivers.len(), 4);
        let silenced = |id: &str| silences(&file, id, "", "", "");
        assert!(
            silenced("cve-2024-1") && silenced("CVE-2024-3") && silenced("AVD-DS-0002") && !silenced("CVE-2024-11")
        );
        assert!(!silenced("CVE-2024-2"), "Trivy ends a rule as the day begins");
        let reasons: Vec<&str> = file.waivers.iter().map(|waiver| &*waiver.reason).collect();
        assert_eq!(reasons, ["none given", "old", "none given", "by design"]);
        assert_eq!((&*file.waivers[1].origin.place, file.waivers[1].origin.format), ("line 4", "trivyignore"));
        assert_eq!(read(".trivyignore", "# nothing\n").notes, ["it names nothing"]);
    }

    #[test]
    fn a_line_that_says_more_is_refused() {
        let cases = [
            ("CVE-1 CVE-2", "line 1: `CVE-2` is not known"),
            ("\nCVE-1 exp:2026-02-30", "line 2: `2026-02-30` is no date"),
            ("CVE-1 exp:31-01-2026", "line 1: `31-01-2026` is no date"),
            ("CVE-1 exp:", "line 1: `` is no date"),
            ("CVE-1 exp:2026-01-01 exp:2026-01-02", "line 1: `exp:2026-01-02` is not known"),
            ("CVE-1 # exp:2026-01-01", "line 1: exp: stands in a comment"),
            ("CVE-1 #exp:2026-01-01", "line 1: exp: stands in a comment"),
            ("{\"SchemaVersion\": 2}", "line 1: `2}` is not known"),
            ("<html>", "line 1: `<html>` is no id"),
            ("CVE-2024-*", "line 1: `CVE-2024-*` is no id"),
            ("CVE-1#2", "line 1: `CVE-1#2` is no id"),
        ];
        for (text, expected) in cases {
            let error = refusal(".trivyignore", text);
            assert!(error.starts_with(expected), "{text:?} gives {error}");
        }
        no_mutation_panics(".trivyignore", PLAIN);
    }

    #[test]
    fn an_entry_is_narrowed_down_by_path_package_and_kind() {
        let file = read(".trivyignore.yaml", YAML);
        let [first, second, third] = &file.waivers[..] else { panic!("{file:?}") };
        assert_eq!(
            (&*first.reason, first.subjects.len(), &*first.origin.place),
            ("not reached", 2, "vulnerabilities 1 (line 3)")
        );
        assert_eq!((&*second.reason, &third.kinds[..]), ("none given", &[Kind::Misconfiguration][..]));
        let silenced = |id: &str, purl: &str, place: &str| silences(&file, id, purl, place, "");
        assert!(
            silenced("CVE-2024-1", "pkg:maven/a/x@1", "app/lib/x.jar")
                && silenced("CVE-2024-1", "pkg:maven/a/x", "usr/lib/y")
        );
        assert!(
            !silenced("CVE-2024-1", "pkg:maven/a/z@1", "app/lib/x.jar")
                && !silenced("CVE-2024-1", "pkg:maven/a/x@1", "other")
        );
        assert!(!silenced("CVE-2024-1", "", "app/lib/x.jar"), "Trivy lets a finding without a package URL pass");
        assert!(!silenced("CVE-2024-2", "", "") && !silenced("AVD-1", "", ""));
    }

    #[test]
    fn an_entry_that_cannot_be_followed_is_void() {
        let cases = [
            ("vulnerabilities", "purls: [\"pkg:deb/debian/linux-libc-dev\"]", "void: it has no `id`"),
            ("secrets", "{ id: x, purls: [\"pkg:deb/debian/linux\"] }", "void: `purls` narrows down"),
            ("licenses", "{ id: x, paths: [\"a/{b,c}\"] }", "void: the path `a/{b,c}`"),
            ("licenses", "{ id: x, paths: [\"a**b\"] }", "void: `a**b` is no pattern"),
            ("vulnerabilities", "{ id: x, purls: [\"pkg:golang/a@1#b\"] }", "void: `pkg:golang/a@1#b` names a path"),
            ("secrets", "{ id: x, paths: [\"tests/**\"] }", "Silences"),
        ];
        for (section, entry, expected) in cases {
            let effect = effect(&read("x.yml", &format!("{section}:\n  - {entry}\n")));
            assert!(effect.starts_with(expected), "{entry} gives {effect}");
        }
    }

    #[test]
    fn yaml_that_is_not_understood_is_refused() {
        let entry = |line: &str| format!("vulnerabilities:\n  - id: CVE-1\n    {line}\n");
        let cases = [
            ("vulnerability:\n  - id: x".to_owned(), "line 1: `vulnerability` is not known"),
            ("- id: CVE-1".to_owned(), "line 1: names with a colon"),
            ("CVE-1".to_owned(), "line 1: names with a colon"),
            ("vulnerabilities: CVE-1".to_owned(), "line 1: `vulnerabilities` is no list"),
            ("vulnerabilities:\n  - CVE-1".to_owned(), "line 2: names with a colon"),
            ("vulnerabilities:\n  - statement: all".to_owned(), "line 2: `id` is missing"),
            ("vulnerabilities:\n  - id:\n".to_owned(), "line 2: `id`: it is empty"),
            (entry("path: a"), "line 3: `path`: it is not known"),
            (entry("paths: a"), "line 3: `paths`: a list must stand here"),
            (entry("paths:"), "line 3: `paths`: it is empty"),
            (entry("paths: []"), "line 3: `paths`: it is empty"),
            (entry("expired_at: soon"), "line 3: `expired_at`: `soon` is no moment"),
            (entry("id: CVE-2"), "line 3: `id` stands there twice"),
            (entry("statement: *x"), "line 3: "),
            (entry("statement: !!binary x"), "line 3: a tag"),
            (entry("statement: &x y"), "line 3: an anchor"),
            (entry("{"), "line "),
            ("a: 1\n---\nb: 1".to_owned(), "line 2: a second document"),
            ("[".repeat(20), "line 1: it is too deep"),
            ("[".repeat(50_000), "line 1: recursion limit exceeded"),
            ("# nothing".to_owned(), "it is empty"),
            ("---".to_owned(), "it is empty"),
        ];
        for (text, expected) in cases {
            let error = refusal("x.yaml", &text);
            assert!(error.starts_with(expected), "{} gives {error}", &text[..text.len().min(80)]);
        }
        no_mutation_panics("x.yaml", YAML);
    }
}
