//! What an attribute refers to, if its value is known only after apply.
//!
//! Terraform tells which references an expression makes, not what it does with them. So an answer is given only where there is one
//! thing that the expression can mean; an index that runs along (`count.index`, `each.key`) is taken to mean the same key.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Instance;
use super::elimination::holds_unknown;
use super::reference::{Key, Part, Reference, Step};
use super::world::{UNKNOWN, VPC, View, Wanted, World};

/// References lead through so many modules at most.
const MAX_DEPTH: usize = 32;

/// What an attribute refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    /// It is not set.
    Absent,
    /// This.
    One(String),
    /// One of these.
    Among(BTreeSet<String>),
    /// AWS chooses.
    LeftToAws,
    /// It cannot be told.
    Unknown,
}

/// One thing that a reference may mean.
#[derive(Clone, Debug)]
struct Candidate {
    key: Option<Key>,
    id: String,
    /// Whether it has its id before the plan is applied. Then it is hardly what an unknown value means.
    is_there: bool,
}

/// What references may mean.
#[derive(Debug, Default)]
struct Candidates {
    items: Vec<Candidate>,
    /// How many references they come from.
    sources: usize,
    /// There may be others.
    open: bool,
    /// They cannot be told apart by a key.
    blurred: bool,
}

/// Where references stand.
#[derive(Clone, Copy)]
struct Place<'a> {
    module: &'a [Step],
    key: Option<&'a Key>,
    for_each: Option<&'a Value>,
    /// How many instances the block has, if they are counted: their keys begin with nought.
    siblings: u64,
}

impl View<'_> {
    /// Resolves an attribute that holds one id.
    pub(super) fn resolve(&self, attribute: &str, wanted: Wanted) -> Resolution {
        self.resolve_within(attribute, wanted, 0)
    }

    fn resolve_within(&self, attribute: &str, wanted: Wanted, depth: usize) -> Resolution {
        if let Some(known) = self.known(attribute) {
            return Resolution::One(self.world.adopted.get(&known).cloned().unwrap_or(known));
        }
        if !self.is_unknown(attribute) {
            return Resolution::Absent;
        }
        if !self.is_written(attribute) {
            return Resolution::LeftToAws;
        }
        let Some(texts) = self.references(attribute).filter(|_| !wanted.is_empty()) else { return Resolution::Unknown };
        let candidates = self.world.candidates(self.place(), &texts, &[], wanted, depth);
        let by_elimination =
            candidates.open.then(|| self.world.only_new_vpc(&self.instance.module, &texts, wanted)).flatten();
        if let Some(vpc) = by_elimination {
            return Resolution::One(vpc);
        }
        candidates.resolution()
    }

    fn place(&self) -> Place<'_> {
        let for_each = self.world.configuration(self.instance).map(|resource| &resource.for_each_expression);
        let Instance { module, managed, kind, name, .. } = self.instance;
        let is_counted = matches!(self.key(), Some(Key::Index(_)));
        let siblings = if is_counted { self.world.block(module, *managed, kind, name).len() as u64 } else { 0 };
        Place { module, key: self.key(), for_each, siblings }
    }

    /// The id that an attribute holds, the word for unknown, or nothing if it is not set.
    pub(super) fn text(&self, attribute: &str, wanted: Wanted) -> Option<String> {
        match self.resolve(attribute, wanted) {
            Resolution::Absent => None,
            Resolution::One(id) => Some(id),
            Resolution::Among(_) | Resolution::LeftToAws | Resolution::Unknown => Some(UNKNOWN.to_owned()),
        }
    }

    /// The same, for attributes that are of no account if AWS sets them.
    pub(super) fn written(&self, attribute: &str, wanted: Wanted) -> Option<String> {
        match self.resolve(attribute, wanted) {
            Resolution::LeftToAws => None,
            _ => self.text(attribute, wanted),
        }
    }

    /// The ids that a list holds, the word for unknown in place of those that cannot be told.
    pub(super) fn texts(&self, attribute: &str, wanted: Wanted) -> Vec<String> {
        let Some((mut known, unknown)) = self.elements(attribute) else {
            return if self.is_written(attribute) { vec![UNKNOWN.to_owned()] } else { Vec::new() };
        };
        for id in &mut known {
            if let Some(adopted) = self.world.adopted.get(id) {
                id.clone_from(adopted);
            }
        }
        if unknown == 0 {
            return known;
        }
        let references = self.references(attribute).filter(|_| !wanted.is_empty());
        let resolved = references.map(|texts| {
            let candidates = self.world.candidates(self.place(), &texts, &[], wanted, 0);
            let new = candidates.items.into_iter().filter(|candidate| !candidate.is_there);
            let ids: BTreeSet<String> = new.map(|candidate| candidate.id).collect();
            let others = ids.into_iter().filter(|id| !known.contains(id));
            (others.collect::<Vec<String>>(), candidates.open)
        });
        match resolved {
            Some((others, false)) if others.len() == unknown => known.extend(others),
            _ => known.extend(std::iter::repeat_n(UNKNOWN.to_owned(), unknown)),
        }
        known
    }
}

