//! Network interfaces and instances as AWS writes them.

use serde::Deserialize;

use super::Described;
use crate::inventory::{self, Attachment};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct NetworkInterface {
    #[serde(rename = "NetworkInterfaceId")]
    id: String,
    subnet_id: String,
    source_dest_check: bool,
    attachment: Option<NetworkInterfaceAttachment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkInterfaceAttachment {
    instance_id: Option<String>,
}

impl Described for NetworkInterface {
    type Resource = inventory::NetworkInterface;

    fn resources(self) -> Result<Vec<(String, inventory::NetworkInterface)>, String> {
        let attachment = match self.attachment.map(|attachment| attachment.instance_id) {
            None => Attachment::Detached,
            Some(None) => Attachment::Service,
            Some(Some(instance)) => Attachment::Instance(instance),
        };
        let interface = inventory::NetworkInterface {
            id: self.id.clone(),
            subnet: self.subnet_id,
            source_destination_check: self.source_dest_check,
            attachment,
        };
        Ok(vec![(self.id, interface)])
    }
}

/// What `describe-instances` writes, or an instance out of it.
#[derive(Deserialize)]
#[serde(untagged)]
pub(in crate::snapshot) enum InstanceOrReservation {
    Reservation {
        #[serde(rename = "Instances")]
        instances: Vec<Instance>,
    },
    Instance(Instance),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct Instance {
    #[serde(rename = "InstanceId")]
    id: String,
    subnet_id: Option<String>,
    source_dest_check: Option<bool>,
    state: InstanceState,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceState {
    name: String,
}

impl Described for InstanceOrReservation {
    type Resource = inventory::Instance;

    fn resources(self) -> Result<Vec<(String, inventory::Instance)>, String> {
        let instances = match self {
            Self::Reservation { instances } => instances,
            Self::Instance(instance) => vec![instance],
        };
        let read = |instance: Instance| {
            let one = inventory::Instance {
                id: instance.id.clone(),
                subnet: instance.subnet_id,
                source_destination_check: instance.source_dest_check.unwrap_or(true),
                state: instance.state.name,
            };
            (instance.id, one)
        };
        Ok(instances.into_iter().map(read).collect())
    }
}
