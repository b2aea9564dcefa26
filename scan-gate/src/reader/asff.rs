//! Findings in the AWS Security Finding Format, schema 2018-10-08: Security Hub's answer to `GetFindings` (`aws securityhub get-findings`), what is
//! written to be imported there, such as by Trivy's template `asff.tpl`, and bare lists of findings.
//!
//! `INFORMATIONAL` by Trivy's template is no severity: it stands there for `UNKNOWN`. An older one writes `Normalized` alone, and 0 for `UNKNOWN`.
//! Security Hub lists controls that are met too: a finding whose `Compliance` is `PASSED` is none. An empty list is not recognised, for it could be
//! anything; who knows what it is can name the format.
//!
//! Source: the API's model, `securityhub/2018-10-26`, `AwsSecurityFinding`; aquasecurity/trivy, `contrib/asff.tpl`.

mod finding;

use self::finding::AsffFinding;
use super::aws::{self, Common};
use super::{Format, ReadError};
use crate::inspection::{Inspection, Part};
use crate::json::{Json, Outline};

/// Security Hub's findings.
pub const FORMAT: Format = Format { name: "asff", claims, read };

const ANSWER: [&str; 2] = ["Findings", "NextToken"];

fn claims(outline: &Outline) -> bool {
    let members = ["SchemaVersion", "ProductArn"];
    outline.has_list_of("Findings", &members) || outline.is_list_of(&members)
}

#[derive(Default)]
struct Listed {
    common: Common,
    products: Vec<String>,
    count: usize,
    passed: usize,
    served: bool,
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut listed = Listed::default();
    let mut has_findings = false;
    let mut more = false;
    if json.peek()? == b'[' {
        json.list(|json| listed.add(json, inspection))?;
        has_findings = true;
    } else {
        json.object(|json, name| {
            match name {
                "Findings" => {
                    has_findings = true;
                    json.list_or_null(|json| listed.add(json, inspection))?;
                }
                "NextToken" => more = aws::follows(json.value::<Option<String>>()?.as_ref()),
                _ => json.skip_unknown(name, &ANSWER)?,
            }
            Ok(())
        })?;
    }
    if !has_findings {
        return Err(ReadError::NoProof("it has no `Findings`".to_owned()));
    }
    listed.finish(more, inspection);
    Ok(())
}

impl Listed {
    fn add(&mut self, json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
        let found: AsffFinding = json.value()?;
        found.check()?;
        self.count += 1;
        self.served |= found.is_served();
        found.add_to(&mut self.common);
        let product = found.product();
        if !self.products.contains(&product) {
            self.products.push(product);
        }
        if inspection.created_at.is_none() {
            inspection.created_at = found.written_at();
        }
        if found.is_passed() {
            self.passed += 1;
            return Ok(());
        }
        found.push_to(inspection)
    }

    fn finish(self, more: bool, inspection: &mut Inspection) {
        self.common.tell(inspection);
        if let [product] = &self.products[..] {
            inspection.scanner.clone_from(product);
        }
        if self.passed > 0 {
            inspection.notes.push(format!("{} controls are met", self.passed));
        }
        if self.count == 0 && !more {
            inspection
                .notes
                .push("it lists nothing: Security Hub answers so also if its filter fits nothing".to_owned());
        }
        // What was written to a file comes in no pages.
        if more || self.served {
            let list = format!("findings of {}", inspection.target.as_deref().unwrap_or("several resources"));
            inspection.part = Part::Chain { list, more, count: self.count, total: None };
        }
    }
}

#[cfg(test)]
mod tests;
