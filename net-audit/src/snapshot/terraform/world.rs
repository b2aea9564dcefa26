//! All instances of a document, and how they refer to each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document::{Document, Former, Instance, ModuleCall, ModuleConfiguration, ResourceConfiguration};
use super::reference::{Key, Step};

/// What stands in the place of an id or a block that is not known before the plan is applied.
pub(super) const UNKNOWN: &str = "(known after apply)";

/// The kinds of a resource that some attribute may refer to.
pub(super) type Wanted = &'static [&'static str];

pub(super) const VPC: Wanted = &["aws_vpc", "aws_default_vpc"];
pub(super) const SUBNET: Wanted = &["aws_subnet", "aws_default_subnet"];
pub(super) const ROUTE_TABLE: Wanted = &["aws_route_table", "aws_default_route_table"];
pub(super) const SECURITY_GROUP: Wanted = &["aws_security_group", "aws_default_security_group"];
pub(super) const NETWORK_ACL: Wanted = &["aws_network_acl", "aws_default_network_acl"];
pub(super) const EIP: Wanted = &["aws_eip"];
pub(super) const INSTANCE: Wanted = &["aws_instance", "aws_spot_instance_request"];
pub(super) const INTERFACE: Wanted =
    &["aws_network_interface", "aws_instance", "aws_spot_instance_request", "aws_nat_gateway"];
pub(super) const PREFIX_LIST: Wanted = &["aws_ec2_managed_prefix_list", "aws_prefix_list", "aws_vpc_endpoint"];
/// For attributes that are no reference to a resource of the network.
pub(super) const ANYTHING: Wanted = &[];

/// Groups instances by the block that they come from.
type Block = (Vec<Step>, bool, String, String);

/// All instances of a document.
#[derive(Debug)]
pub(super) struct World {
    pub(super) document: Document,
    by_kind: BTreeMap<String, Vec<usize>>,
    by_block: BTreeMap<Block, Vec<usize>>,
    /// Several resources may have one id, such as the two halves of a peering.
    by_id: BTreeMap<String, Vec<usize>>,
    /// How many instances a call of a module with `count` has, by caller and name.
    calls: BTreeMap<(Vec<Step>, String), u64>,
    /// Names of what AWS makes along with a VPC, and the resource that has taken it over.
    pub(super) adopted: BTreeMap<String, String>,
}

impl World {
    pub(super) fn new(document: Document) -> Self {
        let mut by_kind: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut by_block: BTreeMap<Block, Vec<usize>> = BTreeMap::new();
        let mut by_id: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut calls: BTreeMap<(Vec<Step>, String), u64> = BTreeMap::new();
        for (place, instance) in document.instances.iter().enumerate() {
            let block = (instance.module.clone(), instance.managed, instance.kind.clone(), instance.name.clone());
            by_kind.entry(instance.kind.clone()).or_default().push(place);
            by_block.entry(block).or_default().push(place);
            by_id.entry(instance.id()).or_default().push(place);
            for (depth, step) in instance.module.iter().enumerate() {
                if let (Some(Key::Index(index)), Some(caller)) = (&step.key, instance.module.get(..depth)) {
                    let count = calls.entry((caller.to_vec(), step.name.clone())).or_default();
                    *count = (*count).max(index + 1);
                }
            }
        }
        let mut world = Self { document, by_kind, by_block, by_id, calls, adopted: BTreeMap::new() };
        world.adopted = world.adoptions();
        world
    }

    /// All instances of some kinds, managed or not.
    pub(super) fn of<'a, 'k>(&'a self, kinds: &'k [&'k str]) -> impl Iterator<Item = View<'a>> {
        let places = kinds.iter().filter_map(|kind| self.by_kind.get(*kind)).flatten();
        let instances = places.filter_map(|place| self.document.instances.get(*place));
        instances.map(|instance| View::of(self, instance))
    }

    /// All instances of some kinds that Terraform manages.
    pub(super) fn managed<'a, 'k>(&'a self, kinds: &'k [&'k str]) -> impl Iterator<Item = View<'a>> {
        self.of(kinds).filter(|view| view.instance.managed)
    }

    /// The instance with this id, if it is of one of the kinds.
    pub(super) fn find(&self, id: &str, kinds: &[&str]) -> Option<View<'_>> {
        let mut instances = self.by_id.get(id)?.iter().filter_map(|place| self.document.instances.get(*place));
        let instance = instances.find(|instance| kinds.contains(&instance.kind.as_str()))?;
        Some(View::of(self, instance))
    }

    /// What changes take away, of some kinds.
    pub(super) fn former<'a>(&'a self, kinds: &'a [&'a str]) -> impl Iterator<Item = &'a Former> {
        self.document.former.iter().filter(|former| kinds.contains(&former.kind.as_str()))
    }

