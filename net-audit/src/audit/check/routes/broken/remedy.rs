//! How a way to the internet is repaired.

use super::super::blackhole::working_nat;
use super::super::usage::{Usage, place};
use super::Broken;
use crate::address::prefix::Family;
use crate::audit::check::occupants::who;
use crate::audit::check::remedy::route::{argument, destination_option, terraform_route};
use crate::audit::check::remedy::table::{Becomes, OwnTable};
use crate::audit::check::remedy::{aws, keep, terraform_name};
use crate::audit::finding::Remedy;
use crate::classify::class::Group;
use crate::inventory::{Attachment, Connectivity, NatGateway, NatPlace, Route, Subnet, Target};

/// A gateway that a command before has made.
const NEW_GATEWAY: &str = "\"$gateway\"";

pub(super) fn remedy(usage: &Usage<'_, '_>, broken: &Broken<'_>) -> Remedy {
    if broken.is_blocked(usage.inventory()) {
        return unblock(usage, broken);
    }
    match broken.target {
        Target::NatGateway(id) => {
            usage.inventory().nat_gateways.get(id).map_or_else(nothing, |it| nat(usage, broken, it))
        }
        Target::VpcEndpoint(id) => endpoint(usage, broken, id),
        Target::NetworkInterface(_) | Target::Instance(_) => forwarder(usage, broken),
        Target::EgressOnlyInternetGateway(_) => egress_only(usage, broken),
        Target::OtherNetwork(id) => Remedy {
            advice: format!("Narrow the route to {id} to the peer's own blocks, and send the rest to a NAT gateway."),
            ..nothing()
        },
        _ => nothing(),
    }
}

fn nothing() -> Remedy {
    Remedy { advice: "Send it to a gateway that works.".to_owned(), cli: Vec::new(), terraform: String::new() }
}

fn unblock(usage: &Usage<'_, '_>, broken: &Broken<'_>) -> Remedy {
    let (option, argument, id) = match place(usage.inventory(), broken.target) {
        Some(place) => ("--subnet-id", "subnet_id", place),
        None => ("--vpc-id", "vpc_id", broken.vpc),
    };
    Remedy {
        advice: "If the block is meant, remove the route and what it leads to; if not, exclude this place from it."
            .to_owned(),
        cli: vec![aws(
            usage.facts,
            format_args!(
                "ec2 create-vpc-block-public-access-exclusion {option} {id} --internet-gateway-exclusion-mode allow-egress"
            ),
        )],
        terraform: format!(
            "resource \"aws_vpc_block_public_access_exclusion\" \"this\" {{\n  {argument:31} = \"{id}\"\n  internet_gateway_exclusion_mode = \"allow-egress\"\n}}"
        ),
    }
}

/// The routes that lead to the broken target, sent somewhere else: the target for the AWS CLI, and for Terraform.
fn reroute(
    usage: &Usage<'_, '_>,
    broken: &Broken<'_>,
    (option, to): (&str, &str),
    target: (&str, &str),
) -> (Vec<String>, String) {
    let (mut cli, mut terraform) = (Vec::new(), Vec::new());
    for (table, route, _) in &broken.ways {
        let id = &table.id;
        let (Some(at), Some((argument, block))) = (destination_option(route), argument(route)) else { continue };
        cli.push(aws(usage.facts, format_args!("ec2 replace-route --route-table-id {id} {at} {option} {to}")));
        terraform.push(terraform_route(&terraform_name(id), &format!("\"{id}\""), (argument, &block), target));
    }
    (cli, terraform.join("\n\n"))
}

