//! Pages of a search. The server gives at most 500 a page and 10,000 in all, and SonarQube Cloud caps the total itself.

use serde::Deserialize;

use crate::inspection::Part;
use crate::reader::ReadError;

/// The server never gives more.
const CAP: usize = 10_000;

/// The page that an answer is.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Paging {
    page_index: Option<usize>,
    total: Option<usize>,
}

/// What an answer says about its pages, in the newer member and in the older ones.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// `paging`.
    pub paging: Option<Paging>,
    /// `p`.
    pub number: Option<usize>,
    /// `total`.
    pub total: Option<usize>,
}

impl Page {
    /// How many there are in all, as the answer says.
    pub(super) fn paging_total(&self) -> Option<usize> {
        self.paging.and_then(|paging| paging.total).or(self.total)
    }

    /// The part that `count` findings of a list are.
    ///
    /// # Errors
    /// The answer contradicts itself, or does not say how many there are.
    pub(super) fn part(&self, list: String, count: usize) -> Result<Part, ReadError> {
        let no_proof = |cause: String| Err(ReadError::NoProof(cause));
        let paging = self.paging.unwrap_or_default();
        let total = match (paging.total, self.total) {
            (Some(one), Some(other)) if one != other => {
                return no_proof(format!("it says that there are {one}, and that there are {other}"));
            }
            (Some(total), _) | (None, Some(total)) => total,
            (None, None) => return no_proof("it does not say how many there are".to_owned()),
        };
        let number = match (paging.page_index, self.number) {
            (Some(one), Some(other)) if one != other => {
                return no_proof(format!("it says that it is page {one}, and that it is page {other}"));
            }
            (one, other) => one.or(other).unwrap_or(1),
        };
        if count > total {
            return no_proof(format!("it lists {count} of {total}"));
        }
        if total == CAP {
            return no_proof(format!("there are {CAP} or more: the server gives no more than that"));
        }
        if count == total && number <= 1 {
            return Ok(Part::Whole);
        }
        Ok(Part::Page { list, number, count, total })
    }
}
