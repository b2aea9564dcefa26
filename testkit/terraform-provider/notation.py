"""How the schemas are written down: a type and what may be said of it, in one string.

    "string!"            has to be given
    "string?"            may be given
    "string="            the provider says it
    "string?="           may be given, else the provider says it
    "bool? = false"      may be given, else it is this
    "string? in A,B"     may be given, and is one of these
    "set string?"        of a list, a set or a map

A block is a Block. The classes of Terraform's own protocol are made of these by `message`.
"""

import dataclasses
import json
import re

from tf.gen import tfplugin_pb2 as protocol

_SPEC = re.compile(r"(?:(list|set|map) )?(string|number|bool)([!?=]+)(?: = (.+?))?(?: in (\S+))?")
_NESTING = {
    "list": protocol.Schema.NestedBlock.LIST,
    "set": protocol.Schema.NestedBlock.SET,
}


@dataclasses.dataclass(frozen=True)
class Attribute:
    """One attribute: its type as the protocol writes it, who says it, what it is if nobody does."""

    type: object
    required: bool = False
    optional: bool = False
    computed: bool = False
    default: object = None
    values: tuple = ()

    def message(self, name):
        """The attribute as the protocol has it. What has a default is computed as well, or it could not be planned."""
        return protocol.Schema.Attribute(
            name=name,
            type=json.dumps(self.type).encode(),
            required=self.required,
            optional=self.optional,
            computed=self.computed or self.default is not None,
        )


class Block:
    """Attributes and blocks by their names. `nesting` is list or set; `most` and `least` say how many there may be."""

    def __init__(self, nesting="list", most=0, least=0, **members):
        self.nesting, self.most, self.least = nesting, most, least
        self.attributes = {name: attribute(spec) for name, spec in members.items() if not isinstance(spec, Block)}
        self.blocks = {name: spec for name, spec in members.items() if isinstance(spec, Block)}

    def body(self):
        """What is in the block, as the protocol has it."""
        return protocol.Schema.Block(
            attributes=[attribute.message(name) for name, attribute in self.attributes.items()],
            block_types=[
                protocol.Schema.NestedBlock(
                    type_name=name,
                    block=block.body(),
                    nesting=_NESTING[block.nesting],
                    min_items=block.least,
                    max_items=block.most,
                )
                for name, block in self.blocks.items()
            ],
        )

    def message(self):
        """The schema of a resource, a data source or a provider."""
        return protocol.Schema(version=0, block=self.body())


def attribute(spec):
    """An attribute of its notation."""
    if isinstance(spec, Attribute):
        return spec
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise ValueError(f"no notation: {spec}")
    collection, kind, flags, default, values = match.groups()
    return Attribute(
        type=[collection, kind] if collection else kind,
        required="!" in flags,
        optional="?" in flags,
        computed="=" in flags,
        default=default if default is None or kind == "string" else json.loads(default),
        values=tuple(values.split(",")) if values else (),
    )


def objects(collection, optional=False, **members):
    """An attribute that holds objects: what a provider computes as a whole, or lets be written as a block or a value."""
    return Attribute(type=[collection, ["object", members]], optional=optional, computed=True)


def resource(*parts, **members):
    """The schema of a resource: what all have, what `parts` add, and its own members."""
    common = {"id": "string?=", "region": "string?="}
    for part in (*parts, members):
        common.update(part)
    return Block(**{name: spec for name, spec in common.items() if spec is not None})


TAGS = {"tags": "map string?", "tags_all": "map string?="}
ARN = {"arn": "string="}
# IAM, Route 53 and the like are of no region.
GLOBAL = {"region": None}