fn nat(usage: &Usage<'_, '_>, broken: &Broken<'_>, gateway: &NatGateway) -> Remedy {
    let inventory = usage.inventory();
    if gateway.state == "pending" {
        return Remedy {
            advice: "It is being made: wait until it is available.".to_owned(),
            cli: vec![aws(
                usage.facts,
                format_args!("ec2 wait nat-gateway-available --nat-gateway-ids {}", gateway.id),
            )],
            terraform: String::new(),
        };
    }
    if let Some(table) = own_table(usage, broken, gateway) {
        let mut gateways = inventory.internet_gateways.iter();
        let attached = gateways.find(|it| it.vpcs.iter().any(|vpc| vpc == broken.vpc));
        let to = attached.map_or("INTERNET_GATEWAY", |it| it.id.as_str());
        return Remedy {
            advice: format!("Route {table}, its own table, to the internet gateway."),
            cli: vec![aws(
                usage.facts,
                format_args!(
                    "ec2 create-route --route-table-id {table} --destination-cidr-block 0.0.0.0/0 --gateway-id {to}"
                ),
            )],
            terraform: format!(
                "resource \"aws_route\" \"nat\" {{\n  route_table_id = \"{table}\"\n  destination_cidr_block = \"0.0.0.0/0\"\n  gateway_id = \"{to}\"\n}}"
            ),
        };
    }
    if let Some(other) = working_nat(usage, broken.vpc, &broken.subnets) {
        // It works, and carries no IPv6 that is not translated.
        if other.id == gateway.id {
            return egress_only(usage, broken);
        }
        let target = format!("\"{}\"", other.id);
        let (cli, terraform) = reroute(usage, broken, ("--nat-gateway-id", &other.id), ("nat_gateway_id", &target));
        let advice =
            format!("Send it to {}, which works, and delete {} if nothing else needs it.", other.id, gateway.id);
        return Remedy { advice, cli, terraform };
    }
    let is_misplaced =
        gateway.state == "available" && gateway.connectivity == Connectivity::Public && gateway.vpc == broken.vpc;
    let own = place(inventory, broken.target).and_then(|place| inventory.subnets.get(place));
    match (public_subnet(usage, broken), own) {
        (None, Some(own)) if is_misplaced => open_place(usage, own),
        (public, _) => renew(usage, broken, public),
    }
}

/// The own table of a regional NAT gateway that is in its VPC and works, if it has one: then that is what does not lead out.
fn own_table<'a>(usage: &Usage<'_, 'a>, broken: &Broken<'_>, gateway: &NatGateway) -> Option<&'a str> {
    let works = gateway.place == NatPlace::Region && gateway.state == "available" && gateway.vpc == broken.vpc;
    // IPv6 that is not translated is another fault.
    let is_ipv4 =
        broken.ways.iter().any(|(_, route, _)| route.destination.block().is_none_or(|it| it.family() == Family::Ipv4));
    usage.inventory().index.table_of_gateway(&gateway.id).filter(|_| works && is_ipv4)
}

/// A public subnet of the VPC, in a zone of the subnets that need it if there is one.
fn public_subnet<'a>(usage: &Usage<'_, 'a>, broken: &Broken<'_>) -> Option<&'a Subnet> {
    let inventory = usage.inventory();
    let of_vpc = inventory.index.subnets_of_vpc(broken.vpc).filter_map(|id| inventory.subnets.get(id));
    let public = of_vpc.filter(|subnet| usage.facts.class(&subnet.id, Family::Ipv4).group() == Group::Public);
    public.max_by_key(|subnet| broken.subnets.iter().any(|own| own.availability_zone == subnet.availability_zone))
}

/// A new NAT gateway, in a public subnet.
fn renew(usage: &Usage<'_, '_>, broken: &Broken<'_>, public: Option<&Subnet>) -> Remedy {
    let place = public.map_or("subnet-…", |subnet| subnet.id.as_str());
    let target = ("nat_gateway_id", "aws_nat_gateway.this.id");
    let (routes, route) = reroute(usage, broken, ("--nat-gateway-id", NEW_GATEWAY), target);
    let create = format!("ec2 create-nat-gateway --subnet-id {place} --allocation-id \"$allocation\"");
    let mut cli = vec![
        keep(usage.facts, "allocation", "ec2 allocate-address --domain vpc", "AllocationId"),
        keep(usage.facts, "gateway", create, "NatGateway.NatGatewayId"),
        aws(usage.facts, format_args!("ec2 wait nat-gateway-available --nat-gateway-ids {NEW_GATEWAY}")),
    ];
    cli.extend(routes);
    Remedy {
        advice: format!(
            "Make a public NAT gateway in {place}, send the routes there, and delete the one that does not work."
        ),
        cli,
        terraform: format!(
            "resource \"aws_eip\" \"nat\" {{\n  domain = \"vpc\"\n}}\n\nresource \"aws_nat_gateway\" \"this\" {{\n  subnet_id     = \"{place}\"\n  allocation_id = aws_eip.nat.id\n}}\n\n{route}"
        ),
    }
}

