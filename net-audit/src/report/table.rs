//! The section for people: one table a VPC, one row for each subnet and each family it has addresses in.

use contract::table;

use super::{FamilyReport, Network, ProofReport, SubnetReport, VpcReport};
use crate::prefix::{Family, Prefix};

const HEAD: [&str; 6] = ["subnet", "zone", "cidr", "route table", "target", "class"];

impl Network {
    /// The section for people.
    #[must_use]
    pub fn table(&self) -> String {
        let tables: Vec<String> = self.vpcs.iter().map(VpcReport::table).collect();
        tables.join("\n")
    }
}

impl VpcReport {
    fn table(&self) -> String {
        let cidrs = list(&self.cidrs);
        let title = match &self.name {
            Some(name) => format!("{} ({}) {cidrs}", table::printable(name), table::printable(&self.id)),
            None => format!("{} {cidrs}", table::printable(&self.id)),
        };
        let rows = self.subnets.iter().flat_map(SubnetReport::rows);
        format!("{}\n{}", title.trim_end(), table::render(&HEAD, rows))
    }
}

impl SubnetReport {
    fn rows(&self) -> Vec<Vec<String>> {
        let families = [(Family::Ipv4, &self.ipv4), (Family::Ipv6, &self.ipv6)].into_iter();
        families.filter_map(|(family, report)| Some(self.row(family, report.as_ref()?))).collect()
    }

    fn row(&self, family: Family, report: &FamilyReport) -> Vec<String> {
        let cidrs = self.cidrs.iter().filter(|cidr| cidr.family() == family);
        let cidrs: Vec<Prefix> = cidrs.copied().collect();
        let route_table = self.route_table.as_ref();
        let route_table = route_table.map(|table| {
            let name = table.name.as_ref().unwrap_or(&table.id);
            let note = if table.by_default { " (main)" } else { "" };
            format!("{name}{note}")
        });
        vec![
            self.name.clone().unwrap_or_else(|| self.id.clone()),
            self.availability_zone.clone().unwrap_or_else(|| "-".to_owned()),
            list(&cidrs),
            route_table.unwrap_or_else(|| "-".to_owned()),
            report.targets(),
            report.class.to_string(),
        ]
    }
}

impl FamilyReport {
    fn targets(&self) -> String {
        if self.proof.is_empty() {
            return "-".to_owned();
        }
        let mut targets: Vec<String> = self.proof.iter().map(ProofReport::label).collect();
        targets.dedup();
        targets.join(", ")
    }
}

impl ProofReport {
    fn label(&self) -> String {
        let note = if self.blackhole { " (gone)" } else { "" };
        format!("{}{note}", self.target)
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
