//! Whether a service runs the task definition that it has, when nothing about it is to be changed. Pure.

use crate::judge::judge;
use crate::service::Service;

/// The newest deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Its ARN.
    pub arn: String,
    /// ECS's status of it.
    pub status: String,
    /// Whether it rolls out the task definition that the service has.
    pub is_of_current: bool,
}

/// How the task definition of a service stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It serves: its deployment went through, or a failed one went back to it.
    Serves,
    /// Its deployment is under way, by ARN.
    UnderWay(String),
    /// Its deployment is under way, and ECS lists none.
    Unlisted,
    /// Its deployment failed, or another one is under way: it is to be deployed again. And why.
    Fallen(String),
}

/// How the service's present task definition stands, by its newest deployment; where ECS lists none, by what the service shows of itself.
#[must_use]
pub fn standing(newest: Option<&Newest>, service: &Service) -> Standing {
    let Some(newest) = newest else { return of_itself(service) };
    let is_over = judge(&newest.status).is_some();
    match (newest.is_of_current, is_over, newest.status.as_str()) {
        (true, false, _) => Standing::UnderWay(newest.arn.clone()),
        (true, true, "SUCCESSFUL") | (false, true, "ROLLBACK_SUCCESSFUL") => Standing::Serves,
        (_, _, status) => Standing::Fallen(format!("deployment {} is {status}", newest.arn)),
    }
}

fn of_itself(service: &Service) -> Standing {
    let primary = service.deployments.iter().find(|rollout| rollout.status == "PRIMARY");
    match primary.and_then(|rollout| rollout.rollout_state.as_deref()) {
        Some("IN_PROGRESS") => Standing::Unlisted,
        Some("FAILED") => Standing::Fallen("its rollout is FAILED".to_owned()),
        _ => Standing::Serves,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Rollout;

    #[test]
    fn only_what_went_through_or_was_gone_back_to_serves() {
        let newest =
            |status: &str, is_of_current| Newest { arn: "d".to_owned(), status: status.to_owned(), is_of_current };
        let fallen = |status: &str| Standing::Fallen(format!("deployment d is {status}"));
        let cases = [
            ("SUCCESSFUL", true, Standing::Serves),
            ("IN_PROGRESS", true, Standing::UnderWay("d".to_owned())),
            ("ROLLBACK_IN_PROGRESS", true, Standing::UnderWay("d".to_owned())),
            ("STOPPED", true, fallen("STOPPED")),
            ("ROLLBACK_SUCCESSFUL", true, fallen("ROLLBACK_SUCCESSFUL")),
            ("ROLLBACK_SUCCESSFUL", false, Standing::Serves),
            ("SUCCESSFUL", false, fallen("SUCCESSFUL")),
            ("ROLLBACK_IN_PROGRESS", false, fallen("ROLLBACK_IN_PROGRESS")),
            ("ROLLBACK_FAILED", false, fallen("ROLLBACK_FAILED")),
        ];
        for (status, is_of_current, expected) in cases {
            assert_eq!(standing(Some(&newest(status, is_of_current)), &Service::default()), expected, "{status}");
        }
    }

    #[test]
    fn where_no_deployment_is_listed_the_service_speaks_for_itself() {
        let showing = |state: &str| {
            let rollout =
                Rollout { status: "PRIMARY".to_owned(), rollout_state: Some(state.to_owned()), ..Rollout::default() };
            standing(None, &Service { deployments: vec![rollout], ..Service::default() })
        };
        assert_eq!(showing("COMPLETED"), Standing::Serves);
        assert_eq!(showing("IN_PROGRESS"), Standing::Unlisted);
        assert!(matches!(showing("FAILED"), Standing::Fallen(_)));
        assert_eq!(standing(None, &Service::default()), Standing::Serves, "it is not said");
    }
}
