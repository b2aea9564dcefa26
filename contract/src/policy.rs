//! IAM policies: the least that a command line needs.

use serde::Serialize;
use serde_json::json;

/// One statement of a policy that allows something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    effect: &'static str,
    action: Vec<&'static str>,
    resource: Vec<String>,
}

impl Statement {
    /// Allows actions on resources (ARNs, or `*` for actions that know no resource).
    #[must_use]
    pub fn allow(actions: &[&'static str], resources: &[String]) -> Self {
        let mut action = actions.to_vec();
        action.sort_unstable();
        Self { effect: "Allow", action, resource: resources.to_vec() }
    }
}

/// The policy document, pretty-printed, ended by a line feed.
#[must_use]
pub fn document(statements: &[Statement]) -> String {
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    format!("{policy:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_what_iam_reads() {
        let statement = Statement::allow(&["s3:PutObject", "s3:GetObject"], &["arn:aws:s3:::b/k".to_owned()]);
        let policy: serde_json::Value = serde_json::from_str(&document(&[statement])).unwrap();
        assert_eq!(policy["Statement"][0]["Action"], json!(["s3:GetObject", "s3:PutObject"]));
        assert_eq!(policy["Version"], "2012-10-17");
    }
}
