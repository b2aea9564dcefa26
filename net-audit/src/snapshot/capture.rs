//! A snapshot that is taken of accounts: per account and region the members that AWS gave, and what it did not give. Pure.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The schema of a snapshot.
pub const SCHEMA: &str = "deploy-aws-ecs/network-snapshot/v1";

/// What was seen.
#[derive(Debug, Serialize)]
pub struct Capture {
    schema: &'static str,
    /// RFC 3339.
    taken_at: String,
    regions: Vec<RegionCapture>,
}

/// What was seen of one region of one account.
#[derive(Debug)]
pub struct RegionCapture {
    /// Its number, if it is known.
    pub account: Option<String>,
    /// Its name.
    pub region: String,
    /// The members, each a JSON array whose elements are spelled as the AWS CLI spells them.
    pub members: Vec<(&'static str, Box<RawValue>)>,
    /// What could not be seen.
    pub denied: Vec<Denial>,
}

/// A call that failed. Its members are not there, which is another thing than that they are empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// The call, by the name of its IAM action.
    pub operation: &'static str,
    /// The members that it would have filled.
    pub members: Vec<&'static str>,
    /// AWS's code, if AWS answered.
    pub code: Option<String>,
    /// AWS's message, or why there was no answer.
    pub message: String,
    /// The request id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Whether a permission is all that is missing.
    #[serde(skip)]
    pub wants_permission: bool,
}

impl Capture {
    /// What was seen at a time, in RFC 3339.
    #[must_use]
    pub fn new(taken_at: String, regions: Vec<RegionCapture>) -> Self {
        Self { schema: SCHEMA, taken_at, regions }
    }

    /// One line of JSON, ended by a line feed.
    #[must_use]
    pub fn to_line(&self) -> String {
        // Every member is JSON already: there is nothing that could fail.
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{json}\n")
    }

    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let regions = self.regions.len();
        let unseen = self.regions.iter().map(|region| region.denied.len()).sum::<usize>();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let taken = format!("a snapshot of {regions} region{}", plural(regions));
        if unseen == 0 {
            return taken;
        }
        format!("{taken}; {unseen} call{} failed", plural(unseen))
    }

    /// What people should know of the calls that failed: one sentence for each reason in each region.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.regions.iter().flat_map(RegionCapture::warnings).collect()
    }
}

impl RegionCapture {
    fn warnings(&self) -> Vec<String> {
        let place = match &self.account {
            Some(account) => format!("{account} {}", self.region),
            None => self.region.clone(),
        };
        let mut reasons: Vec<(String, Vec<&Denial>)> = Vec::new();
        for denial in &self.denied {
            let reason = denial.reason();
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, denials)) => denials.push(denial),
                None => reasons.push((reason, vec![denial])),
            }
        }
        let sentence = |(reason, denials): (String, Vec<&Denial>)| {
            let members: Vec<&str> = denials.iter().flat_map(|denial| denial.members.iter().copied()).collect();
            let operations: Vec<&str> = denials.iter().map(|denial| denial.operation).collect();
            let (members, operations) = (members.join(", "), operations.join(", "));
            if denials.iter().all(|denial| denial.wants_permission) {
                format!("{place}: {members} unknown ({reason}): allow {operations}")
            } else {
                format!("{place}: {members} unknown: {operations} failed: {reason}")
            }
        };
        reasons.into_iter().map(sentence).collect()
    }
}

impl Denial {
    /// The code says it all where a permission is missing: EC2's message is a cipher of several lines there.
    fn reason(&self) -> String {
        match &self.code {
            Some(code) if self.wants_permission => code.clone(),
            Some(code) => format!("{code}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

impl Serialize for RegionCapture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("account", &self.account)?;
        map.serialize_entry("region", &self.region)?;
        for (name, raw) in &self.members {
            map.serialize_entry(name, raw)?;
        }
        map.serialize_entry("denied", &self.denied)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use contract::Document;

    use super::*;

    fn denial(operation: &'static str, member: &'static str, code: &str) -> Denial {
        Denial {
            operation,
            members: vec![member],
            code: Some(code.to_owned()),
            message: "you may not. Encoded authorization failure message: AAAA".to_owned(),
            request_id: None,
            wants_permission: code == "UnauthorizedOperation",
        }
    }

    fn capture(denied: Vec<Denial>) -> Capture {
        let members = vec![("Vpcs", RawValue::from_string("[]".to_owned()).unwrap())];
        let region =
            RegionCapture { account: Some("1".to_owned()), region: "eu-central-1".to_owned(), members, denied };
        Capture::new("2026-01-01T00:00:00Z".to_owned(), vec![region])
    }

    #[test]
    fn a_snapshot_is_one_line_and_no_release_document() {
        let line = capture(vec![denial("ec2:DescribeFlowLogs", "FlowLogs", "UnauthorizedOperation")]).to_line();
        let expected = concat!(
            r#"{"schema":"deploy-aws-ecs/network-snapshot/v1","taken_at":"2026-01-01T00:00:00Z","regions":["#,
            r#"{"account":"1","region":"eu-central-1","Vpcs":[],"denied":[{"operation":"ec2:DescribeFlowLogs","#,
            r#""members":["FlowLogs"],"code":"UnauthorizedOperation","#,
            r#""message":"you may not. Encoded authorization failure message: AAAA"}]}]}"#,
            "\n"
        );
        assert_eq!(line, expected);
        assert!(!Document::recognises(line.as_bytes()) && !Document::begins(line.as_bytes()));
    }

    #[test]
    fn what_failed_for_one_reason_is_said_once() {
        let denied = vec![
            denial("ec2:DescribeFlowLogs", "FlowLogs", "UnauthorizedOperation"),
            denial("rds:DescribeDBInstances", "DBInstances", "OptInRequired"),
            denial("ec2:DescribeAddresses", "Addresses", "UnauthorizedOperation"),
        ];
        let capture = capture(denied);
        let warnings = capture.warnings();
        assert_eq!(warnings.len(), 2);
        assert_eq!(
            warnings[0],
            "1 eu-central-1: FlowLogs, Addresses unknown (UnauthorizedOperation): allow ec2:DescribeFlowLogs, ec2:DescribeAddresses"
        );
        assert!(warnings[1].starts_with(
            "1 eu-central-1: DBInstances unknown: rds:DescribeDBInstances failed: OptInRequired: you may not"
        ));
        assert_eq!(capture.summary(), "a snapshot of 1 region; 3 calls failed");
    }
}
