use proptest::prelude::*;
use serde_json::json;

use super::*;

const NAMES: [(&str, &str); 2] = [("#s", "Status"), ("#id", "LockID")];

/// Reads a condition with the placeholders that it uses out of a fixed stock.
fn read(text: &str) -> Result<Condition, ServiceError> {
    let mut request = json!({ "ConditionExpression": text });
    for (token, name) in NAMES.iter().filter(|(token, _)| text.contains(token)) {
        request["ExpressionAttributeNames"][*token] = json!(name);
    }
    let values = [(":held", json!({ "S": "held" })), (":part", json!({ "S": "el" })), (":one", json!({ "N": "1" }))];
    for (token, value) in values.into_iter().filter(|(token, _)| text.contains(token)) {
        request["ExpressionAttributeValues"][token] = value;
    }
    let mut placeholders = Placeholders::of(&request)?;
    let condition = Condition::sent(&request, "ConditionExpression", &mut placeholders)?;
    placeholders.check_all_used()?;
    condition.ok_or_else(|| error::invalid("no condition was read"))
}

fn item() -> Item {
    let mut item = Item::new();
    item.insert("LockID".to_owned(), json!({ "S": "states/app" }));
    item.insert("Status".to_owned(), json!({ "S": "held" }));
    item.insert("Serial".to_owned(), json!({ "N": "1.0" }));
    item
}

#[test]
fn conditions_hold_or_do_not() {
    let cases = [
        ("attribute_exists(LockID)", true),
        ("attribute_exists(Digest)", false),
        ("attribute_not_exists(Digest)", true),
        ("attribute_not_exists(#id)", false),
        ("#s = :held", true),
        (":held = #s", true),
        ("#s <> :held", false),
        ("Digest = :held", false),
        ("Digest <> :held", true),
        ("Serial = :one", true),
        ("contains(#s, :part)", true),
        ("contains(LockID, :held)", false),
        ("begins_with(#s, :held)", true),
        ("begins_with(#s, :part)", false),
        ("begins_with(Serial, :part)", false),
        ("NOT #s = :held", false),
        ("not attribute_exists(Digest) and #s = :held", true),
        ("attribute_exists(Digest) AND #s = :held OR Serial = :one", true),
        ("attribute_exists(Digest) AND (#s = :held OR Serial = :one)", false),
        ("NOT (attribute_exists(Digest) OR #s = :part)", true),
        ("(#s = :held) AND (Serial = :one)", true),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text).unwrap().holds(&item()), expected, "{text}");
    }
}

#[test]
fn what_is_no_expression_is_a_validation_exception_that_says_why() {
    let cases = [
        ("", "The expression can not be empty;"),
        ("#s = ", "Syntax error; token: \"<EOF>\", near: \"= \""),
        ("#s == :held", "Syntax error; token: \"=\", near: \"== :held\""),
        ("#s = :held AND", "Syntax error; token: \"<EOF>\""),
        ("#s = :held :part", "Syntax error; token: \":part\""),
        ("(#s = :held", "Syntax error; token: \"<EOF>\""),
        ("#s", "Syntax error; token: \"<EOF>\""),
        ("1st = :held", "Syntax error; token: \"1st\""),
        ("#s = 'held'", "Syntax error; token: \"'\", near: \"= 'held\""),
        ("#s = :held é", "Syntax error; token: \"é\""),
        ("((#s = :held))", "The expression has redundant parentheses;"),
        ("((#s = :held) AND Serial = :one)", "no error"),
        ("Status = :held", "Attribute name is a reserved keyword; reserved keyword: Status"),
        ("#s = :absent", "not defined; attribute value: :absent"),
        ("#absent = :held", "not defined; attribute name: #absent"),
        ("exists(LockID)", "Invalid function name; function: exists"),
        ("ATTRIBUTE_EXISTS(LockID)", "Invalid function name"),
        ("attribute_exists(LockID, Info)", "Incorrect number of operands"),
        ("contains(#s)", "operator or function: contains, number of operands: 1"),
        ("contains(#s, :held, :part)", "number of operands: 3"),
        ("attribute_exists(:held)", "requires a document path"),
        ("begins_with(#s, :one)", "operator or function: begins_with, operand type: N"),
        ("contains(Info, Info)", "must be distinct"),
        ("Info = Info", "must be distinct"),
        ("Serial < :one", "the local AWS does not play `<`"),
        ("Serial between :one AND :one", "the local AWS does not play `between`"),
        ("size(#s) = :one", "the local AWS does not play `size`"),
        ("Info.Who = :held", "the local AWS does not play `.`"),
        ("Info[0] = :held", "the local AWS does not play `[`"),
    ];
    for (text, expected) in cases {
        let refused = read(text).map_or_else(|error| error, |_| error::invalid("no error"));
        assert_eq!(refused.code, "ValidationException", "{text}");
        assert!(refused.message.contains(expected), "{text}: {}", refused.message);
    }
}

