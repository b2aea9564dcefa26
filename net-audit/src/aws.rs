//! The only room that talks to AWS: it reads accounts, and writes down what they say as the AWS CLI would. No decisions.
//!
//! At most 20 calls a region, whatever is in it: pages, further prefix lists, and what is asked once an account (who it is, its hosted zones) apart.

mod account;
mod answer;
mod caller;
mod models;
mod operation;
mod references;
mod region;
mod shape;
mod shapes;
mod traffic;

use std::sync::Arc;

use contract::Session;
use contract::aws::CallError;
use contract::policy::Statement;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::account::Account;
use self::region::Seen;
use crate::request::live::Live;
use crate::snapshot::capture::Capture;

/// Regions that are looked at at the same time, over all accounts.
const REGIONS_AT_A_TIME: usize = 4;
/// Without one of these there is no snapshot: the first tells why.
const ESSENTIAL: [&str; 3] = ["Vpcs", "Subnets", "RouteTables"];

/// Takes a snapshot of accounts. What cannot be seen is left out, and said to be.
///
/// # Errors
/// No region is known, or no network can be seen anywhere.
pub async fn observe(live: &Live, session: &Session) -> Result<Capture, CallError> {
    let now = Timestamp::now();
    let permits = Arc::new(Semaphore::new(REGIONS_AT_A_TIME));
    let mut looks = JoinSet::new();
    for (place, entrance) in live.accounts.iter().enumerate() {
        let account = Account::enter(entrance, live, session).await?;
        let permits = Arc::clone(&permits);
        looks.spawn(async move { (place, account.see(permits, now).await) });
    }
    let mut accounts = looks.join_all().await;
    accounts.sort_by_key(|(place, _)| *place);
    let everywhere: Vec<&Seen> = accounts.iter().flat_map(|(_, (_, seen))| seen).collect();
    if let Some(error) = blind(&everywhere) {
        return Err(error.clone());
    }
    let regions = accounts
        .into_iter()
        .flat_map(|(_, (id, seen))| seen.into_iter().map(move |seen| seen.of_account(id.clone())))
        .collect();
    Ok(Capture::new(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), regions))
}

/// Why nothing essential can be seen anywhere; `None` if something can.
fn blind<'a>(regions: &[&'a Seen]) -> Option<&'a CallError> {
    let shows = |region: &&Seen| ESSENTIAL.iter().any(|member| region.member(member).is_some());
    if regions.iter().any(shows) {
        return None;
    }
    let of = |member| {
        let mut failures = regions.iter().flat_map(|region| &region.failures);
        failures.find(|failure| failure.members.contains(member))
    };
    ESSENTIAL.iter().find_map(of).map(|failure| &failure.error)
}

/// The least policy: one of reading, and one of taking on the roles.
#[must_use]
pub fn permissions(live: &Live) -> Vec<Statement> {
    let actions: Vec<&str> = region::actions().chain(account::actions()).collect();
    let mut statements = vec![Statement::allow(&actions, &["*".to_owned()])];
    let roles: Vec<String> = live.accounts.iter().filter_map(|entrance| entrance.role.clone()).collect();
    if !roles.is_empty() {
        statements.push(Statement::allow(&["sts:AssumeRole"], &roles));
    }
    statements
}
