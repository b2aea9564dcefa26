//! The document as Terraform writes it: instances of resources, what of them is unknown, and the configuration that they come from.
//!
//! Source: Terraform's "JSON Output Format". What is not needed is not read, for these documents are full of secrets.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::TerraformError;
use super::reference::{Key, Step, module_path};

/// One instance of a resource, or of a data source.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) address: String,
    pub(super) module: Vec<Step>,
    pub(super) managed: bool,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) key: Option<Key>,
    pub(super) values: Map<String, Value>,
    /// In the shape of the values: `true` where a value is known after apply.
    pub(super) unknown: Value,
}

/// Values that a change takes away.
#[derive(Debug)]
pub(super) struct Former {
    pub(super) kind: String,
    pub(super) values: Map<String, Value>,
}

/// All that is read of the document.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) instances: Vec<Instance>,
    pub(super) former: Vec<Former>,
    pub(super) configuration: Configuration,
    pub(super) variables: BTreeMap<String, Value>,
    /// Whether something that is configured is not in the plan: it failed, was narrowed with `-target`, or defers changes.
    pub(super) is_partial: bool,
}

#[derive(Deserialize)]
struct Raw {
    values: Option<Values>,
    planned_values: Option<Values>,
    prior_state: Option<State>,
    #[serde(default)]
    resource_changes: Vec<ResourceChange>,
    #[serde(default)]
    configuration: Configuration,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    #[serde(default)]
    errored: bool,
    complete: Option<bool>,
}

#[derive(Deserialize)]
struct Variable {
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
struct State {
    values: Option<Values>,
}

#[derive(Default, Deserialize)]
struct Values {
    root_module: Option<Module>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    address: String,
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    child_modules: Vec<Self>,
}

#[derive(Deserialize)]
struct Resource {
    address: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    index: Option<Key>,
    #[serde(default)]
    values: Option<Map<String, Value>>,
    deposed_key: Option<String>,
}

#[derive(Deserialize)]
struct ResourceChange {
    address: String,
    #[serde(rename = "type")]
    kind: String,
    change: Change,
    deposed: Option<String>,
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    actions: Vec<String>,
    before: Option<Map<String, Value>>,
    #[serde(default)]
    after_unknown: Value,
}

/// What was written in `.tf` files, as far as Terraform tells: expressions as the references they make.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Configuration {
    #[serde(default)]
    pub(super) provider_config: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) root_module: ModuleConfiguration,
}

/// A module, written once however often it is called.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ModuleConfiguration {
    #[serde(default)]
    pub(super) outputs: BTreeMap<String, Output>,
    #[serde(default)]
    pub(super) resources: Vec<ResourceConfiguration>,
    #[serde(default)]
    pub(super) module_calls: BTreeMap<String, ModuleCall>,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, VariableConfiguration>,
}

#[derive(Debug, Deserialize)]
pub(super) struct VariableConfiguration {
    #[serde(default)]
    pub(super) default: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Output {
    #[serde(default)]
    pub(super) expression: Value,
}

/// A resource block.
#[derive(Debug, Deserialize)]
pub(super) struct ResourceConfiguration {
    pub(super) mode: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) expressions: Map<String, Value>,
    #[serde(default)]
    pub(super) for_each_expression: Value,
}

/// A call of a module.
#[derive(Debug, Deserialize)]
pub(super) struct ModuleCall {
    #[serde(default)]
    pub(super) expressions: Map<String, Value>,
    #[serde(default)]
    pub(super) for_each_expression: Value,
    #[serde(default)]
    pub(super) module: ModuleConfiguration,
}

impl Document {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, TerraformError> {
        let raw: Raw = serde_json::from_slice(bytes).map_err(|error| TerraformError::Shape(error.to_string()))?;
        let mut instances = Vec::new();
        let after = raw.planned_values.or(raw.values);
        gather(after, &mut instances, &|_| true);
        let planned: std::collections::BTreeSet<String> =
            instances.iter().map(|instance| instance.address.clone()).collect();
        // What data sources told is in the prior state only, unless they are read during apply.
        let before = raw.prior_state.and_then(|state| state.values);
        gather(before, &mut instances, &|instance| !instance.managed && !planned.contains(&instance.address));
        let mut unknown: BTreeMap<String, Value> = BTreeMap::new();
        let mut former = Vec::new();
        for resource in raw.resource_changes {
            let changes = resource.change.actions.iter().any(|action| action == "delete" || action == "update");
            if let (true, Some(values)) = (changes, resource.change.before) {
                former.push(Former { kind: resource.kind, values });
            }
            if resource.deposed.is_none() {
                unknown.insert(resource.address, resource.change.after_unknown);
            }
        }
        for instance in &mut instances {
            instance.unknown = unknown.remove(&instance.address).unwrap_or_default();
        }
        let variables = raw.variables.into_iter().map(|(name, variable)| (name, variable.value)).collect();
        let is_partial = raw.errored || raw.complete == Some(false);
        Ok(Self { instances, former, configuration: raw.configuration, variables, is_partial })
    }
}

fn gather(values: Option<Values>, instances: &mut Vec<Instance>, wanted: &dyn Fn(&Instance) -> bool) {
    let mut modules: Vec<Module> = values.and_then(|values| values.root_module).into_iter().collect();
    while let Some(module) = modules.pop() {
        let path = module_path(&module.address);
        // A deposed instance is on its way out.
        let lasting = module.resources.into_iter().filter(|resource| resource.deposed_key.is_none());
        let read = lasting.map(|resource| Instance {
            address: resource.address,
            module: path.clone(),
            managed: resource.mode == "managed",
            kind: resource.kind,
            name: resource.name,
            key: resource.index,
            values: resource.values.unwrap_or_default(),
            unknown: Value::Null,
        });
        instances.extend(read.filter(wanted));
        modules.extend(module.child_modules);
    }
}