#[test]
fn conditions_lie_in_each_other_only_so_deep() {
    let nested = |word: &str, times| read(&format!("{}#s = :held", word.repeat(times)));
    assert!(nested("NOT ", 100).unwrap().holds(&item()));
    for (word, times) in [("NOT ", 101), ("(", 4000), ("NOT(", 1000)] {
        let refused = nested(word, times).unwrap_err();
        assert!(refused.message.contains("nested too deeply"), "{word}: {}", refused.message);
    }
}

#[test]
fn placeholders_are_well_formed_and_all_of_them_used() {
    let request = |names: Value, values: Value| {
        let mut request = json!({ "ConditionExpression": "LockID = :held" });
        request["ExpressionAttributeNames"] = names;
        request["ExpressionAttributeValues"] = values;
        let mut placeholders = Placeholders::of(&request)?;
        Condition::sent(&request, "ConditionExpression", &mut placeholders)?;
        placeholders.check_all_used()
    };
    let held = json!({ "S": "held" });
    assert_eq!(request(Value::Null, json!({ ":held": held })), Ok(()));
    let cases = [
        (
            json!({ "#a": "Info" }),
            json!({ ":held": held }),
            "ExpressionAttributeNames unused in expressions: keys: {#a}",
        ),
        (
            Value::Null,
            json!({ ":held": held, ":b": held }),
            "ExpressionAttributeValues unused in expressions: keys: {:b}",
        ),
        (Value::Null, json!({}), "ExpressionAttributeValues must not be empty"),
        (Value::Null, json!({ "held": held }), "contains invalid key: Syntax error; key: \"held\""),
        (Value::Null, json!({ ":held": {} }), "Supplied AttributeValue is empty"),
    ];
    for (names, values, expected) in cases {
        let message = request(names, values).unwrap_err().message;
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_projection_lists_names() {
    let read = |text: &str| {
        let request = json!({ "ProjectionExpression": text });
        projection(&request, &mut Placeholders::of(&request)?)
    };
    assert_eq!(read("LockID, Digest"), Ok(Some(vec!["LockID".to_owned(), "Digest".to_owned()])));
    for wrong in ["", "LockID,", "LockID Digest", "LockID, LockID", "Status", "a.b", ":a"] {
        assert_eq!(read(wrong).unwrap_err().code, "ValidationException", "{wrong}");
    }
}

/// A condition as text, how tightly it binds (3: most), and whether it holds for [`item`].
fn conditions() -> impl Strategy<Value = (String, u8, bool)> {
    let leaves =
        prop_oneof![Just(("#s = :held".to_owned(), 3, true)), Just(("attribute_exists(Digest)".to_owned(), 3, false)),];
    leaves.prop_recursive(6, 40, 2, |inner| {
        let in_parentheses = |(text, binds, holds): (String, u8, bool), needed: u8| {
            (if binds < needed { format!("({text})") } else { text }, holds)
        };
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(move |(left, right)| {
                let (left, right) = (in_parentheses(left, 0), in_parentheses(right, 1));
                (format!("{} OR {}", left.0, right.0), 0, left.1 || right.1)
            }),
            (inner.clone(), inner.clone()).prop_map(move |(left, right)| {
                let (left, right) = (in_parentheses(left, 1), in_parentheses(right, 2));
                (format!("{} AND {}", left.0, right.0), 1, left.1 && right.1)
            }),
            inner.prop_map(move |condition| {
                let (text, holds) = in_parentheses(condition, 2);
                (format!("NOT {text}"), 2, !holds)
            }),
        ]
    })
}

proptest! {
    #[test]
    fn conditions_bind_as_they_are_written((text, _, holds) in conditions()) {
        prop_assume!(text.len() <= 4096);
        prop_assert_eq!(read(&text).map(|condition| condition.holds(&item())), Ok(holds), "{}", text);
    }

    #[test]
    fn whatever_is_no_condition_is_refused_and_breaks_nothing(text in "[ -~é]{0,40}|([(),=<>.]|NOT|AND|OR|#s|:held| |contains|a){0,20}") {
        if let Err(refused) = read(&text) {
            prop_assert_eq!(refused.code, "ValidationException");
        }
    }
}
