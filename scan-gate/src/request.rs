//! From what was typed, piped and written down to what is asked.

use std::path::{Path, PathBuf};

use contract::requirement;
use contract::{Digest, Input};

use crate::cli::Arguments;
use crate::error::Error;
use crate::policy::{Policy, PolicyFile};
use crate::reader::{FORMATS, Format};

/// What is asked.
#[derive(Debug)]
pub struct Request {
    /// Where the reports are.
    pub reports: Vec<ReportSource>,
    /// The format that all of them have; `None` if each is recognised.
    pub format: Option<&'static Format>,
    /// What is asked of them.
    pub policy: Policy,
    /// The digests of the image that they must be about; empty if it is not known.
    pub expected_image: Vec<Digest>,
    /// Where else to look.
    pub consulted: Consulted,
    /// The id to explain.
    pub explain: Option<String>,
}

/// Files that are consulted beside the reports.
#[derive(Debug, Default)]
pub struct Consulted {
    /// Waivers in any format.
    pub waivers: Vec<PathBuf>,
    /// The catalog of known exploited vulnerabilities.
    pub known_exploited: Option<PathBuf>,
    /// The exploit predictions.
    pub exploit_prediction: Option<PathBuf>,
    /// An earlier verdict or report.
    pub baseline: Option<PathBuf>,
}

/// Where reports are.
#[derive(Debug)]
pub enum ReportSource {
    /// A file.
    File(PathBuf),
    /// Standard input.
    StandardInput {
        /// What was read of it.
        beginning: Vec<u8>,
        /// Whether there is more.
        unread: bool,
    },
}

/// The sections of a release document that `--require` may name; whatever else it names is a scanner.
const SECTIONS: [&str; 5] = ["push", "scan", "network", "lock", "deployment"];

impl Request {
    /// Resolves arguments, policy file and input. Paths in the policy file start at its folder.
    ///
    /// # Errors
    /// There is no report, standard input is named twice, the release document's image has the wrong shape, or `--require` is not met.
    pub fn resolve(arguments: Arguments, file: PolicyFile, input: Input) -> Result<Self, Error> {
        let image = input.document.as_ref().map(contract::Document::image).transpose()?.flatten();
        let carried: Vec<Digest> = image.iter().flat_map(|image| image.names().cloned()).collect();
        let (sections, scanners): (Vec<String>, Vec<String>) =
            arguments.common.require.iter().cloned().partition(|name| SECTIONS.contains(&name.as_str()));
        requirement::check(input.document.as_ref(), &sections, &carried)?;
        let folder = arguments.policy.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        let beside = |path: String| folder.join(path);
        let waivers: Vec<PathBuf> = file.waivers.unwrap_or_default().into_iter().map(beside).collect();
        let expected = [arguments.expect_image, file.expect_image.unwrap_or_default(), carried];
        let defaults = Policy::default();
        let policy = Policy {
            fail_on: arguments.fail_on.or(file.fail_on).unwrap_or(defaults.fail_on),
            max: arguments.max.or(file.max).unwrap_or_default(),
            cvss: arguments.cvss.or(file.cvss),
            fixable_only: arguments.fixable_only || file.fixable_only.unwrap_or_default(),
            unknown: arguments.unknown.or(file.unknown).unwrap_or_default(),
            severity_from: arguments.severity_from.or(file.severity_from).unwrap_or_default(),
            scanners: [scanners, file.require.unwrap_or_default()].concat(),
            max_age: arguments.max_age.or(file.max_age),
            epss_at_least: arguments.epss_at_least.or(file.epss_at_least),
        };
        Ok(Self {
            reports: sources(arguments.reports, input.foreign, input.unread)?,
            format: arguments.format.and_then(|name| FORMATS.iter().find(|format| format.name == name)),
            policy,
            expected_image: expected.into_iter().find(|digests| !digests.is_empty()).unwrap_or_default(),
            consulted: Consulted {
                waivers: if arguments.waivers.is_empty() { waivers } else { arguments.waivers },
                known_exploited: arguments.kev.or(file.kev.map(beside)),
                exploit_prediction: arguments.epss.or(file.epss.map(beside)),
                baseline: arguments.baseline.or(file.baseline.map(beside)),
            },
            explain: arguments.explain,
        })
    }
}

fn sources(named: Vec<PathBuf>, foreign: Option<Vec<u8>>, unread: bool) -> Result<Vec<ReportSource>, Error> {
    let mut standard_input = foreign.map(|beginning| ReportSource::StandardInput { beginning, unread });
    if named.is_empty() {
        return standard_input.map(|source| vec![source]).ok_or(Error::NoReport);
    }
    let source = |path: PathBuf| {
        if path.as_os_str() == "-" {
            standard_input.take().ok_or(Error::NoReport)
        } else {
            Ok(ReportSource::File(path))
        }
    };
    named.into_iter().map(source).collect()
}
