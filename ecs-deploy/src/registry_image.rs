//! An image in ECR, as its reference names it. Pure.

use crate::image_reference::ImageReference;

/// An image in ECR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryImage {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The repository.
    pub repository: String,
    /// By tag.
    pub tag: Option<String>,
    /// By digest, which wins.
    pub digest: Option<String>,
}

/// Reads `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY[:TAG][@DIGEST]`; `None` if the image lies elsewhere.
///
/// Source: ECR user guide, private registries; FIPS and dual-stack endpoints.
#[must_use]
pub fn read(image: &ImageReference) -> Option<RegistryImage> {
    let text = image.as_str();
    let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest.to_owned())));
    let (host, path) = name.split_once('/')?;
    let labels: Vec<&str> = host.split('.').collect();
    let [account, dkr, ecr, region, domain, ..] = labels.as_slice() else { return None };
    let is_ecr = match *dkr {
        "dkr" => ["ecr", "ecr-fips"].contains(ecr) && *domain == "amazonaws",
        // `ACCOUNT.dkr-ecr.REGION.on.aws` is the dual-stack name.
        "dkr-ecr" | "dkr-ecr-fips" => *region == "on" && *domain == "aws",
        _ => false,
    };
    if !is_ecr || account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let region = if *dkr == "dkr" { region } else { ecr };
    let (repository, tag) = path.split_once(':').map_or((path, None), |(path, tag)| (path, Some(tag.to_owned())));
    Some(RegistryImage {
        account: (*account).to_owned(),
        region: (*region).to_owned(),
        repository: repository.to_owned(),
        tag,
        digest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecr_is_told_from_other_registries() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let read = |text: &str| read(&text.parse().unwrap());
        let image = read(&format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/web:1@{digest}")).unwrap();
        assert_eq!((image.account.as_str(), image.region.as_str()), ("123456789012", "eu-central-1"));
        assert_eq!((image.repository.as_str(), image.tag.as_deref()), ("team/web", Some("1")));
        assert_eq!(image.digest, Some(digest));
        for text in
            ["123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/web:1", "123456789012.dkr-ecr.us-east-1.on.aws/web:1"]
        {
            assert_eq!(read(text).unwrap().region, "us-east-1", "{text}");
        }
        for text in ["nginx:1", "public.ecr.aws/nginx/nginx:1", "127.0.0.1:5000/web:1", "1.dkr.ecr.r.amazonaws.com/web"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
