"""What a program prepares once, prepared once in the process of the tests, which asks it a thousand times.

Templates and addresses of pages, which each application would compile anew, and the tree of commands.
"""

from collections.abc import Callable
from functools import cache
from types import CodeType

import typer
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

_builders: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}


class Templates(BytecodeCache):
    """What was compiled of the same source by an environment that reads it in the same way."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get(_key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[_key(bucket)] = bucket.code


def _key(bucket: Bucket) -> tuple[object, ...]:
    reads = bucket.environment
    return bucket.key, bucket.checksum, reads.trim_blocks, reads.lstrip_blocks


class Address(Rule):
    """A rule whose builders, functions of the rule and what fills it, are those of the same rule elsewhere."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = self.rule, *self._trace, *(self.defaults or {}).items(), append_unknown
        if key not in _builders:
            _builders[key] = super()._compile_builder(append_unknown)
        return _builders[key]


def prepare_once() -> None:
    """For every application that is made, and every command that is called, from now on."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}
    Flask.url_rule_class = Address
    typer.main.get_command = cache(typer.main.get_command)