/// The VPC has no public subnet: the one that the gateway stands in is to be it, by a table that no other subnet sends by.
fn open_place(usage: &Usage<'_, '_>, place: &Subnet) -> Remedy {
    let inventory = usage.inventory();
    let attached = inventory.internet_gateways.iter().find(|gateway| gateway.vpcs.contains(&place.vpc));
    let gateway = attached.map_or(NEW_GATEWAY, |gateway| gateway.id.as_str());
    let facts = usage.facts;
    let mut cli = Vec::new();
    if attached.is_none() {
        let create = "ec2 create-internet-gateway";
        cli.push(keep(facts, "gateway", create, "InternetGateway.InternetGatewayId"));
        let attach = format!("ec2 attach-internet-gateway --internet-gateway-id {gateway} --vpc-id {}", place.vpc);
        cli.push(aws(facts, attach));
    }
    let (new, internet) = match attached {
        Some(gateway) => (String::new(), format!("\"{}\"", gateway.id)),
        None => (
            format!("resource \"aws_internet_gateway\" \"this\" {{\n  vpc_id = \"{}\"\n}}\n\n", place.vpc),
            "aws_internet_gateway.this.id".to_owned(),
        ),
    };
    let others = who(facts, [place.id.as_str()]);
    let current = facts.verdict(&place.id).and_then(|verdict| verdict.route_table).map(|effective| effective.table);
    let Some(current) = current else { return nothing() };
    let is_default = |route: &Route| route.destination_name() == "0.0.0.0/0";
    let is_own = inventory.index.table_of_subnet(&place.id).is_some() && facts.users(&current.id).count() == 1;
    let own = OwnTable::new(facts, current, &format!("nat_{}", place.id), [place.id.as_str()], |route| {
        if is_default(route) { Becomes::Gone } else { Becomes::Same }
    })
    .with_default("gateway_id", gateway, &internet);
    let (table, terraform) = if is_own {
        let id = &current.id;
        let verb = if current.routes.iter().any(is_default) { "replace-route" } else { "create-route" };
        let at = format!("--route-table-id {id} --destination-cidr-block 0.0.0.0/0");
        cli.push(aws(facts, format_args!("ec2 {verb} {at} --gateway-id {gateway}")));
        let destination = ("destination_cidr_block", "0.0.0.0/0");
        let route = terraform_route(&terraform_name(id), &format!("\"{id}\""), destination, ("gateway_id", &internet));
        (String::new(), route)
    } else {
        cli.extend(own.cli());
        (format!(", by a table of its own.{}", own.advice()), own.terraform())
    };
    let table = if table.is_empty() { ".".to_owned() } else { table };
    Remedy {
        advice: format!(
            "Route {} to the internet gateway{table} What stands there becomes reachable by its public addresses ({others}): move what is not a NAT gateway first.",
            place.id
        ),
        cli,
        terraform: format!("{new}{terraform}"),
    }
}

fn endpoint(usage: &Usage<'_, '_>, broken: &Broken<'_>, id: &str) -> Remedy {
    let state = usage.inventory().vpc_endpoints.get(id).map(|endpoint| endpoint.state.as_str()).unwrap_or_default();
    let advice = match state {
        "pendingacceptance" => "The owner of the endpoint service has to accept the endpoint.",
        "available" => "Give the subnet that the firewall stands in a way to the internet.",
        _ => "Repair the endpoint or its service, or send the traffic by another one.",
    };
    let mut cli = vec![aws(usage.facts, format_args!("ec2 describe-vpc-endpoints --vpc-endpoint-ids {id}"))];
    if state != "available" {
        let other = ("--vpc-endpoint-id", "vpce-…");
        cli.extend(reroute(usage, broken, other, ("vpc_endpoint_id", "\"vpce-…\"")).0);
    }
    let terraform = "# aws_route: vpc_endpoint_id of an aws_vpc_endpoint that is available".to_owned();
    Remedy { advice: advice.to_owned(), cli, terraform }
}