    pub(super) fn block(&self, module: &[Step], managed: bool, kind: &str, name: &str) -> Vec<&Instance> {
        let block = (module.to_vec(), managed, kind.to_owned(), name.to_owned());
        let places = self.by_block.get(&block).into_iter().flatten();
        places.filter_map(|place| self.document.instances.get(*place)).collect()
    }

    pub(super) fn module(&self, path: &[Step]) -> Option<&ModuleConfiguration> {
        let root = &self.document.configuration.root_module;
        path.iter().try_fold(root, |module, step| Some(&module.module_calls.get(&step.name)?.module))
    }

    /// The call that a module comes from, and the path of the caller.
    pub(super) fn call<'a, 'b>(&'a self, path: &'b [Step]) -> Option<(&'a ModuleCall, &'b Step, &'b [Step])> {
        let (step, caller) = path.split_last()?;
        Some((self.module(caller)?.module_calls.get(&step.name)?, step, caller))
    }

    /// How many instances the call of a module has, if they are counted.
    pub(super) fn count_of_call(&self, caller: &[Step], name: &str) -> u64 {
        self.calls.get(&(caller.to_vec(), name.to_owned())).copied().unwrap_or(0)
    }

    pub(super) fn configuration(&self, instance: &Instance) -> Option<&ResourceConfiguration> {
        let mode = if instance.managed { "managed" } else { "data" };
        let mut resources = self.module(&instance.module)?.resources.iter();
        resources.find(|one| one.mode == mode && one.kind == instance.kind && one.name == instance.name)
    }

    /// AWS makes a route table, an ACL and a security group along with every VPC; a resource of its own may take each over.
    fn adoptions(&self) -> BTreeMap<String, String> {
        let mut adopted = BTreeMap::new();
        let taken = [
            ("aws_default_route_table", "default_route_table_id", ROUTE_TABLE),
            ("aws_default_network_acl", "default_network_acl_id", NETWORK_ACL),
        ];
        for (kind, attribute, wanted) in taken {
            for view in self.managed(&[kind]) {
                if let Some(name) = view.text(attribute, wanted).filter(|name| name != UNKNOWN) {
                    adopted.insert(name, view.id());
                }
            }
        }
        for view in self.managed(&["aws_default_security_group"]) {
            if let Some(vpc) = view.text("vpc_id", VPC).and_then(|id| self.find(&id, VPC)) {
                adopted.insert(vpc.made_along("default_security_group_id"), view.id());
            }
        }
        adopted
    }
}

impl World {
    /// Whether something of a kind takes over what AWS makes along with a VPC, and it cannot be told with which: then it may be with any.
    pub(super) fn takes_over_any(&self, kind: &str, attribute: &str, wanted: Wanted) -> bool {
        self.managed(&[kind]).any(|view| view.text(attribute, wanted).as_deref() == Some(UNKNOWN))
    }
}

impl Instance {
    /// Its id, or its address if it has none yet.
    pub(super) fn id(&self) -> String {
        let attributes: &[&str] = match self.kind.as_str() {
            "aws_eip" => &["allocation_id", "id"],
            // The request has an id, too; what stands in the network is its instance.
            "aws_spot_instance_request" => &["spot_instance_id"],
            "aws_route53_zone" => &["zone_id", "id"],
            "aws_internet_gateway" if !self.managed => &["internet_gateway_id", "id"],
            "aws_route_table" if !self.managed => &["route_table_id", "id"],
            kind if kind.ends_with("_subnet_group") => &["name", "id"],
            _ => &["id"],
        };
        let mut known = attributes.iter().filter_map(|attribute| self.values.get(*attribute)?.as_str());
        known.find(|id| !id.is_empty()).unwrap_or(&self.address).to_owned()
    }
}

/// An instance, or a block inside one, and the expressions that it was written with.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) world: &'a World,
    pub(super) instance: &'a Instance,
    values: Option<&'a serde_json::Map<String, Value>>,
    unknown: &'a Value,
    written: Written<'a>,
}

