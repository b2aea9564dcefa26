use super::*;

/// A file with one waiver of NET003 until the end of May 2026, and these lines.
fn file(lines: &str) -> String {
    format!("[[waiver]]\nid = \"NET003\"\nreason = \"r\"\nexpires = 2026-05-31\n{lines}\n")
}

fn waivers(text: &str) -> Vec<Waiver> {
    read("waivers.toml", text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

const SUBJECT: Subject<'_> = Subject {
    id: "NET003",
    resources: &[("i-0b1", Some("bastion [a]/1")), ("sg-0c2", Some("ssh"))],
    vpc: Some("vpc-0d3"),
    vpc_name: Some("Production"),
    region: Some("eu-central-1"),
    account: Some("111122223333"),
};

fn ruling(text: &str, subject: &Subject<'_>, now: &str) -> Ruling {
    rule(&waivers(text), subject, now.parse().unwrap())
}

fn silences(lines: &str, subject: &Subject<'_>) -> bool {
    ruling(&file(lines), subject, "2026-05-01T00:00:00Z") == Ruling::Waived(0)
}

#[test]
fn a_waiver_says_what_why_and_until_when() {
    let text = "\u{feff}# bastions\r\n[[waiver]]\r\nid = [\"NET003\", \"net001\"]\r\nresource = \"bastion-*\"\r\nvpc = \"production\"\r\n\
        region = \"eu-central-1\"\r\naccount = \"111122223333\"\r\nreason = \"until\tSession Manager\"\r\nexpires = 2026-06-01T12:00:00Z\r\n";
    let waivers = waivers(text);
    let [waiver] = &waivers[..] else { panic!("{waivers:?}") };
    assert_eq!(
        (&waiver.ids[..], &*waiver.reason),
        (&["NET003", "net001"].map(String::from)[..], "until Session Manager")
    );
    assert_eq!((waiver.region.as_deref(), waiver.account.as_deref()), (Some("eu-central-1"), Some("111122223333")));
    assert_eq!(
        (waiver.resource.clone(), waiver.vpc.clone()),
        (Pattern::of("bastion-*").ok(), Pattern::of("production").ok())
    );
    assert_eq!(waiver.expires.to_string(), "2026-06-01T12:00:00Z");
    assert_eq!(waiver.origin, "waivers.toml, waiver 1 (line 2)");
}

#[test]
fn what_is_not_understood_is_refused() {
    let known = "id, resource, vpc, region, account, reason, expires are";
    let cases = [
        (file("package = \"openssl\""), format!("line 5, waiver 1: `package` is not known: {known}")),
        (file("Resource = \"i-1\""), format!("line 5, waiver 1: `Resource` is not known: {known}")),
        (file("subnet = \"subnet-1\""), format!("line 5, waiver 1: `subnet` is not known: {known}")),
        (file("resource = \"a**\""), "line 5, waiver 1: `resource`: `a**` is no pattern: write one `*`".to_owned()),
        (file("vpc = \"**\""), "line 5, waiver 1: `vpc`: `**` is no pattern".to_owned()),
        (file("vpc = [\"vpc-1\"]"), "line 5, waiver 1: `vpc`: a string must stand here".to_owned()),
        (file("resource = \"\""), "line 5, waiver 1: `resource`: it is empty".to_owned()),
        (file("region = \"eu-*\""), "line 5, waiver 1: `region`: `eu-*` is no region, such as eu-central-1".to_owned()),
        (file("region = \"eu-central-1a\""), "line 5, waiver 1: `region`: `eu-central-1a` is no region".to_owned()),
        (file("account = 111122223333"), "line 5, waiver 1: `account`: a string must stand here".to_owned()),
        (file("account = \"1111\""), "line 5, waiver 1: `account`: `1111` is no account: it has twelve".to_owned()),
        (file("").replace("NET003", "NET*"), "line 1, waiver 1: `id`: `NET*` is no finding's id: it must".to_owned()),
        (file("").replace("\"NET003\"", "[]"), "line 2, waiver 1: `id`: it is empty".to_owned()),
        (file("").replace("id = \"NET003\"", ""), "line 1, waiver 1: `id` is missing".to_owned()),
        (file("").replace("reason = \"r\"", ""), "line 1, waiver 1: `reason` is missing".to_owned()),
        (file("").replace("\"r\"", "\" \""), "line 3, waiver 1: `reason`: it is empty".to_owned()),
        (file("").replace("expires = 2026-05-31", ""), "line 1, waiver 1: `expires` is missing".to_owned()),
        (file("").replace("2026-05-31", "2026-05-31T00:00:00"), "line 4, waiver 1: `expires`: a date, or".to_owned()),
        (file("").replace("2026-05-31", "\"2026-05-31\""), "line 4, waiver 1: `expires`: a date without".to_owned()),
        (file("").replace("2026-05-31", "2026-02-30"), "line 4: ".to_owned()),
        (file("vpc = \"a\"\nvpc = \"b\""), "line 6: duplicate key".to_owned()),
        (file("[[waivers]]"), "line 5: `waivers` is not known: only [[waiver]] is".to_owned()),
        ("[waiver]".to_owned(), "line 1: a waiver begins with [[waiver]]".to_owned()),
        ("# none".to_owned(), "document: it has no [[waiver]]".to_owned()),
        ("\u{feff}\n ".to_owned(), "it is empty".to_owned()),
    ];
    for (text, expected) in cases {
        let error = read("waivers.toml", text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(&expected), "{text} gives {error}");
    }
    assert_eq!(read("waivers.toml", b"\xff\xfea\0").unwrap_err().to_string(), "it is no UTF-8");
}

#[test]
fn all_that_a_waiver_names_must_match() {
    let cases = [
        ("", true),
        ("resource = \"i-0b1\"", true),
        ("resource = \"i-0b2\"", false),
        ("resource = \"i-0b\"", false),
        ("vpc = \"vpc-0d3\"", true),
        ("vpc = \"Production\"", true),
        ("vpc = \"production\"", false),
        ("region = \"eu-central-1\"", true),
        ("region = \"eu-west-1\"", false),
        ("account = \"111122223333\"", true),
        ("account = \"111122223334\"", false),
        ("resource = \"i-0b1\"\nvpc = \"Prod*\"\nregion = \"eu-central-1\"\naccount = \"111122223333\"", true),
        ("resource = \"i-0b1\"\nvpc = \"Staging\"", false),
    ];
    for (lines, expected) in cases {
        assert_eq!(silences(lines, &SUBJECT), expected, "{lines}");
    }
}

#[test]
fn a_resource_is_the_one_the_finding_is_about() {
    assert!(!silences("resource = \"sg-0c2\"", &SUBJECT) && !silences("resource = \"ssh\"", &SUBJECT));
    assert!(!silences("resource = \"*\"", &Subject { resources: &[], ..SUBJECT }));
    assert!(silences("", &Subject { resources: &[], ..SUBJECT }));
}

#[test]
fn what_a_finding_does_not_say_never_matches() {
    assert!(!silences("vpc = \"*\"", &Subject { vpc: None, vpc_name: None, ..SUBJECT }));
    assert!(silences("vpc = \"*\"", &Subject { vpc: None, ..SUBJECT }));
    assert!(!silences("region = \"eu-central-1\"", &Subject { region: None, ..SUBJECT }));
    assert!(!silences("account = \"111122223333\"", &Subject { account: None, ..SUBJECT }));
}

#[test]
fn a_star_stands_for_anything_and_a_bracket_for_itself() {
    let arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188";
    let cases = [
        ("bastion*", "bastion [a]/1", true),
        ("bastion [a]/1", "bastion [a]/1", true),
        ("bastion [a]/?", "bastion [a]/1", true),
        ("bastion [a]/?", "bastion [a]/12", false),
        ("bastion [abc]/1", "bastion a/1", false),
        ("Bastion*", "bastion [a]/1", false),
        ("*/app/web/*", arn, true),
        (arn, arn, true),
        ("i-?", "i-", false),
        ("*", ".hidden", true),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(Pattern::of(pattern).unwrap().fits(text), expected, "{pattern} on {text}");
    }
}

#[test]
fn a_findings_id_is_the_same_in_any_case_and_never_a_pattern() {
    let with = |ids: &str| file("").replace("\"NET003\"", ids);
    let rules = |ids: &str| ruling(&with(ids), &SUBJECT, "2026-05-01T00:00:00Z");
    assert_eq!(rules("\"net003\""), Ruling::Waived(0));
    assert_eq!(rules("[\"NET001\", \"Net003\"]"), Ruling::Waived(0));
    assert_eq!(rules("\"NET00\""), Ruling::Counts);
}

#[test]
fn a_waiver_holds_to_the_second_and_then_silences_nothing() {
    let at = |expires: &str, now: &str| ruling(&file("").replace("2026-05-31", expires), &SUBJECT, now);
    let cases = [
        ("2026-05-31", "2026-05-31T23:59:59.999Z", Ruling::Waived(0)),
        ("2026-05-31", "2026-06-01T00:00:00Z", Ruling::Expired(0)),
        ("2026-05-31T12:00:00+02:00", "2026-05-31T09:59:59Z", Ruling::Waived(0)),
        ("2026-05-31T12:00:00+02:00", "2026-05-31T10:00:00Z", Ruling::Expired(0)),
    ];
    for (expires, now, expected) in cases {
        assert_eq!(at(expires, now), expected, "{expires} at {now}");
    }
}

#[test]
fn one_that_holds_outweighs_one_that_has_expired() {
    let old = file("").replace("2026-05-31", "2025-01-01");
    let older = file("").replace("2026-05-31", "2024-01-01");
    let other = file("").replace("NET003", "NET001");
    let at = |text: String| ruling(&text, &SUBJECT, "2026-05-01T00:00:00Z");
    assert_eq!(at(format!("{old}{other}{}{}", file(""), file(""))), Ruling::Waived(2));
    assert_eq!(at(format!("{other}{older}{old}{older}")), Ruling::Expired(2));
    assert_eq!(at(other), Ruling::Counts);
}

#[test]
fn a_waiver_that_is_about_nothing_is_told() {
    let text = format!("{}{}{}", file("vpc = \"x\""), file(""), file("").replace("2026-05-31", "2020-01-01"));
    assert_eq!(idle(&waivers(&text), &[SUBJECT]), [0]);
    assert_eq!(idle(&waivers(&text), &[]), [0, 1, 2]);
}

proptest::proptest! {
    #[test]
    fn an_exact_text_fits_itself_alone(text in "[^*?]{0,12}", other in "[^*?]{0,12}") {
        let pattern = Pattern::of(&text).unwrap();
        proptest::prop_assert!(pattern.fits(&text));
        proptest::prop_assert_eq!(pattern.fits(&other), text == other);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64), at in 0..64_usize) {
        let mut whole = file("resource = \"a\"").into_bytes();
        let at = at.min(whole.len());
        whole.splice(at..at, bytes);
        let _ = read("w", &whole);
    }
}