/// An interface or an instance that is to forward.
fn forwarder(usage: &Usage<'_, '_>, broken: &Broken<'_>) -> Remedy {
    let inventory = usage.inventory();
    let id = broken.target.id();
    let interface = inventory.network_interfaces.get(id);
    let instance = match interface.map(|interface| &interface.attachment) {
        Some(Attachment::Instance(owner)) => inventory.instances.get(owner),
        Some(Attachment::Detached | Attachment::Service | Attachment::Unsaid) => None,
        None => inventory.instances.get(id),
    };
    let is_checked = interface.map_or_else(
        || instance.is_some_and(|instance| instance.source_destination_check),
        |interface| interface.source_destination_check,
    );
    if interface.is_some_and(|interface| interface.attachment == Attachment::Detached) {
        return Remedy {
            advice: "Attach the interface to an instance that forwards, or use a NAT gateway.".to_owned(),
            cli: vec![aws(
                usage.facts,
                format_args!(
                    "ec2 attach-network-interface --network-interface-id {id} --instance-id i-… --device-index 1"
                ),
            )],
            terraform: "# aws_instance: network_interface { network_interface_id, device_index }".to_owned(),
        };
    }
    if let Some(stopped) = instance.filter(|instance| instance.state != "running") {
        return Remedy {
            advice: "Start the instance, or use a NAT gateway.".to_owned(),
            cli: vec![aws(usage.facts, format_args!("ec2 start-instances --instance-ids {}", stopped.id))],
            terraform: format!(
                "resource \"aws_ec2_instance_state\" \"this\" {{\n  instance_id = \"{}\"\n  state       = \"running\"\n}}",
                stopped.id
            ),
        };
    }
    if is_checked {
        let (command, kind) = match interface {
            Some(_) => ("modify-network-interface-attribute --network-interface-id", "aws_network_interface"),
            None => ("modify-instance-attribute --instance-id", "aws_instance"),
        };
        return Remedy {
            advice: "Let it forward: switch its source/destination check off.".to_owned(),
            cli: vec![aws(usage.facts, format_args!("ec2 {command} {id} --no-source-dest-check"))],
            terraform: format!("resource \"{kind}\" \"this\" {{ # {id}\n  source_dest_check = false\n}}"),
        };
    }
    let place = place(inventory, broken.target).and_then(|place| inventory.subnets.get(place));
    let is_public = |place: &&Subnet| usage.facts.verdict(&place.id).is_some_and(|it| it.group() == Group::Public);
    if place.as_ref().is_some_and(is_public) {
        let address = keep(usage.facts, "allocation", "ec2 allocate-address --domain vpc", "AllocationId");
        let at =
            if interface.is_some() { format!("--network-interface-id {id}") } else { format!("--instance-id {id}") };
        return Remedy {
            advice: "Give it an Elastic IP address to send from, or use a NAT gateway.".to_owned(),
            cli: vec![
                address,
                aws(usage.facts, format_args!("ec2 associate-address {at} --allocation-id \"$allocation\"")),
            ],
            terraform: format!("resource \"aws_eip\" \"this\" {{\n  network_interface = \"{id}\"\n}}"),
        };
    }
    place.map_or_else(nothing, |place| open_place(usage, place))
}

fn egress_only(usage: &Usage<'_, '_>, broken: &Broken<'_>) -> Remedy {
    let gateways = &usage.inventory().egress_only_internet_gateways;
    let attached = gateways.iter().find(|gateway| gateway.vpcs.iter().any(|vpc| vpc == broken.vpc));
    let option = "--egress-only-internet-gateway-id";
    let (mut cli, own) = if let Some(gateway) = attached {
        (Vec::new(), gateway.id.as_str())
    } else {
        let command = format!("ec2 create-egress-only-internet-gateway --vpc-id {}", broken.vpc);
        let query = "EgressOnlyInternetGateway.EgressOnlyInternetGatewayId";
        (vec![keep(usage.facts, "gateway", command, query)], NEW_GATEWAY)
    };
    let (new, id) = match attached {
        Some(gateway) => (String::new(), format!("\"{}\"", gateway.id)),
        None => (
            format!("resource \"aws_egress_only_internet_gateway\" \"this\" {{\n  vpc_id = \"{}\"\n}}\n\n", broken.vpc),
            "aws_egress_only_internet_gateway.this.id".to_owned(),
        ),
    };
    let (routes, route) = reroute(usage, broken, (option, own), ("egress_only_gateway_id", &id));
    cli.extend(routes);
    Remedy {
        advice: "Send IPv6 out by an egress-only internet gateway of this VPC.".to_owned(),
        cli,
        terraform: format!("{new}{route}"),
    }
}
