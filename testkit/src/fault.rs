//! Faults on demand: what goes wrong, at which operation, at which call.
//!
//! Pure bookkeeping: [`Faults::strike`] is asked once a request and answers what, if anything, is to go wrong with it.
//! [`crate::server`] carries it out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that is to go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Fault {
    /// `service:Operation`, `service:*` or `*`; for example `ecs:UpdateService`, `registry:FinishUpload`, `s3:PutObject`.
    pub operation: String,
    /// The first call that it strikes, counted from 1 over the calls that match `operation`.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many calls in a row it strikes.
    #[serde(default = "one")]
    pub times: u64,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
}

/// The ways in which a call can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FaultKind {
    /// The work is done and the answer comes, but late.
    Latency {
        /// How late, in milliseconds of the wall clock.
        milliseconds: u64,
    },
    /// The work is done; the connection is closed without an answer.
    LostResponse,
    /// The work is done; the answer is a server error.
    ErrorAfter {
        /// The HTTP status, for example 500.
        status: u16,
    },
    /// The work is not done; the answer is this error in the service's own form.
    Error {
        /// The HTTP status.
        status: u16,
        /// The service's error code, for example `ConditionalRequestConflict`.
        code: String,
    },
    /// The work is not done; the answer is the service's own way to say "slow down".
    Throttle,
    /// The same, and `Retry-After` says how long to wait.
    ThrottleFor {
        /// How long, in seconds.
        seconds: u64,
    },
    /// The work is done; half of the answer's body comes, then the connection is closed.
    CutBody,
    /// The work is not done; the connection is closed before a byte of an answer.
    Refuse,
    /// The connection is closed when so many bytes of the request's body have come. A registry keeps of them what the one that it plays would.
    CutRequest {
        /// How many bytes come.
        bytes: usize,
    },
}

fn one() -> u64 {
    1
}

impl Fault {
    /// A fault that strikes the first call of `operation` only.
    #[must_use]
    pub fn new(operation: &str, kind: FaultKind) -> Self {
        Self { operation: operation.to_owned(), nth: 1, times: 1, kind }
    }

    /// The same, but first struck is the `nth` matching call.
    #[must_use]
    pub fn at(self, nth: u64) -> Self {
        Self { nth, ..self }
    }

    /// The same, but `times` calls in a row are struck.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times, ..self }
    }

    fn matches(&self, operation: &str) -> bool {
        match self.operation.strip_suffix('*') {
            Some(prefix) => operation.starts_with(prefix),
            None => self.operation == operation,
        }
    }
}

/// A fault could not be read from its short form.
#[derive(Debug, PartialEq, Eq)]
pub struct ParseFaultError(String);

impl fmt::Display for ParseFaultError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "`{}` is not a fault: write OPERATION[#NTH][xTIMES]=KIND, for example `s3:PutObject#2=lost-response`; \
             kinds: latency:MILLISECONDS, lost-response, error-after:STATUS, error:STATUS:CODE, throttle[:SECONDS], cut-body, refuse, \
             cut-request:BYTES",
            self.0
        )
    }
}

impl std::error::Error for ParseFaultError {}

/// Reads the short form `OPERATION[#NTH][xTIMES]=KIND[:ARGUMENT]`.
impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseFaultError(text.to_owned());
        let (target, kind) = text.split_once('=').ok_or_else(error)?;
        let (operation, nth, times) = parse_target(target).ok_or_else(error)?;
        let kind = parse_kind(kind).ok_or_else(error)?;
        Ok(Self { operation: operation.to_owned(), nth, times, kind })
    }
}

fn parse_target(target: &str) -> Option<(&str, u64, u64)> {
    let Some((operation, calls)) = target.split_once('#') else {
        return (!target.is_empty()).then_some((target, 1, 1));
    };
    let (nth, times) = match calls.split_once('x') {
        Some((nth, times)) => (nth.parse().ok()?, times.parse().ok()?),
        None => (calls.parse().ok()?, 1),
    };
    (!operation.is_empty() && nth > 0).then_some((operation, nth, times))
}

fn parse_kind(text: &str) -> Option<FaultKind> {
    let (name, argument) = text.split_once(':').unwrap_or((text, ""));
    Some(match (name, argument) {
        ("latency", milliseconds) => FaultKind::Latency { milliseconds: milliseconds.parse().ok()? },
        ("lost-response", "") => FaultKind::LostResponse,
        ("error-after", status) => FaultKind::ErrorAfter { status: status.parse().ok()? },
        ("error", rest) => {
            let (status, code) = rest.split_once(':')?;
            FaultKind::Error { status: status.parse().ok()?, code: code.to_owned() }
        }
        ("throttle", "") => FaultKind::Throttle,
        ("throttle", seconds) => FaultKind::ThrottleFor { seconds: seconds.parse().ok()? },
        ("cut-body", "") => FaultKind::CutBody,
        ("refuse", "") => FaultKind::Refuse,
        ("cut-request", bytes) => FaultKind::CutRequest { bytes: bytes.parse().ok()? },
        _ => return None,
    })
}

/// All faults that are armed, and how often each operation was called since.
#[derive(Debug, Default)]
pub struct Faults {
    armed: Vec<(Fault, u64)>,
}

impl Faults {
    /// Arms one more fault. Its calls are counted from now on.
    pub fn arm(&mut self, fault: Fault) {
        self.armed.push((fault, 0));
    }

    /// Counts one call of `operation` and says what is to go wrong with it. The fault armed first wins.
    pub fn strike(&mut self, operation: &str) -> Option<FaultKind> {
        let mut struck = None;
        for (fault, calls) in self.armed.iter_mut().filter(|(fault, _)| fault.matches(operation)) {
            *calls += 1;
            let due = *calls >= fault.nth && *calls < fault.nth + fault.times;
            if due && struck.is_none() {
                struck = Some(fault.kind.clone());
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_names_operation_call_and_kind() {
        let cases = [
            ("s3:PutObject=lost-response", Fault::new("s3:PutObject", FaultKind::LostResponse)),
            ("ecs:*#3x2=throttle", Fault::new("ecs:*", FaultKind::Throttle).at(3).times(2)),
            ("*=cut-request:7", Fault::new("*", FaultKind::CutRequest { bytes: 7 })),
            ("*=throttle:7", Fault::new("*", FaultKind::ThrottleFor { seconds: 7 })),
            ("*=latency:250", Fault::new("*", FaultKind::Latency { milliseconds: 250 })),
            (
                "s3:PutObject#1=error:409:ConditionalRequestConflict",
                Fault::new("s3:PutObject", FaultKind::Error { status: 409, code: "ConditionalRequestConflict".into() }),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_fault_is_refused() {
        for text in
            ["", "s3:PutObject", "=throttle", "a#0=throttle", "a#x=throttle", "a=latency", "a=explode", "a=error:409"]
        {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_fault_strikes_its_nth_call_and_no_other() {
        let mut faults = Faults::default();
        faults.arm(Fault::new("ecs:UpdateService", FaultKind::Throttle).at(2));
        let strikes: Vec<bool> = (0..4).map(|_| faults.strike("ecs:UpdateService").is_some()).collect();
        assert_eq!(strikes, [false, true, false, false]);
        assert_eq!(faults.strike("ecs:DescribeServices"), None);
    }
}
