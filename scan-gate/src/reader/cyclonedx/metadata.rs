//! What a bill says of itself: when it was made, by what, and of what.

use contract::Digest;
use serde::Deserialize;

use super::component::{Components, decoded};
use crate::inspection::Inspection;
use crate::json::Json;
use crate::reader::ReadError;

#[derive(Deserialize)]
struct Tool {
    name: Option<String>,
    version: Option<String>,
}

/// Since 1.5.
#[derive(Deserialize)]
struct Tools {
    components: Option<Vec<Tool>>,
    services: Option<Vec<Tool>>,
}

#[derive(Deserialize)]
struct Hash {
    alg: Option<String>,
    content: Option<String>,
}

/// Reads `metadata`.
///
/// # Errors
/// It is none.
pub(super) fn read(json: &mut Json, inspection: &mut Inspection, components: &mut Components) -> Result<(), ReadError> {
    if json.peek()? == b'n' {
        return json.value::<()>();
    }
    json.object(|json, name| {
        match name {
            "timestamp" => inspection.created_at = json.value()?,
            "tools" => tools(json, inspection)?,
            "component" => component(json, inspection, components)?,
            _ => json.skip()?,
        }
        Ok(())
    })
}

/// With several tools, none of them is known to be the scanner.
fn tools(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let tools = match json.peek()? {
        b'[' => json.value::<Vec<Tool>>()?,
        b'{' => {
            let tools: Tools = json.value()?;
            tools.components.into_iter().flatten().chain(tools.services.into_iter().flatten()).collect()
        }
        _ => return json.skip(),
    };
    if let [Tool { name: Some(name), version }] = &tools[..]
        && !name.trim().is_empty()
    {
        inspection.scanner = name.trim().to_lowercase().replace(' ', "-");
        inspection.scanner_version.clone_from(version);
    }
    Ok(())
}

fn component(json: &mut Json, inspection: &mut Inspection, components: &mut Components) -> Result<(), ReadError> {
    if json.peek()? == b'n' {
        return json.value::<()>();
    }
    let mut kind = None;
    let mut hashes = None;
    let component = components.read(json, &mut inspection.pool, &mut |json, name| {
        match name {
            "type" => kind = json.value::<Option<String>>()?,
            "hashes" => hashes = json.value::<Option<Vec<Hash>>>()?,
            _ => json.skip()?,
        }
        Ok(())
    })?;
    let of_version: Option<Digest> = component.version.parse().ok();
    if !component.name.is_empty() {
        let is_told = component.version.is_empty() || of_version.is_some();
        let target =
            if is_told { component.name.to_string() } else { format!("{}@{}", component.name, component.version) };
        inspection.target = Some(target);
    }
    // The hash of anything else is not that of an image.
    let is_image = kind.as_deref() == Some("container");
    let of_hashes = hashes.iter().flatten().filter_map(Hash::digest).filter(|_| is_image);
    let digests = of_version.filter(|_| is_image).into_iter().chain(of_purl(&component.purl)).chain(of_hashes);
    for digest in digests {
        if !inspection.digests.contains(&digest) {
            inspection.digests.push(digest);
        }
    }
    Ok(())
}

/// That of an image: `pkg:oci/name@sha256%3A…`, `pkg:docker/name@sha256:…`.
fn of_purl(purl: &str) -> Option<Digest> {
    let rest = purl.strip_prefix("pkg:oci/").or_else(|| purl.strip_prefix("pkg:docker/"))?;
    let path = rest.split(['?', '#']).next()?;
    decoded(path.rsplit_once('@')?.1).parse().ok()
}

impl Hash {
    fn digest(&self) -> Option<Digest> {
        let content = self.content.as_ref().filter(|_| self.alg.as_deref() == Some("SHA-256"))?;
        format!("sha256:{}", content.to_lowercase()).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use crate::inspection::Inspection;
    use crate::reader::fixture;

    fn of(metadata: &str) -> Inspection {
        fixture::read(&format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","vulnerabilities":[],"metadata":{metadata}}}"#
        ))
    }

    #[test]
    fn one_tool_is_the_scanner_in_either_form() {
        let cases = [
            ("null", "cyclonedx", None),
            ("[]", "cyclonedx", None),
            (r#"[{"vendor":"anchore","name":"Grype","version":"0.7"}]"#, "grype", Some("0.7")),
            (r#"[{"name":"Docker Scout"}]"#, "docker-scout", None),
            (r#"[{"name":"a"},{"name":"b"}]"#, "cyclonedx", None),
            (r#"[{"vendor":"x"}]"#, "cyclonedx", None),
            (r#"{"components":[{"group":"aquasecurity","name":"trivy","version":"0.50"}]}"#, "trivy", Some("0.50")),
            (r#"{"services":[{"name":"snyk"}]}"#, "snyk", None),
            (r#"{"components":[{"name":"a"}],"services":[{"name":"b"}]}"#, "cyclonedx", None),
            ("{}", "cyclonedx", None),
        ];
        for (tools, scanner, version) in cases {
            let inspection = of(&format!(r#"{{"tools":{tools}}}"#));
            assert_eq!((&*inspection.scanner, inspection.scanner_version.as_deref()), (scanner, version), "{tools}");
        }
    }

    #[test]
    fn the_target_is_the_component_and_its_digest_that_of_an_image() {
        let hex = "a".repeat(64);
        let short = format!("web@sha256:{}", &hex[1..]);
        let image = |rest: &str| format!(r#"{{"type":"container","name":"web"{rest}}}"#);
        let hash = |hex: &str| {
            format!(r#","hashes":[{{"alg":"MD5","content":"{hex}"}},{{"alg":"SHA-256","content":"{hex}"}}]"#)
        };
        let cases = [
            ("null".to_owned(), None, 0),
            (r#"{"name":"web","version":"2","group":"org.acme"}"#.to_owned(), Some("org.acme/web@2"), 0),
            (image(&format!(r#","purl":"pkg:oci/web@sha256%3A{hex}?arch=amd64""#)), Some("web"), 1),
            (image(&format!(r#","version":"sha256:{hex}""#)), Some("web"), 1),
            (image(&format!(r#","version":"sha256:{}""#, &hex[1..])), Some(&*short), 0),
            (image(&hash(&hex.to_uppercase())), Some("web"), 1),
            (image(&hash(&hex)).replace("container", "application"), Some("web"), 0),
        ];
        for (component, target, digests) in cases {
            let inspection = of(&format!(r#"{{"component":{component}}}"#));
            assert_eq!((inspection.target.as_deref(), inspection.digests.len()), (target, digests), "{component}");
        }
    }
}
