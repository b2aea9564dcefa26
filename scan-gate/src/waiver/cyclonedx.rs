//! CycloneDX as VEX: the vulnerabilities of a BOM that have an analysis.
//!
//! `not_affected`, `false_positive`, `resolved` and `resolved_with_pedigree` silence, `exploitable` and `in_triage` affirm. What is affected is
//! named by a package URL, or by the `bom-ref` of a component in the same BOM that has one; another BOM cannot be followed. Versions narrow
//! down: single ones are followed, ranges are not. A statement is as old as its analysis, else as the BOM; `updated` and `published` are
//! dates of the vulnerability's record, often years older: for want of those they stand in for what silences, which then gives way to all else.
//!
//! Source: CycloneDX/specification, `bom-1.6.schema.json`.

use std::collections::HashMap;

use contract::time::moment;
use serde::Deserialize;

use super::file::{WaiverError, WaiverFile, one_line};
use super::product::{Followed, Product};
use super::{Effect, Origin, Pattern, Subject, Waiver};
use crate::json::Json;

const DOCUMENT: [&str; 7] =
    ["bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "vulnerabilities"];

pub(super) fn read(name: &str, json: &mut Json) -> Result<WaiverFile, WaiverError> {
    let mut bom = Bom::default();
    let mut spec = String::new();
    let mut timestamp = None;
    let mut vulnerabilities = None;
    json.object(|json, member| {
        match member {
            "specVersion" => spec = json.value()?,
            "serialNumber" => bom.serial = json.value()?,
            "metadata" => {
                let metadata = json.value::<Option<Metadata>>()?.unwrap_or_default();
                timestamp = metadata.timestamp;
                bom.components.extend(metadata.component);
            }
            "components" => json.list_or_null(|json| {
                bom.components.push(json.value()?);
                Ok(())
            })?,
            "vulnerabilities" => {
                let found = vulnerabilities.insert(Vec::new());
                json.list(|json| {
                    found.push(json.value::<Vulnerability>()?);
                    Ok(())
                })?;
            }
            _ => json.skip_unknown(member, &DOCUMENT)?,
        }
        Ok(())
    })?;
    let wrong = |cause: &str| WaiverError::wrong("document", cause);
    if !spec.starts_with("1.") {
        return Err(wrong(&format!("its `specVersion` is `{spec}`: 1.4 and later are read")));
    }
    let vulnerabilities = vulnerabilities.ok_or_else(|| wrong("it has no `vulnerabilities`: it is no VEX"))?;
    let components = bom.by_reference().map_err(|cause| wrong(&cause))?;
    let mut file = WaiverFile::default();
    let mut unsaid = 0;
    for (index, vulnerability) in vulnerabilities.into_iter().enumerate() {
        let place = format!("vulnerability {}", index + 1);
        let origin = Origin { file: name.to_owned(), format: "cyclonedx", place: place.clone() };
        match vulnerability.settle(&components, timestamp.as_deref(), Waiver::at(origin), &mut file) {
            Ok(true) => {}
            Ok(false) => unsaid += 1,
            Err(cause) => return Err(WaiverError::wrong(place, cause)),
        }
    }
    if unsaid > 0 {
        file.notes.push(format!("{unsaid} of its vulnerabilities have no analysis, which says nothing"));
    }
    if file.waivers.is_empty() && unsaid == 0 {
        file.notes.push("it names nothing".to_owned());
    }
    Ok(file)
}

#[derive(Default)]
struct Bom {
    serial: Option<String>,
    components: Vec<Component>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    timestamp: Option<String>,
    component: Option<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
    purl: Option<String>,
    components: Option<Vec<Self>>,
}

/// The components of a BOM by their references.
struct Components {
    serial: Option<String>,
    purls: HashMap<String, Option<String>>,
}

impl Bom {
    fn by_reference(self) -> Result<Components, String> {
        let mut purls = HashMap::new();
        let mut components = self.components;
        while let Some(component) = components.pop() {
            components.extend(component.components.into_iter().flatten());
            let Some(reference) = component.reference else { continue };
            if let Some(before) = purls.insert(reference.clone(), component.purl.clone())
                && before != component.purl
            {
                return Err(format!("two components have the `bom-ref` `{reference}`"));
            }
        }
        let serial = self.serial.map(|serial| serial.trim_start_matches("urn:uuid:").to_ascii_lowercase());
        Ok(Components { serial, purls })
    }
}

impl Components {
    /// What a reference names: `product`, `pkg:…`, or `urn:cdx:serial/version#product`.
    fn product(&self, reference: &str) -> Result<Product, String> {
        let link = reference.strip_prefix("urn:cdx:").or_else(|| reference.strip_prefix("urn:uuid:"));
        let inner = match link.and_then(|link| link.split_once('#')) {
            Some((bom, inner)) => {
                let serial = bom.split('/').next().unwrap_or_default().to_ascii_lowercase();
                if self.serial.as_ref() != Some(&serial) {
                    return Err(format!("`{reference}` is in another BOM"));
                }
                inner
            }
            None => reference,
        };
        match self.purls.get(inner) {
            Some(Some(purl)) => Product::of(purl),
            None if inner.starts_with("pkg:") => Product::of(inner),
            Some(None) => Err(format!("the component `{inner}` has no package URL")),
            None => Err(format!("`{inner}` is neither a component of the BOM nor a package URL")),
        }
    }
}

#[derive(Deserialize)]
struct Vulnerability {
    id: Option<String>,
    references: Option<Vec<Reference>>,
    published: Option<String>,
    updated: Option<String>,
    analysis: Option<Analysis>,
    affects: Option<Vec<Affected>>,
}

/// The same vulnerability elsewhere.
#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis {
    state: Option<String>,
    justification: Option<String>,
    detail: Option<String>,
    first_issued: Option<String>,
    last_updated: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref")]
    reference: String,
    versions: Option<Vec<Version>>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "version")]
    single: Option<String>,
    range: Option<String>,
    status: Option<String>,
}

