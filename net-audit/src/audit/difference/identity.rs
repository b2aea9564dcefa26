//! By what an interface is known again: an interface that AWS makes anew at each deployment is the same thing if it is the same service, in the
//! same subnet, with the same groups.

use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;

/// By what an interface is known again.
pub(super) fn identity(exposure: &Exposure<'_>) -> String {
    let interface = exposure.interface;
    let subnet = interface.subnet.as_str();
    let groups = || {
        let mut groups: Vec<&str> = interface.groups.iter().map(String::as_str).collect();
        groups.sort_unstable();
        groups.join(",")
    };
    match &*exposure.purpose {
        Purpose::Task { service, cluster } => {
            let (service, cluster) = (service.as_deref().unwrap_or_default(), cluster.as_deref().unwrap_or_default());
            // What is known of a cluster is its name in a tag, or its ARN.
            let cluster = cluster.rsplit('/').next().unwrap_or_default();
            format!("task {cluster}/{service} {subnet} {}", groups())
        }
        Purpose::LoadBalancer { name, .. } => format!("balancer {name} {subnet}"),
        Purpose::Function(name) => format!("function {name} {subnet}"),
        Purpose::Store { service, name, candidates } => {
            let mut names: Vec<&str> = candidates.iter().map(|database| database.id.as_str()).collect();
            names.extend(name.as_deref());
            names.sort_unstable();
            let names = if names.is_empty() { groups() } else { names.join(",") };
            format!("store {service} {names} {subnet}")
        }
        _ => interface.id.clone(),
    }
}
