"""Templates compiled once per run: each test makes pages of its own, and compiling theirs would take longer than most
tests do. Loaded with the fixtures; product code that makes an `Environment` needs no change."""

from collections.abc import Iterator
from types import CodeType
from typing import Any

import pytest
from jinja2 import BaseLoader, BytecodeCache, Environment, Template
from jinja2.bccache import Bucket


class CompiledOnce(BytecodeCache):
    """Keeps the compiled code of templates in memory, by file and source."""

    def __init__(self) -> None:
        self._code = dict[tuple[str, str], CodeType]()

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._code[bucket.key, bucket.checksum] = bucket.code


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once() -> Iterator[None]:
    """Every environment of this run uses one cache."""
    compiled, load = CompiledOnce(), BaseLoader.load

    def load_compiled(self: BaseLoader, environment: Environment, name: str, globals: Any = None) -> Template:
        environment.bytecode_cache = environment.bytecode_cache or compiled
        return load(self, environment, name, globals)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseLoader, "load", load_compiled)
        yield
