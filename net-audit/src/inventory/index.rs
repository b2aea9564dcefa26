//! Who belongs to whom, so that no question looks at all resources.

use std::collections::HashMap;

use super::{
    Association, Attachment, Database, Listing, LoadBalancer, NetworkAcl, NetworkInterface, RouteTable, Subnet,
};

/// Ids by the id of what they belong to.
#[derive(Clone, Debug, Default)]
pub struct Index {
    table_of_subnet: HashMap<String, String>,
    main_table_of_vpc: HashMap<String, String>,
    tables_of_vpc: HashMap<String, Vec<String>>,
    /// VPCs with a table of which it is not known what uses it.
    vpcs_with_loose_table: HashMap<String, String>,
    acl_of_subnet: HashMap<String, String>,
    table_of_gateway: HashMap<String, String>,
    /// Subnets whose association with a table is being made or ended, with that table.
    changing: HashMap<String, String>,
    /// VPCs whose main table is being changed, with one of the two.
    changing_main: HashMap<String, String>,
    interfaces_of_subnet: HashMap<String, Vec<String>>,
    interfaces_of_instance: HashMap<String, Vec<String>>,
    subnets_of_vpc: HashMap<String, Vec<String>>,
    databases_of_subnet: HashMap<String, Vec<String>>,
    databases_anywhere: Vec<String>,
    load_balancer_of_name: HashMap<String, String>,
}

impl Index {
    /// Reads the associations of tables and ACLs, and the places of interfaces and subnets.
    #[must_use]
    pub fn new(
        tables: &Listing<RouteTable>,
        acls: &Listing<NetworkAcl>,
        interfaces: &Listing<NetworkInterface>,
        subnets: &Listing<Subnet>,
    ) -> Self {
        let mut index = Self::default();
        for table in tables.iter() {
            index.add_table(table);
        }
        for acl in acls.iter() {
            index.acl_of_subnet.extend(acl.subnets.iter().map(|subnet| (subnet.clone(), acl.id.clone())));
        }
        for interface in interfaces.iter() {
            index.interfaces_of_subnet.entry(interface.subnet.clone()).or_default().push(interface.id.clone());
            if let Attachment::Instance(owner) = &interface.attachment {
                index.interfaces_of_instance.entry(owner.clone()).or_default().push(interface.id.clone());
            }
        }
        for subnet in subnets.iter() {
            index.subnets_of_vpc.entry(subnet.vpc.clone()).or_default().push(subnet.id.clone());
        }
        index
    }

    /// The same, with the places of databases and the names of load balancers.
    #[must_use]
    pub fn with_services(mut self, databases: &Listing<Database>, balancers: &Listing<LoadBalancer>) -> Self {
        for database in databases.iter() {
            let Some(group) = &database.subnet_group else {
                self.databases_anywhere.push(database.id.clone());
                continue;
            };
            for subnet in &group.subnets {
                self.databases_of_subnet.entry(subnet.clone()).or_default().push(database.id.clone());
            }
        }
        for balancer in balancers.iter() {
            self.load_balancer_of_name.entry(balancer.name.clone()).or_insert_with(|| balancer.arn.clone());
        }
        self
    }

    fn add_table(&mut self, table: &RouteTable) {
        self.tables_of_vpc.entry(table.vpc.clone()).or_default().push(table.id.clone());
        for association in &table.associations {
            match association {
                Association::Main => {
                    self.main_table_of_vpc.entry(table.vpc.clone()).or_insert_with(|| table.id.clone());
                }
                Association::Subnet(subnet) => {
                    self.table_of_subnet.entry(subnet.clone()).or_insert_with(|| table.id.clone());
                }
                Association::Unknown => {
                    self.vpcs_with_loose_table.insert(table.vpc.clone(), table.id.clone());
                }
                Association::Gateway(gateway) => {
                    self.table_of_gateway.entry(gateway.clone()).or_insert_with(|| table.id.clone());
                }
                Association::Changing(Some(subnet)) => {
                    self.changing.insert(subnet.clone(), table.id.clone());
                }
                Association::Changing(None) => {
                    self.changing_main.insert(table.vpc.clone(), table.id.clone());
                }
            }
        }
    }

    /// The table that a subnet is associated with.
    #[must_use]
    pub fn table_of_subnet(&self, subnet: &str) -> Option<&str> {
        self.table_of_subnet.get(subnet).map(String::as_str)
    }

    /// The main table of a VPC.
    #[must_use]
    pub fn main_table_of_vpc(&self, vpc: &str) -> Option<&str> {
        self.main_table_of_vpc.get(vpc).map(String::as_str)
    }

    /// A table of the VPC of which it is not known which subnet uses it.
    #[must_use]
    pub fn loose_table_of_vpc(&self, vpc: &str) -> Option<&str> {
        self.vpcs_with_loose_table.get(vpc).map(String::as_str)
    }

    /// The table for what comes in by a gateway.
    #[must_use]
    pub fn table_of_gateway(&self, gateway: &str) -> Option<&str> {
        self.table_of_gateway.get(gateway).map(String::as_str)
    }

    /// A table whose association with the subnet is being made or ended.
    #[must_use]
    pub fn changing_table_of_subnet(&self, subnet: &str) -> Option<&str> {
        self.changing.get(subnet).map(String::as_str)
    }

    /// A table that is becoming the main one of the VPC, or ceases to be it.
    #[must_use]
    pub fn changing_main_table_of_vpc(&self, vpc: &str) -> Option<&str> {
        self.changing_main.get(vpc).map(String::as_str)
    }

    /// All tables of a VPC.
    pub fn tables_of_vpc(&self, vpc: &str) -> impl Iterator<Item = &str> {
        self.tables_of_vpc.get(vpc).into_iter().flatten().map(String::as_str)
    }

    /// The network ACL of a subnet.
    #[must_use]
    pub fn acl_of_subnet(&self, subnet: &str) -> Option<&str> {
        self.acl_of_subnet.get(subnet).map(String::as_str)
    }

    /// The interfaces in a subnet.
    pub fn interfaces_of_subnet(&self, subnet: &str) -> impl Iterator<Item = &str> {
        self.interfaces_of_subnet.get(subnet).into_iter().flatten().map(String::as_str)
    }

    /// The interfaces of an instance.
    pub fn interfaces_of_instance(&self, instance: &str) -> impl Iterator<Item = &str> {
        self.interfaces_of_instance.get(instance).into_iter().flatten().map(String::as_str)
    }

    /// The subnets of a VPC.
    pub fn subnets_of_vpc(&self, vpc: &str) -> impl Iterator<Item = &str> {
        self.subnets_of_vpc.get(vpc).into_iter().flatten().map(String::as_str)
    }

    /// The databases that can stand in a subnet by their subnet groups, and after them those of which nobody said where they stand.
    pub fn databases_of_subnet(&self, subnet: &str) -> impl Iterator<Item = &str> {
        let here = self.databases_of_subnet.get(subnet).into_iter().flatten();
        here.chain(&self.databases_anywhere).map(String::as_str)
    }

    /// The load balancer with this name, by its ARN.
    #[must_use]
    pub fn load_balancer_of_name(&self, name: &str) -> Option<&str> {
        self.load_balancer_of_name.get(name).map(String::as_str)
    }
}
