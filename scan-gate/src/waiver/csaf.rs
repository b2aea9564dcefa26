//! CSAF 2.0, as a VEX document or any other.
//!
//! `known_not_affected` and `fixed` silence; `known_affected`, `first_affected`, `last_affected` and `under_investigation` affirm. A product is
//! known by the package URL that the product tree gives it. A component of another product is followed if that product is the image; else
//! only as far as its package URL has a version and the status is not `known_not_affected`: a fix is in the package wherever it lies, but that
//! something is not affected may be for the other product's sake. A draft silences nothing.
//!
//! Source: OASIS, Common Security Advisory Framework 2.0, sections 3.2.2 and 3.2.3.

use std::collections::HashMap;

use contract::time::moment;
use serde::Deserialize;

use super::file::{WaiverError, WaiverFile, one_line};
use super::product::{Followed, Product};
use super::{Effect, Origin, Pattern, Subject, Waiver};
use crate::json::Json;

const DOCUMENT: [&str; 3] = ["document", "product_tree", "vulnerabilities"];

pub(super) fn read(name: &str, json: &mut Json) -> Result<WaiverFile, WaiverError> {
    let (mut about, mut tree, mut vulnerabilities) = (None, Tree::default(), None);
    json.object(|json, member| {
        match member {
            "document" => about = Some(json.value::<About>()?),
            "product_tree" => tree = json.value::<Option<_>>()?.unwrap_or_default(),
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
    let about = about.ok_or_else(|| wrong("it has no `document`"))?;
    if about.csaf_version != "2.0" {
        return Err(wrong(&format!("its `csaf_version` is `{}`: 2.0 is read", about.csaf_version)));
    }
    let vulnerabilities = vulnerabilities.ok_or_else(|| wrong("it has no `vulnerabilities`"))?;
    let products = Products::of(tree).map_err(|cause| wrong(&cause))?;
    let tracking = about.tracking.ok_or_else(|| wrong("it has no `tracking`"))?;
    let stated_at = tracking.current_release_date.as_deref().map(moment).transpose().map_err(|cause| wrong(&cause))?;
    let is_draft = !["final", "interim"].contains(&tracking.status.as_str());
    let mut file = WaiverFile::default();
    for (index, vulnerability) in vulnerabilities.into_iter().enumerate() {
        let origin = Origin { file: name.to_owned(), format: "csaf", place: format!("vulnerability {}", index + 1) };
        vulnerability.settle(&products, is_draft, &Waiver { stated_at, ..Waiver::at(origin) }, &mut file);
    }
    if file.waivers.is_empty() {
        file.notes.push("it names nothing".to_owned());
    }
    Ok(file)
}

#[derive(Deserialize)]
struct About {
    csaf_version: String,
    tracking: Option<Tracking>,
}

#[derive(Deserialize)]
struct Tracking {
    current_release_date: Option<String>,
    status: String,
}

#[derive(Default, Deserialize)]
struct Tree {
    branches: Option<Vec<Branch>>,
    full_product_names: Option<Vec<FullName>>,
    relationships: Option<Vec<Relationship>>,
}

#[derive(Deserialize)]
struct Branch {
    branches: Option<Vec<Self>>,
    product: Option<FullName>,
}

#[derive(Deserialize)]
struct FullName {
    product_id: String,
    product_identification_helper: Option<Helper>,
}

#[derive(Deserialize)]
struct Helper {
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Relationship {
    product_reference: String,
    relates_to_product_reference: String,
    full_product_name: FullName,
}

/// The products by their ids.
#[derive(Default)]
struct Products {
    purls: HashMap<String, Option<String>>,
    /// A component, and the product that it is in.
    parts: HashMap<String, (String, String)>,
}

impl Products {
    fn of(tree: Tree) -> Result<Self, String> {
        let mut products = Self::default();
        let mut names = tree.full_product_names.unwrap_or_default();
        let mut branches = tree.branches.unwrap_or_default();
        while let Some(branch) = branches.pop() {
            branches.extend(branch.branches.into_iter().flatten());
            names.extend(branch.product);
        }
        for part in tree.relationships.into_iter().flatten() {
            let pair = (part.product_reference, part.relates_to_product_reference);
            let id = part.full_product_name.product_id.clone();
            names.push(part.full_product_name);
            if products.parts.insert(id.clone(), pair).is_some() {
                return Err(format!("the product `{id}` is defined twice"));
            }
        }
        for name in names {
            let purl = name.product_identification_helper.and_then(|helper| helper.purl);
            if products.purls.insert(name.product_id.clone(), purl).is_some() {
                return Err(format!("the product `{}` is defined twice", name.product_id));
            }
        }
        Ok(products)
    }

    fn product(&self, id: &str) -> Result<Product, String> {
        match self.purls.get(id) {
            Some(Some(purl)) => Product::of(purl),
            Some(None) => Err(format!("the product `{id}` has no package URL")),
            None => Err(format!("the product `{id}` is not in the product tree")),
        }
    }

    /// What a product id stands for. `is_in_package`: the status is one of the package itself, wherever it lies.
    fn subject(&self, id: &str, is_in_package: bool) -> Result<Subject, String> {
        let Some((part, whole)) = self.parts.get(id) else { return self.product(id).map(|product| product.subject()) };
        // A relationship may have a package URL of its own, which is the component's.
        let part = self.product(part).or_else(|why| self.product(id).map_err(|_| why))?;
        match (self.product(whole), &part) {
            (Ok(image @ Product::Image(_)), _) => image.part(&part),
            (_, Product::Package(purl)) if is_in_package && !purl.version.is_empty() => Ok(part.subject()),
            _ => Err(format!("`{id}` is in `{whole}`, and that this is what was scanned cannot be told")),
        }
    }
}

#[derive(Deserialize)]
struct Vulnerability {
    cve: Option<String>,
    ids: Option<Vec<Id>>,
    product_status: Option<Status>,
    flags: Option<Vec<Flag>>,
    threats: Option<Vec<Threat>>,
}

#[derive(Deserialize)]
struct Id {
    text: String,
}

/// All that the schema knows. Another list might take one of these back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    known_not_affected: Option<Vec<String>>,
    fixed: Option<Vec<String>>,
    known_affected: Option<Vec<String>>,
    first_affected: Option<Vec<String>>,
    last_affected: Option<Vec<String>>,
    under_investigation: Option<Vec<String>>,
    #[serde(rename = "first_fixed")]
    _first_fixed: Option<Vec<String>>,
    #[serde(rename = "recommended")]
    _recommended: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Flag {
    label: String,
}

#[derive(Deserialize)]
struct Threat {
    category: String,
    details: Option<String>,
}

impl Vulnerability {
    fn settle(self, products: &Products, is_draft: bool, base: &Waiver, file: &mut WaiverFile) {
        let Some(status) = self.product_status else { return };
        let names = self.cve.into_iter().chain(self.ids.into_iter().flatten().map(|id| id.text));
        let names = names.filter(|name| !name.trim().is_empty()).map(|name| Pattern::Exact(name.trim().to_owned()));
        let ids: Vec<_> = names.collect();
        let mut why: Vec<String> = self.flags.into_iter().flatten().map(|flag| flag.label).collect();
        let impacts = self.threats.into_iter().flatten().filter(|threat| threat.category == "impact");
        why.extend(impacts.filter_map(|threat| threat.details).map(|details| one_line(&details)));
        why.dedup();
        let lists = [
            ("known_not_affected", status.known_not_affected, Effect::Silences),
            ("fixed", status.fixed, Effect::Silences),
            ("known_affected", status.known_affected, Effect::Affirms),
            ("first_affected", status.first_affected, Effect::Affirms),
            ("last_affected", status.last_affected, Effect::Affirms),
            ("under_investigation", status.under_investigation, Effect::Affirms),
        ];
        for (word, list, effect) in lists {
            let Some(list) = list.filter(|list| !list.is_empty()) else { continue };
            let mut waiver = Waiver { ids: ids.clone(), ..base.clone() };
            waiver.origin.place = format!("{}, {word}", waiver.origin.place);
            word.clone_into(&mut waiver.reason);
            if word == "known_not_affected" && !why.is_empty() {
                waiver.reason = format!("{word}: {}", why.join(", "));
            }
            let mut followed = Followed::default();
            for id in &list {
                followed.add(products.subject(id, word != "known_not_affected"));
            }
            let effect = match effect {
                Effect::Silences if is_draft => Effect::Void("the document is a draft".to_owned()),
                effect => effect,
            };
            followed.settle(waiver, effect, file);
        }
    }
}

#[cfg(test)]
mod tests;
