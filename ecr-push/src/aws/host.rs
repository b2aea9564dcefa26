//! The names of ECR's registries: which account and region a host belongs to. Pure.

/// A registry of ECR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EcrHost {
    /// The account's number.
    pub(crate) account: String,
    /// The region.
    pub(crate) region: String,
}

/// The domains under which AWS serves, partition by partition, dual-stack ones included.
///
/// Source: Amazon ECR user guide, private registry and dual-stack endpoints.
const DOMAINS: [&str; 6] =
    ["amazonaws.com", "amazonaws.com.cn", "on.aws", "on.amazonwebservices.com.cn", "c2s.ic.gov", "sc2s.sgov.gov"];

impl EcrHost {
    /// Reads `ACCOUNT.dkr.ecr.REGION.amazonaws.com` and its FIPS and dual-stack forms.
    pub(crate) fn of(host: &str) -> Option<Self> {
        let (account, rest) = host.split_once('.')?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let forms = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."];
        let rest = forms.iter().find_map(|form| rest.strip_prefix(form)).filter(|_| is_account)?;
        let (region, domain) = rest.split_once('.')?;
        let is_region = region.contains('-') && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_known = is_region && DOMAINS.contains(&domain);
        is_known.then(|| Self { account: account.to_owned(), region: region.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_ecr_tells_account_and_region() {
        for (host, region) in [
            ("123456789012.dkr.ecr.eu-central-1.amazonaws.com", "eu-central-1"),
            ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1"),
        ] {
            let expected = EcrHost { account: "123456789012".to_owned(), region: region.to_owned() };
            assert_eq!(EcrHost::of(host), Some(expected), "{host}");
        }
    }

    #[test]
    fn another_host_is_none_of_ecrs() {
        for host in [
            "ghcr.io",
            "127.0.0.1:5000",
            "public.ecr.aws",
            "123.dkr.ecr.eu-central-1.amazonaws.com",
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example",
            "123456789012.dkr.ecr.eu-central-1.example.com",
            "123456789012.dkr.ecr..amazonaws.com",
        ] {
            assert_eq!(EcrHost::of(host), None, "{host}");
        }
    }
}