impl Vulnerability {
    /// Puts what is said into the file; says whether anything is.
    fn settle(
        self,
        components: &Components,
        of_bom: Option<&str>,
        mut waiver: Waiver,
        file: &mut WaiverFile,
    ) -> Result<bool, String> {
        let Some(Analysis { state: Some(state), justification, detail, first_issued, last_updated }) = self.analysis
        else {
            return Ok(false);
        };
        let effect = match &*state {
            "not_affected" | "false_positive" | "resolved" | "resolved_with_pedigree" => Effect::Silences,
            "exploitable" | "in_triage" => Effect::Affirms,
            other => return Err(format!("its state `{other}` is not known")),
        };
        let names =
            self.id.into_iter().chain(self.references.into_iter().flatten().filter_map(|reference| reference.id));
        waiver.ids =
            names.filter(|name| !name.trim().is_empty()).map(|name| Pattern::Exact(name.trim().to_owned())).collect();
        let of_record = [self.updated, self.published].into_iter().flatten().filter(|_| effect == Effect::Silences);
        let mut times = [last_updated, first_issued, of_bom.map(str::to_owned)].into_iter().flatten().chain(of_record);
        waiver.stated_at = times.next().as_deref().map(moment).transpose()?;
        let said = [Some(state), justification, detail].into_iter().flatten();
        let said = said.map(|text| one_line(&text)).filter(|text| !text.is_empty());
        waiver.reason = said.collect::<Vec<_>>().join(": ");
        let mut followed = Followed::default();
        for affected in self.affects.into_iter().flatten() {
            match components.product(&affected.reference) {
                Ok(product) => follow(&product.subject(), affected.versions, effect == Effect::Affirms, &mut followed),
                Err(why) => followed.lost.push(why),
            }
        }
        followed.settle(waiver, effect, file);
        Ok(true)
    }
}

/// Narrows a component down to its versions. What affirms is about all of them if one cannot be told.
fn follow(component: &Subject, versions: Option<Vec<Version>>, affirms: bool, followed: &mut Followed) {
    let versions = versions.unwrap_or_default();
    let is_plain = |version: &Version| version.single.is_some() && version.range.is_none();
    if versions.is_empty() || (affirms && !versions.iter().all(is_plain)) {
        return followed.subjects.push(component.clone());
    }
    for version in versions {
        let Version { single, range, status } = version;
        match (single, range, status.as_deref().unwrap_or("affected")) {
            (_, _, "unaffected") if affirms => {}
            (_, _, "unknown") if !affirms => followed.lost.push("a version whose status is unknown".to_owned()),
            (Some(single), None, _) => followed.subjects.push(Subject { version: Some(single), ..component.clone() }),
            (_, Some(range), _) => followed.lost.push(format!("the range `{range}`, which is not followed")),
            (None, None, _) => followed.lost.push("a version that is not named".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