/// The expressions behind a view's attributes.
#[derive(Clone, Copy, Debug)]
enum Written<'a> {
    /// One for each attribute.
    Each(&'a serde_json::Map<String, Value>),
    /// One for all of them together, or several blocks that cannot be told apart.
    Together(&'a Value),
    /// Terraform does not tell.
    Untold,
}

impl<'a> View<'a> {
    pub(super) fn of(world: &'a World, instance: &'a Instance) -> Self {
        let configuration = world.configuration(instance);
        let written = configuration.map_or(Written::Untold, |resource| Written::Each(&resource.expressions));
        Self { world, instance, values: Some(&instance.values), unknown: &instance.unknown, written }
    }

    pub(super) fn id(&self) -> String {
        self.instance.id()
    }

    /// The id of what AWS makes along with a VPC: known, or the expression that names it, or the address of what takes it over.
    pub(super) fn made_along(&self, attribute: &str) -> String {
        let known = self.known(attribute);
        let name = known.unwrap_or_else(|| format!("{}.{attribute}", self.instance.address));
        self.world.adopted.get(&name).cloned().unwrap_or(name)
    }

    fn value(&self, attribute: &str) -> Option<&'a Value> {
        self.values?.get(attribute).filter(|value| !value.is_null())
    }

    /// A string that is there and not empty: the provider writes empty ones for what is not set.
    pub(super) fn known(&self, attribute: &str) -> Option<String> {
        self.value(attribute)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(super) fn flag(&self, attribute: &str) -> Option<bool> {
        self.value(attribute)?.as_bool()
    }

    pub(super) fn number(&self, attribute: &str) -> Option<i64> {
        self.value(attribute)?.as_i64()
    }

    pub(super) fn is_unknown(&self, attribute: &str) -> bool {
        self.unknown.get(attribute) == Some(&Value::Bool(true))
    }

    /// The names of all that it has a value for, be it known or not.
    pub(super) fn names(&self) -> BTreeSet<&'a str> {
        let known = self.values.into_iter().flatten().filter(|(_, value)| !value.is_null());
        let unknown = self.unknown.as_object().into_iter().flatten();
        known.chain(unknown).map(|(name, _)| name.as_str()).collect()
    }

    /// Whether it was written, and not left to AWS. What Terraform does not tell may have been written.
    pub(super) fn is_written(&self, attribute: &str) -> bool {
        match self.written {
            Written::Each(expressions) => expressions.contains_key(attribute),
            Written::Together(_) | Written::Untold => true,
        }
    }

    /// The references of an attribute's expression; of blocks that cannot be told apart, those of all.
    pub(super) fn references(&self, attribute: &str) -> Option<Vec<&'a str>> {
        let mut texts = Vec::new();
        match self.written {
            Written::Each(expressions) => collect(expressions.get(attribute)?, &mut texts),
            Written::Together(expression) => match expression.as_array() {
                Some(blocks) => {
                    blocks.iter().filter_map(|block| block.get(attribute)).for_each(|one| collect(one, &mut texts));
                }
                None => collect(expression, &mut texts),
            },
            Written::Untold => return None,
        }
        Some(texts)
    }

    /// The blocks of a name inside; none if that is wholly unknown.
    pub(super) fn blocks(&self, name: &str) -> Vec<Self> {
        let values = match self.value(name) {
            Some(Value::Array(values)) => values.iter().collect(),
            Some(value @ Value::Object(_)) => vec![value],
            _ => Vec::new(),
        };
        let expressions = match self.written {
            Written::Each(expressions) => expressions.get(name),
            Written::Together(_) | Written::Untold => None,
        };
        let only = values.len() == 1;
        let written = match expressions {
            Some(Value::Array(blocks)) if only && blocks.len() == 1 => blocks.first().and_then(Value::as_object),
            Some(Value::Object(block)) if !block.contains_key("references") => Some(block),
            _ => None,
        };
        let written = match (written, expressions) {
            (Some(block), _) => Written::Each(block),
            (None, Some(expression)) => Written::Together(expression),
            (None, None) => Written::Untold,
        };
        let unknown = |place: usize| match self.unknown.get(name) {
            Some(Value::Array(blocks)) => blocks.get(place).unwrap_or(&Value::Null),
            Some(block @ Value::Object(_)) => block,
            _ => &Value::Null,
        };
        let views = values.into_iter().enumerate();
        views
            .map(|(place, value)| Self { values: value.as_object(), unknown: unknown(place), written, ..*self })
            .collect()
    }

    /// The known strings of a list, and how many of its elements are unknown; `None` if it is so as a whole.
    pub(super) fn elements(&self, attribute: &str) -> Option<(Vec<String>, usize)> {
        if self.is_unknown(attribute) {
            return None;
        }
        let values = self.value(attribute).and_then(Value::as_array);
        let known: BTreeSet<&str> = values.into_iter().flatten().filter_map(Value::as_str).collect();
        let unknown = self.unknown.get(attribute).and_then(Value::as_array).into_iter().flatten();
        let unknown = unknown.filter(|element| **element == Value::Bool(true)).count();
        Some((known.into_iter().map(str::to_owned).collect(), unknown))
    }

    /// Where references that stand in it are to be looked up: the module, and the key that `each` and `count` mean.
    pub(super) fn key(&self) -> Option<&'a Key> {
        self.instance.key.as_ref()
    }
}

/// All references of an expression, or of one inside another.
fn collect<'a>(expression: &'a Value, texts: &mut Vec<&'a str>) {
    let references = expression.get("references").and_then(Value::as_array);
    texts.extend(references.into_iter().flatten().filter_map(Value::as_str));
}
