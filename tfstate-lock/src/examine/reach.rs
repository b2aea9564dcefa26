//! Whether the bucket answers, where it is asked, and whether the clocks agree.

use std::time::Duration;

use contract::Fault;
use contract::aws::{CallError, CallErrorKind};
use jiff::Timestamp;

use super::finding::{Check, Finding};
use super::seen::Unseen;
use crate::error::quoted;

/// How far a client's clock may be from the server's. Source: S3 API reference, "Error responses", `RequestTimeTooSkewed`.
const LARGEST_SKEW: Duration = Duration::from_mins(15);

/// What the first call to the bucket told.
#[derive(Clone, Debug)]
pub struct Reach {
    /// What came of it.
    pub head: Result<(), CallError>,
    /// The region that requests are signed for.
    pub asked_in: Option<String>,
    /// The region that the bucket says it is in.
    pub lies_in: Result<String, Unseen>,
    /// When it answered, by our clock and by the server's.
    pub clocks: Option<(Timestamp, Timestamp)>,
}

impl Reach {
    /// Whether it makes sense to ask more: a role that may not list the bucket may still hold its locks.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        match &self.head {
            Ok(()) => true,
            Err(error) => error.kind == CallErrorKind::AccessDenied && !self.is_elsewhere(),
        }
    }

    fn is_elsewhere(&self) -> bool {
        self.lies_in.as_ref().is_ok_and(|region| Some(region) != self.asked_in.as_ref())
    }

    fn reachable(&self, bucket: &str) -> Finding {
        let check = Check::Reachable;
        match &self.head {
            Ok(()) => check.passes("the bucket answers"),
            Err(_) if self.is_elsewhere() => check.passes("the bucket answers, from another region"),
            Err(error) if error.kind == CallErrorKind::AccessDenied => {
                let hint = "allow s3:ListBucket for this role; --iam-policy prints the least policy";
                check.is_unknown(error.to_string(), Some(hint.to_owned()))
            }
            Err(error) if error.status == Some(404) => check
                .fails(format!("there is no bucket {bucket}"), "check the bucket's name and the account: aws s3 ls"),
            Err(error) => {
                let hint = error.hint().unwrap_or_else(|| "check the bucket's name and the endpoint".to_owned());
                check.fails(error.to_string(), hint)
            }
        }
    }

    fn region(&self) -> Finding {
        let check = Check::Region;
        let Some(asked_in) = &self.asked_in else {
            return check.fails("no region is known", "name the region with --region or AWS_REGION");
        };
        match &self.lies_in {
            Ok(region) if region == asked_in => check.passes(format!("the bucket is in {region}")),
            Ok(region) if self.head.is_ok() => check
                .passes(format!("the bucket is in {region}, requests are signed for {asked_in}, and it answers them")),
            Ok(region) => check.fails(
                format!("the bucket is in {region}, requests are signed for {asked_in}"),
                format!("--region {}", quoted(region)),
            ),
            Err(unseen) => unseen.leaves_unknown(check),
        }
    }

    fn clock(&self) -> Finding {
        let check = Check::Clock;
        let Some((ours, servers)) = self.clocks else {
            return check.is_unknown("no answer said the server's time", None);
        };
        let difference = ours.duration_since(servers);
        let word = if difference.is_negative() { "behind" } else { "ahead of" };
        let detail = format!("our clock is {} s {word} the server's", difference.unsigned_abs().as_secs());
        if difference.unsigned_abs() <= LARGEST_SKEW {
            return check.passes(detail);
        }
        check.fails(
            format!("{detail}: more than 15 minutes make signatures invalid"),
            "set the clock: timedatectl set-ntp true",
        )
    }
}

pub(super) fn examine(reach: &Reach, bucket: &str) -> [Finding; 3] {
    [reach.reachable(bucket), reach.region(), reach.clock()]
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict::{Fail, Pass, Unknown};
    use super::*;

    fn failed(status: Option<u16>, kind: CallErrorKind) -> CallError {
        let (code, message, request_id) = (None, "no".to_owned(), None);
        CallError { operation: "s3:ListBucket", code, message, request_id, status, kind }
    }

    fn reach(head: Result<(), CallError>, asked_in: Option<&str>, lies_in: Option<&str>) -> Reach {
        let lies_in = lies_in.map(str::to_owned).ok_or(Unseen::NotTried);
        Reach { head, asked_in: asked_in.map(str::to_owned), lies_in, clocks: None }
    }

    #[test]
    fn a_bucket_answers_or_it_does_not() {
        let here = Some("eu-central-1");
        let cases = [
            (reach(Ok(()), here, here), [Pass, Pass], true),
            (reach(Ok(()), here, Some("us-east-1")), [Pass, Pass], true),
            (reach(Ok(()), here, None), [Pass, Unknown], true),
            (reach(Err(failed(Some(403), CallErrorKind::AccessDenied)), here, here), [Unknown, Pass], true),
            (reach(Err(failed(Some(403), CallErrorKind::AccessDenied)), here, None), [Unknown, Unknown], true),
            (reach(Err(failed(Some(403), CallErrorKind::AccessDenied)), here, Some("us-east-1")), [Pass, Fail], false),
            (reach(Err(failed(Some(301), CallErrorKind::Refused)), here, Some("us-east-1")), [Pass, Fail], false),
            (reach(Err(failed(Some(404), CallErrorKind::Refused)), here, None), [Fail, Unknown], false),
            (reach(Err(failed(None, CallErrorKind::Network)), here, None), [Fail, Unknown], false),
            (reach(Err(failed(None, CallErrorKind::Credentials)), here, None), [Fail, Unknown], false),
            (reach(Err(failed(None, CallErrorKind::Region)), None, None), [Fail, Fail], false),
        ];
        for (reach, expected, reached) in cases {
            let found = examine(&reach, "states");
            assert_eq!([found[0].verdict, found[1].verdict], expected, "{reach:?}");
            assert_eq!(reach.is_reached(), reached, "{reach:?}");
        }
    }

    #[test]
    fn clocks_may_differ_by_a_quarter_of_an_hour() {
        let server: Timestamp = "2026-11-23T01:11:07Z".parse().unwrap();
        let at = |seconds| Timestamp::from_second(server.as_second() + seconds).unwrap();
        for (seconds, expected) in [(0, Pass), (900, Pass), (-900, Pass), (901, Fail), (-901, Fail)] {
            let reach = Reach { clocks: Some((at(seconds), server)), ..reach(Ok(()), None, None) };
            assert_eq!(reach.clock().verdict, expected, "{seconds}");
        }
        assert_eq!(reach(Ok(()), None, None).clock().verdict, Unknown);
        let behind = Reach { clocks: Some((at(-61), server)), ..reach(Ok(()), None, None) };
        assert_eq!(behind.clock().detail, "our clock is 61 s behind the server's");
    }
}
