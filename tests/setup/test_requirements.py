"""What is stated, what is pinned, what is imported and what is installed fit together."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("label_config", "sync", "ml_backend")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STATED = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRAS = {name: [Requirement(text) for text in texts] for name, texts in PROJECT["optional-dependencies"].items()}
FILES = ("runtime", "dev", "label-studio", "sync", "ml-backend")
REGISTRY = re.compile(r"(--(extra-)?index-url|--find[-]links|\bindex-url *=|py" + r"pi\.|pythonhosted\.|npm" + r"js\.)")


def lines(name: str) -> list[str]:
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pins(name: str) -> dict[str, Version]:
    pairs = (line.split("==") for line in lines(name) if line != "-r runtime.txt")
    return {canonicalize_name(distribution): Version(version) for distribution, version in pairs}


def committed() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git clone: what is committed cannot be told")
    return [name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_has_one_exact_version_and_no_address(name: str) -> None:
    exact = re.compile(r"[A-Za-z0-9][\w.-]*==[0-9][\w.]*")
    assert [line for line in lines(name) if not exact.fullmatch(line) and line != "-r runtime.txt"] == []
    names = [canonicalize_name(line.split("==")[0]) for line in lines(name)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("stated", [*STATED, *EXTRAS["postgresql"]], ids=str)
def test_the_pinned_version_is_in_the_stated_range(stated: Requirement) -> None:
    pinned = pins("runtime").get(canonicalize_name(stated.name))
    assert pinned is not None, f"requirements/runtime.txt has no {stated.name}"
    assert pinned in stated.specifier
    assert stated.specifier, f"pyproject.toml states no range for {stated.name}"


def test_torch_is_the_version_that_was_measured() -> None:
    assert pins("runtime")["torch"] == Version("2.13.0")


def test_label_studio_is_the_version_that_the_demo_names() -> None:
    from sync.demo.embedded import VERSION

    assert pins("label-studio")["label-studio"] == Version(VERSION)


def test_the_upstream_extra_is_a_fixed_commit() -> None:
    (upstream,) = EXTRAS["label-studio-ml"]
    assert re.fullmatch(
        r"git\+https://github\.com/HumanSignal/label-studio-ml-backend\.git@[0-9a-f]{40}", upstream.url or ""
    )


def test_what_is_installed_is_what_is_pinned() -> None:
    wanted = pins("runtime") | pins("dev")
    installed = {name: Version(Version(importlib.metadata.version(name)).public) for name in wanted}
    assert installed == wanted


def imported() -> Iterator[tuple[str, str]]:
    """(file, distribution) of every import from another project."""
    owners = importlib.metadata.packages_distributions()
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and not node.level:
                    modules = [node.module or ""]
                elif isinstance(node, ast.Import):
                    modules = [name.name for name in node.names]
                else:
                    continue
                for module in {module.partition(".")[0] for module in modules}:
                    if module not in sys.stdlib_module_names and module not in PACKAGES:
                        (owner,) = set(owners.get(module, [module.replace("_", "-")]))
                        yield str(file.relative_to(ROOT)), canonicalize_name(owner)


def test_every_import_is_stated() -> None:
    stated = {canonicalize_name(one.name) for one in (*STATED, *(one for extra in EXTRAS.values() for one in extra))}
    assert sorted(found for found in imported() if found[1] not in stated) == []


def test_no_committed_file_names_a_package_registry() -> None:
    found = []
    for name in committed():
        text = (ROOT / name).read_bytes().decode("utf-8", errors="ignore")
        found += [f"{name}: {match.group()}" for match in REGISTRY.finditer(text)]
    assert found == []


def test_no_secret_and_no_environment_can_be_committed_by_accident() -> None:
    names = [".venv/x", ".venv-label-studio/x", ".cache/x", "tiebreak.toml", "tiebreak-demo/x", ".env", "a.sqlite3-wal"]
    names.append("docker/secrets/secret")
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode > 1:
        pytest.skip("this is no git clone: what git ignores cannot be told")
    assert done.stdout.splitlines() == names
