"""The architecture as rules over the syntax tree of every file: each gives what a file breaks, in words.

label_config <- sync.quality <- sync | ml_backend, and the two services never import each other. Some folders are
pure: they do no IO, read no clock and no environment, and own no random state.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGES = ("label_config", "sync", "ml_backend", "tests", "benchmarks")

MAY_IMPORT = {
    "label_config": ("label_config",),
    "sync.quality": ("sync.quality", "label_config"),
    "sync": ("sync", "label_config"),
    "ml_backend": ("ml_backend", "sync.quality", "label_config"),
}
"""Part -> our parts that it may import; the longest name that fits a module is its part. Tests may import all."""

FENCED = {
    "label_studio_sdk": ("sync.labelstudio",),
    "httpx": ("sync.labelstudio",),
    "label_studio_ml": ("ml_backend.upstream",),
}
"""Library -> the only modules of ours that may import it."""

PURE = (
    "label_config",
    "sync.quality",
    "ml_backend.uncertainty",
    "ml_backend.calibration",
    "ml_backend.certainty.confidence",
    "ml_backend.certainty.reliability",
    "ml_backend.quality",
    "ml_backend.certainty.conformal",
    "ml_backend.certainty.fusion",
    "ml_backend.certainty.belief",
    "ml_backend.certainty",
    "ml_backend.learners.calibrating",
    "ml_backend.learners.choice",
    "ml_backend.lessons.publishing",
    "ml_backend.exports.evaluation",
    "ml_backend.exports.figures",
    "ml_backend.exports.numbers",
    "ml_backend.acquisition",
    "ml_backend.likeness",
    "ml_backend.ranking",
    "ml_backend.spans",
    "ml_backend.encoders.hashing",
    "ml_backend.worth.stopping",
    "ml_backend.worth.proof",
    "ml_backend.notes",
    "ml_backend.reasons",
    "ml_backend.questions",
    "ml_backend.upstream.answers",
    "ml_backend.upstream.calibrating",
)
READS_ITSELF = "label_config.templates"
"""The one module of a pure part that reads files: those of its own package, which are as constant as its code."""

OUTSIDE = frozenset(
    """aiohttp asyncio builtins fileinput flask ftplib getpass glob http httpx importlib io joblib logging
    multiprocessing os pathlib platform random requests secrets select shutil signal smtplib socket sqlalchemy sqlite3
    ssl subprocess sys tempfile threading time urllib uuid""".split()
)
"""Modules that are the outside world, or a way to it."""
IN_MEMORY = frozenset({"io.BytesIO"})
"""What of them is only memory."""
OUTSIDE_CALLS = frozenset("open input print exec eval compile __import__".split())
OUTSIDE_METHODS = frozenset(
    """now utcnow today environ getenv open read_text read_bytes write_text write_bytes tofile fromfile genfromtxt
    loadtxt savetxt memmap""".split()
)
PICKLES = frozenset("pickle cPickle _pickle cloudpickle dill joblib marshal shelve".split())
VAGUE_FILES = frozenset("utils util helpers helper core common misc manager service handler".split())
VAGUE_WORDS = ("Manager", "Handler", "Helper")


@dataclass(frozen=True)
class Module:
    """A file of ours: its dotted name, whether it is a package's __init__, and its syntax tree."""

    name: str
    path: Path
    package: bool
    tree: ast.Module

    def within(self, *parts: str) -> bool:
        return any(self.name == part or self.name.startswith(f"{part}.") for part in parts)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All of the tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """Dotted names that are imported anywhere in the file, sorted; ``from a import b`` gives a.b."""
        return tuple(sorted(set(self._imports())))

    def _imports(self) -> Iterator[str]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                start = self._from(node.level) if node.level else []
                source = ".".join([*start, *([node.module] if node.module else [])])
                yield from (f"{source}.{alias.name}" for alias in node.names)

    def _from(self, level: int) -> list[str]:
        parts = self.name.split(".")
        return parts[: len(parts) - level + self.package]


