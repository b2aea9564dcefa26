//! Hosted zones and their records.

use crate::aws::shape::{Shape, flag, list, number, structure, text};

pub(in crate::aws) const HOSTED_ZONE: Shape = &[
    text("Id"),
    text("Name"),
    structure("Config", &[text("Comment"), flag("PrivateZone")]),
    number("ResourceRecordSetCount"),
];

const ALIAS_TARGET: Shape = &[text("HostedZoneId"), text("DNSName"), flag("EvaluateTargetHealth")];

pub(in crate::aws) const RECORD_SET: Shape = &[
    text("Name"),
    text("Type"),
    text("SetIdentifier"),
    number("Weight"),
    text("Region"),
    text("Failover"),
    flag("MultiValueAnswer"),
    number("TTL"),
    list("ResourceRecords", &[text("Value")]),
    structure("AliasTarget", ALIAS_TARGET),
    text("HealthCheckId"),
];
