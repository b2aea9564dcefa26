use super::*;

fn definition() -> TaskDefinition {
    let text = r#"{"family":"web","brandNew":1e400,"containerDefinitions":[
        {"name":"web","image":"web:1","environment":[{"name":"A","value":"1","new":0},{"name":"B","value":"2"}],"secrets":[{"name":"S","valueFrom":"arn:s"}]},
        {"name":"sidecar","image":"s:1"}],"tags":[{"key":"team","value":"a"}]}"#;
    TaskDefinition::of_file(text.as_bytes()).unwrap()
}

fn image(text: &str) -> ImageChange {
    ImageChange::read(text).unwrap()
}

fn variable(text: &str) -> Variable {
    Variable::read(text, |_| None).unwrap()
}

#[test]
fn only_what_is_asked_changes() {
    let changes = Changes {
        images: vec![image("web=web:2")],
        environment: vec![variable("B=3"), variable("S=open"), variable("sidecar:C=4")],
        secrets: vec![Secret::read_secret("A=arn:a").unwrap()],
        unset: vec![],
        members: vec![("cpu", "512".to_owned())],
        tags: vec![("team".to_owned(), "b".to_owned()), ("commit".to_owned(), "1f".to_owned())],
    };
    let (new, images) = definition().changed(&changes).unwrap();
    let expected = concat!(
        r#"{"family":"web","brandNew":1e400,"containerDefinitions":["#,
        r#"{"name":"web","image":"web:2","environment":[{"name":"B","value":"3"},{"name":"S","value":"open"}],"#,
        r#""secrets":[{"name":"A","valueFrom":"arn:a"}]},"#,
        r#"{"name":"sidecar","image":"s:1","environment":[{"name":"C","value":"4"}]}],"#,
        r#""cpu":"512","tags":[{"key":"team","value":"b"},{"key":"commit","value":"1f"}]}"#
    );
    assert_eq!(new.to_register(), expected);
    assert_eq!((images[0].container.as_str(), images[0].previous.as_str()), ("web", "web:1"));
}

#[test]
fn unknown_members_of_a_variable_survive_and_what_is_unset_goes() {
    let changes = Changes {
        environment: vec![variable("web:A=9")],
        unset: vec![Variable::read_unset("web:S").unwrap(), Variable::read_unset("web:NOBODY").unwrap()],
        ..Changes::default()
    };
    let (new, _) = definition().changed(&changes).unwrap();
    let text = new.to_register();
    assert!(text.contains(r#"{"name":"A","value":"9","new":0}"#) && text.contains(r#""secrets":[]"#), "{text}");
}

#[test]
fn no_changes_change_nothing() {
    let (same, images) = definition().changed(&Changes::default()).unwrap();
    assert_eq!((same.to_register().len(), images.len()), (definition().to_register().len() - whitespace(), 0));
}

/// The list of containers is written anew, without the white space of the fixture.
fn whitespace() -> usize {
    let inner = definition().definition.get("containerDefinitions").unwrap().to_owned();
    inner.len() - serde_json::to_string(&definition().containers().unwrap()).unwrap().len()
}

#[test]
fn a_container_must_be_named_if_there_are_several() {
    let changed = |images: Vec<ImageChange>, environment: Vec<Variable>| {
        definition().changed(&Changes { images, environment, ..Changes::default() }).err()
    };
    assert!(
        matches!(changed(vec![image("web:2")], vec![]), Some(SwapError::Ambiguous(names)) if names == "web, sidecar")
    );
    assert!(matches!(changed(vec![image("x=web:2")], vec![]), Some(SwapError::NoSuchContainer { .. })));
    assert!(matches!(changed(vec![], vec![variable("A=1")]), Some(SwapError::Ambiguous(_))));
    assert!(
        changed(vec![image("sidecar=s:2")], vec![variable("A=1")]).is_none(),
        "the variable goes where the image goes"
    );
}
