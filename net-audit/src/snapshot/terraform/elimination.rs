//! What a local value must be, because it can be nothing else. Terraform tells neither its value nor what it is made of.

use serde_json::Value;

use super::document::Instance;
use super::reference::{Reference, Step};
use super::resolve::listed;
use super::world::{VPC, Wanted, World};

impl World {
    /// An unknown VPC that is named by way of local values only must be the one that the plan makes, if it makes no other in their reach,
    /// and nothing else there whose values could be an id.
    pub(super) fn only_new_vpc(&self, module: &[Step], texts: &[&str], wanted: Wanted) -> Option<String> {
        let references = Reference::of_expression(texts);
        let is_local = |reference: &Reference| matches!(reference, Reference::Local | Reference::Constant);
        if wanted != VPC || !references.iter().all(is_local) {
            return None;
        }
        let reach = self.reach(module);
        let in_reach = self.document.instances.iter().filter(|instance| instance.module.starts_with(reach));
        let changing: Vec<&Instance> = in_reach.filter(|instance| holds_unknown(&instance.unknown)).collect();
        let harmless = ["aws_", "random_", "tls_", "time_"];
        let opaque = |instance: &&Instance| {
            let is_harmless = harmless.iter().any(|prefix| instance.kind.starts_with(prefix));
            !instance.managed || !is_harmless || instance.kind.contains("stack")
        };
        if changing.iter().any(opaque) {
            return None;
        }
        let is_new = |instance: &&&Instance| {
            VPC.contains(&instance.kind.as_str()) && instance.unknown.get("id") == Some(&Value::Bool(true))
        };
        let mut vpcs = changing.iter().filter(is_new);
        let vpc = vpcs.next()?;
        vpcs.next().is_none().then(|| vpc.id())
    }

    /// The module whose resources a local value can be made of: its own, or a caller's if that passes in what is unknown.
    fn reach<'a>(&self, module: &'a [Step]) -> &'a [Step] {
        let mut reach = module;
        while let Some((call, _, caller)) = self.call(reach) {
            let texts: Vec<&str> = call.expressions.values().flat_map(listed).collect();
            if Reference::of_expression(&texts).iter().all(|reference| self.is_known(caller, reference)) {
                break;
            }
            reach = caller;
        }
        reach
    }

    /// Whether a reference is to something that is known before apply.
    fn is_known(&self, module: &[Step], reference: &Reference) -> bool {
        match reference {
            Reference::Iteration | Reference::Constant => true,
            Reference::Variable { name, .. } => match self.call(module) {
                None => true,
                Some((call, _, caller)) => call.expressions.get(name).is_none_or(|expression| {
                    Reference::of_expression(&listed(expression)).iter().all(|one| self.is_known(caller, one))
                }),
            },
            Reference::Resource { managed, kind, name, .. } => {
                let instances = self.block(module, *managed, kind, name);
                !instances.iter().any(|instance| holds_unknown(&instance.unknown))
            }
            Reference::Output { .. } | Reference::Each { .. } | Reference::Local => false,
        }
    }
}

/// Whether anything in it is known after apply only.
pub(super) fn holds_unknown(unknown: &Value) -> bool {
    match unknown {
        Value::Bool(is_unknown) => *is_unknown,
        Value::Array(elements) => elements.iter().any(holds_unknown),
        Value::Object(members) => members.values().any(holds_unknown),
        Value::Null | Value::Number(_) | Value::String(_) => false,
    }
}