def modules(root: Path) -> Iterator[Module]:
    """Every Python file of ours below ``root``."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            yield Module(name, path, is_package, ast.parse(path.read_text(encoding="utf-8")))


def violations(modules: Iterable[Module]) -> list[str]:
    """Everything that the modules break, as "module: what"."""
    return [f"{module.name}: {what}" for module in modules for rule in RULES for what in rule(module)]


def imports_point_one_way(module: Module) -> Iterator[str]:
    part = max((part for part in MAY_IMPORT if module.within(part)), key=len, default=None)
    if part is None:
        return
    for name in module.imports:
        ours = name.split(".")[0] in PACKAGES
        if ours and not any(name == allowed or name.startswith(f"{allowed}.") for allowed in MAY_IMPORT[part]):
            yield f"imports {name}"


def libraries_stay_behind_their_fences(module: Module) -> Iterator[str]:
    if module.within("tests", "benchmarks"):
        return
    for library in sorted({name.split(".")[0] for name in module.imports} & FENCED.keys()):
        if not module.within(*FENCED[library]):
            yield f"imports {library}, which only {', '.join(FENCED[library])} may"


def pure_parts_are_pure(module: Module) -> Iterator[str]:
    if not module.within(*PURE):
        return
    own = module.name == READS_ITSELF
    for name in module.imports:
        if (own and name == "importlib.resources.files") or name in IN_MEMORY:
            continue
        if name.split(".")[0] in OUTSIDE or _is_random_state(name):
            yield f"is pure and imports {name}"
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OUTSIDE_CALLS:
            yield f"is pure and calls {node.func.id}"
        if isinstance(node, ast.Attribute):
            dotted = _dotted(node)
            if (node.attr in OUTSIDE_METHODS and not own) or _is_random_state(dotted):
                yield f"is pure and uses {dotted}"


def _dotted(node: ast.expr) -> str:
    """a.b.c as it is written; what stands before the dots may be any expression: it is left out."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is_random_state(dotted: str) -> bool:
    """numpy.random and what is in it, but for the type of a generator that is handed in."""
    parts = dotted.split(".")
    return parts[0] in ("np", "numpy") and parts[1:2] == ["random"] and parts[2:3] not in ([], ["Generator"])


def nothing_is_pickled(module: Module) -> Iterator[str]:
    for name in sorted({name.split(".")[0] for name in module.imports} & PICKLES):
        yield f"imports {name}"
    for node in module.nodes:
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
            yield "allows pickles to be loaded"
        if isinstance(node, ast.Call) and _dotted(node.func) in ("torch.load", "torch.save"):
            yield f"calls {_dotted(node.func)}, which pickles"


def nothing_is_mocked(module: Module) -> Iterator[str]:
    for name in module.imports:
        if name.split(".")[0] in ("mock", "pytest_mock") or name.startswith("unittest.mock"):
            yield f"imports {name}"
    for node in module.nodes:
        if isinstance(node, ast.arg) and node.arg == "mocker":
            yield "takes mocker"


def names_say_what_things_are(module: Module) -> Iterator[str]:
    last = module.name.rpartition(".")[2]
    if last in VAGUE_FILES:
        yield f"a file named {last} says nothing"
    for node in module.nodes:
        if isinstance(node, ast.ClassDef):
            yield from (f"class {node.name}: {word} says nothing" for word in VAGUE_WORDS if word in node.name)


def sync_itself_is_empty(module: Module) -> Iterator[str]:
    if module.name == "sync" and module.tree.body:
        yield "must be empty: importing sync.quality would pull the service in"


RULES: tuple[Callable[[Module], Iterator[str]], ...] = (
    imports_point_one_way,
    libraries_stay_behind_their_fences,
    pure_parts_are_pure,
    nothing_is_pickled,
    nothing_is_mocked,
    names_say_what_things_are,
    sync_itself_is_empty,
)