impl Candidates {
    fn resolution(self) -> Resolution {
        if self.open || self.items.is_empty() {
            return Resolution::Unknown;
        }
        let any_new = self.items.iter().any(|candidate| !candidate.is_there);
        let meant = self.items.into_iter().filter(|candidate| !any_new || !candidate.is_there);
        let ids: BTreeSet<String> = meant.map(|candidate| candidate.id).collect();
        match (ids.len(), ids.first()) {
            (1, Some(id)) if id == UNKNOWN => Resolution::Unknown,
            (1, Some(id)) => Resolution::One(id.clone()),
            _ if ids.contains(UNKNOWN) => Resolution::Unknown,
            _ => Resolution::Among(ids),
        }
    }

    fn add(&mut self, other: Self) {
        self.items.extend(other.items);
        self.sources += other.sources;
        self.open |= other.open;
        self.blurred |= other.blurred;
    }

    /// Picks one by its key, if all come from one reference and have keys.
    fn narrow(&mut self, key: &Key) {
        let found = self.items.iter().find(|candidate| candidate.key.as_ref() == Some(key)).cloned();
        match found {
            Some(found) if self.sources == 1 && !self.blurred => self.items = vec![Candidate { key: None, ..found }],
            _ => self.blurred |= self.items.len() > 1,
        }
    }

    /// Whether they have all keys of something that is counted.
    fn have_keys(&self, count: u64) -> bool {
        let keys: BTreeSet<&Key> = self.items.iter().filter_map(|candidate| candidate.key.as_ref()).collect();
        (0..count).all(|index| keys.contains(&Key::Index(index)))
    }

    fn open() -> Self {
        Self { open: true, ..Self::default() }
    }
}

impl World {
    /// What an expression with these references may mean; `rest` is what is taken of it.
    fn candidates(&self, place: Place<'_>, texts: &[&str], rest: &[Part], wanted: Wanted, depth: usize) -> Candidates {
        if depth > MAX_DEPTH {
            return Candidates::open();
        }
        let mut candidates = Candidates::default();
        let mut runs_along = false;
        for reference in Reference::of_expression(texts) {
            match reference {
                Reference::Iteration => runs_along = true,
                Reference::Constant => {}
                Reference::Each { rest: own } => {
                    let texts = place.for_each.map(listed).unwrap_or_default();
                    let outside = Place { key: None, for_each: None, siblings: 0, ..place };
                    let own: Vec<Part> = own.iter().chain(rest).cloned().collect();
                    let mut each = self.candidates(outside, &texts, &own, wanted, depth + 1);
                    if let Some(key) = place.key {
                        each.narrow(key);
                    }
                    candidates.add(each);
                }
                Reference::Variable { name, rest: own } => {
                    let own: Vec<Part> = own.iter().chain(rest).cloned().collect();
                    candidates.add(self.variable(place.module, &name, &own, wanted, depth));
                }
                Reference::Output { call, key, name: Some(name), rest: own } => {
                    let module: Vec<Step> = place.module.iter().cloned().chain([Step { name: call, key }]).collect();
                    let own: Vec<Part> = own.iter().chain(rest).cloned().collect();
                    candidates.add(self.output(&module, &name, &own, wanted, depth));
                }
                Reference::Local | Reference::Output { name: None, .. } => candidates.open = true,
                Reference::Resource { managed, kind, name, key, rest: own } => {
                    let mut instances = self.block(place.module, managed, &kind, &name);
                    if let Some(key) = key {
                        instances.retain(|instance| instance.key.as_ref() == Some(&key));
                    }
                    let own: Vec<Part> = own.iter().chain(rest).cloned().collect();
                    candidates.add(self.attribute(&instances, &own, wanted, depth));
                }
            }
        }
        if let (true, Some(key)) = (runs_along, place.key) {
            // With more of the one than of the other, the index was calculated with.
            if candidates.have_keys(place.siblings) {
                candidates.narrow(key);
            }
        }
        candidates
    }

