//! ECR's quotas of calls a second, counted by the clock of the local AWS.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Calls a second, by the operation of the control plane; the registry's request that counts as the same stands beside
/// it. Source: ECR user guide, "Amazon ECR service quotas".
const QUOTAS: [(&str, &str, u64); 7] = [
    ("GetAuthorizationToken", "", 500),
    ("BatchCheckLayerAvailability", "HeadBlob", 1000),
    ("InitiateLayerUpload", "StartUpload", 100),
    ("UploadLayerPart", "PatchUpload", 500),
    ("CompleteLayerUpload", "FinishUpload", 100),
    ("PutImage", "PutManifest", 10),
    ("BatchGetImage", "GetManifest", 2000),
];

/// The calls of the current second.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    second: i64,
    calls: BTreeMap<&'static str, u64>,
}

impl Rates {
    /// Counts a call and says whether it is within its quota. What has no quota always is.
    pub(crate) fn admit(&mut self, operation: &str, now: Timestamp) -> bool {
        if self.second != now.as_second() {
            self.second = now.as_second();
            self.calls.clear();
        }
        let quota = QUOTAS.iter().find(|(control, registry, _)| *control == operation || *registry == operation);
        let Some((name, _, limit)) = quota else {
            return true;
        };
        let calls = self.calls.entry(name).or_default();
        *calls += 1;
        *calls <= *limit
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn both_doors_to_an_action_share_its_quota_and_a_new_second_brings_a_new_one() {
        let mut rates = Rates::default();
        let now = Timestamp::UNIX_EPOCH;
        let mut admitted = |operation, now| rates.admit(operation, now);
        assert!((0..5).all(|_| admitted("PutImage", now)));
        assert!((0..5).all(|_| admitted("PutManifest", now)));
        assert!(!admitted("PutManifest", now));
        assert!(admitted("ListTags", now));
        assert!(admitted("PutImage", now + SignedDuration::from_secs(1)));
    }
}
