"""A stand-in for hashicorp/aws that needs no account and no network.

It knows the kinds and attributes that examples/terraform uses, and refuses all others, so that the real Terraform validates, plans and
"applies" the example. What AWS would say is unknown in a plan, as with the real provider, and invented in a state.
"""

import sys

import tf.provider
from tf.gen import tfplugin_pb2 as protocol
from tf.gen import tfplugin_pb2_grpc as service
from tf.runner import run_provider
from tf.types import Unknown
from tf.utils import read_dynamic_value, to_dynamic_value

import compute
import documents
import made
import network
import storage
from notation import Block

RESOURCES = {**network.RESOURCES, **compute.RESOURCES, **storage.RESOURCES}
DATA = {**network.DATA, **compute.DATA, **storage.DATA}
PROVIDER = Block(region="string?", default_tags=Block("list", 1, tags="map string?"))


def planned(block, values, region, tags):
    """A resource as it will be: what is not given has its default, or is not known yet."""
    plan = dict(values)
    for name, attribute in block.attributes.items():
        if values[name] is not None:
            continue
        if name == "region":
            plan[name] = region
        elif attribute.default is not None:
            plan[name] = attribute.default
        elif attribute.computed:
            plan[name] = Unknown
    if "tags_all" in plan and plan.get("tags") is not Unknown:
        plan["tags_all"] = {**tags, **(plan["tags"] or {})}
    for name, nested in block.blocks.items():
        if values[name] is not Unknown:
            plan[name] = [planned(nested, value, region, tags) for value in values[name]]
    return plan


def applied(kind, block, plan, identity, region):
    """A resource as AWS made it: nothing is unknown any more."""
    state = {
        name: made.value(kind, name, block.attributes[name], identity, region) if value is Unknown else value
        for name, value in plan.items()
    }
    for name, nested in block.blocks.items():
        state[name] = [applied(kind, nested, value, identity, region) for value in plan[name]]
    return state


def refused(block, config, path=()):
    """Values that are none of those that an attribute may have, each with the path to it."""
    for name, attribute in block.attributes.items():
        value = config[name]
        if attribute.values and isinstance(value, str) and value not in attribute.values:
            yield (*path, name), f"{value} is none of {', '.join(attribute.values)}"
    for name, nested in block.blocks.items():
        for value in config[name] if config[name] is not Unknown else []:
            yield from refused(nested, value, (*path, name))


def diagnostics(block, config):
    """What is wrong with a configuration."""
    return [
        protocol.Diagnostic(severity=protocol.Diagnostic.ERROR, summary=f"Invalid {'.'.join(path)}", detail=detail)
        for path, detail in refused(block, config)
    ]


class Provider(service.ProviderServicer):
    """The provider, as Terraform calls it."""

    def __init__(self, _app):
        self.region, self.tags = None, {}

    def GetMetadata(self, request, context):
        return protocol.GetMetadata.Response(server_capabilities=protocol.ServerCapabilities(get_provider_schema_optional=True))

    def GetProviderSchema(self, request, context):
        return protocol.GetProviderSchema.Response(
            provider=PROVIDER.message(),
            resource_schemas={kind: block.message() for kind, block in RESOURCES.items()},
            data_source_schemas={kind: block.message() for kind, block in DATA.items()},
        )

    def ValidateProviderConfig(self, request, context):
        return protocol.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):
        found = diagnostics(RESOURCES[request.type_name], read_dynamic_value(request.config))
        return protocol.ValidateResourceConfig.Response(diagnostics=found)

    def ValidateDataResourceConfig(self, request, context):
        found = diagnostics(DATA[request.type_name], read_dynamic_value(request.config))
        return protocol.ValidateDataResourceConfig.Response(diagnostics=found)

    def ConfigureProvider(self, request, context):
        config = read_dynamic_value(request.config)
        self.region = config["region"]
        self.tags = next((tags["tags"] for tags in config["default_tags"]), {})
        return protocol.ConfigureProvider.Response()

    def UpgradeResourceState(self, request, context):
        return protocol.UpgradeResourceState.Response(upgraded_state=protocol.DynamicValue(json=request.raw_state.json))

    def ReadResource(self, request, context):
        return protocol.ReadResource.Response(new_state=request.current_state)

    def ReadDataSource(self, request, context):
        kind = request.type_name
        state = documents.read(kind, planned(DATA[kind], read_dynamic_value(request.config), self.region, self.tags), self.region)
        state = applied(kind, DATA[kind], state, state["id"], self.region)
        return protocol.ReadDataSource.Response(state=to_dynamic_value(state))

    def PlanResourceChange(self, request, context):
        values = read_dynamic_value(request.proposed_new_state)
        if values is None:
            return protocol.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        plan = planned(RESOURCES[request.type_name], values, self.region, self.tags)
        return protocol.PlanResourceChange.Response(planned_state=to_dynamic_value(plan))

    def ApplyResourceChange(self, request, context):
        kind, plan = request.type_name, read_dynamic_value(request.planned_state)
        if plan is None:
            return protocol.ApplyResourceChange.Response(new_state=request.planned_state)
        state = applied(kind, RESOURCES[kind], plan, made.identity(kind, plan), self.region)
        return protocol.ApplyResourceChange.Response(new_state=to_dynamic_value(state))

    def StopProvider(self, request, context):
        return protocol.StopProvider.Response()


if __name__ == "__main__":
    # The package brings the handshake and the transport; its own idea of a provider knows neither lists of blocks nor defaults in them.
    tf.provider.ProviderServicer = Provider
    run_provider(None, sys.argv)