    /// What the caller of a module put into a variable.
    fn variable(&self, module: &[Step], name: &str, rest: &[Part], wanted: Wanted, depth: usize) -> Candidates {
        let constant = |value: Option<&Value>| Candidates {
            // What is known cannot be what is unknown, but it may say which of the others is meant; yes or no rarely does.
            blurred: !value.is_some_and(Value::is_boolean),
            ..Candidates::default()
        };
        let Some((call, step, caller)) = self.call(module) else {
            return constant(self.document.variables.get(name));
        };
        let Some(expression) = call.expressions.get(name) else {
            let variables = self.module(module).map(|module| &module.variables);
            return constant(variables.and_then(|variables| variables.get(name)).map(|variable| &variable.default));
        };
        if let Some(value) = expression.get("constant_value") {
            return constant(Some(value));
        }
        let siblings = self.count_of_call(caller, &step.name);
        let for_each = Some(&call.for_each_expression);
        let place = Place { module: caller, key: step.key.as_ref(), for_each, siblings };
        let mut candidates = self.candidates(place, &listed(expression), rest, wanted, depth + 1);
        take_key(&mut candidates, rest);
        candidates
    }

    fn output(&self, module: &[Step], name: &str, rest: &[Part], wanted: Wanted, depth: usize) -> Candidates {
        let configuration = self.module(module);
        let Some(output) = configuration.and_then(|module| module.outputs.get(name)) else {
            return Candidates::open();
        };
        let place = Place { module, key: None, for_each: None, siblings: 0 };
        let mut candidates = self.candidates(place, &listed(&output.expression), rest, wanted, depth + 1);
        take_key(&mut candidates, rest);
        candidates
    }

    /// An attribute of instances, or their ids if none is named.
    fn attribute(&self, instances: &[&Instance], rest: &[Part], wanted: Wanted, depth: usize) -> Candidates {
        let attribute = rest.iter().find_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Key(_) => None,
        });
        let mut candidates = Candidates { sources: usize::from(!instances.is_empty()), ..Candidates::default() };
        for instance in instances {
            let is_wanted = wanted.contains(&instance.kind.as_str());
            let found = match attribute {
                Some("id" | "arn" | "name" | "zone_id" | "allocation_id") | None if is_wanted => {
                    let id = instance.id();
                    Some((id != instance.address, id))
                }
                // An id of another kind, a block or something known decides at most which of the others is meant.
                Some("id" | "arn") => None,
                Some(attribute) if is_no_id(attribute) || !instance.may_change(attribute) => None,
                Some(attribute) if attribute.ends_with("_id") => {
                    self.other(instance, attribute, wanted, depth).map(|id| (false, id))
                }
                None if wanted == VPC => self.other(instance, "vpc_id", wanted, depth).map(|id| (false, id)),
                Some(_) | None => {
                    candidates.open = true;
                    None
                }
            };
            let candidate = found.map(|(is_there, id)| Candidate { key: instance.key.clone(), id, is_there });
            candidates.items.extend(candidate);
        }
        candidates
    }

    fn other(&self, instance: &Instance, attribute: &str, wanted: Wanted, depth: usize) -> Option<String> {
        let view = View::of(self, instance);
        match attribute {
            // A VPC's main table is its default one, as long as no other is made main.
            "main_route_table_id" if view.known(attribute).is_none() => Some(view.made_along("default_route_table_id")),
            "default_route_table_id" if VPC.contains(&instance.kind.as_str()) => Some(view.made_along(attribute)),
            "default_network_acl_id" | "default_security_group_id" => Some(view.made_along(attribute)),
            "spot_instance_id" => Some(view.id()),
            "primary_network_interface_id" | "network_interface_id" => {
                Some(view.known(attribute).unwrap_or_else(|| format!("{}.{attribute}", instance.address)))
            }
            _ => match view.resolve_within(attribute, wanted, depth + 1) {
                Resolution::Absent => None,
                Resolution::One(id) => Some(id),
                Resolution::Among(_) | Resolution::LeftToAws | Resolution::Unknown => Some(UNKNOWN.to_owned()),
            },
        }
    }
}

/// Whether an attribute holds an address or a name, and so no id.
fn is_no_id(attribute: &str) -> bool {
    attribute.contains("cidr") || attribute.ends_with("_ip") || attribute.ends_with("dns_name")
}

/// A key behind an output or a variable picks one of a list or of a map.
fn take_key(candidates: &mut Candidates, rest: &[Part]) {
    if let Some(Part::Key(key)) = rest.first() {
        candidates.narrow(key);
    }
}

pub(super) fn listed(expression: &Value) -> Vec<&str> {
    let references = expression.get("references").and_then(Value::as_array);
    references.into_iter().flatten().filter_map(Value::as_str).collect()
}

impl Instance {
    /// Whether an attribute, or something inside it, is known after apply only.
    fn may_change(&self, attribute: &str) -> bool {
        self.unknown.get(attribute).is_some_and(holds_unknown)
    }
}
