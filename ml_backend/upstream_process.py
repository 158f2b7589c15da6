"""The process that a class of label-studio-ml runs in: ``python -m ml_backend.upstream_process NAME``.

It reads a line of JSON a question from its standard input and writes one a reply to its standard output; where the
input ends, it ends. Whatever the class does, breaks or leaves behind, it does here. Only the standard library is
imported, so that it starts at once and has room for the class.
"""

import hashlib
import importlib
import importlib.util
import inspect
import json
import logging
import os
import queue
import sqlite3
import sys
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

MOST = 32
"""Projects whose models are kept; of more, the one that was asked longest ago is set up anew when it is asked again."""

OF_THE_INTERFACE = ("label_config", "parsed_label_config")
"""What their base class keeps of each interface: no part of what was learned."""

log = logging.getLogger(__name__)


class WrongClassError(Exception):
    """A class that cannot be served: says what is wrong with it and what to do."""


def load_class(name: str) -> type[Any]:
    """The class that ``name`` says, as FILE.py:CLASS or MODULE:CLASS. Raises WrongClassError.

    A file's own folder can be imported from, as it can where label-studio-ml starts it.
    """
    try:
        base: type[Any] = importlib.import_module("label_studio_ml.model").LabelStudioMLBase
    except ImportError as error:
        raise WrongClassError(
            f"label-studio-ml cannot be imported ({error}): pip install 'tiebreak[label-studio-ml]'"
        ) from error
    where, _, attribute = name.rpartition(":")
    try:
        module = _from_file(Path(where)) if where.endswith(".py") else importlib.import_module(where)
    except WrongClassError:
        raise
    except BaseException as error:
        log.exception("%s cannot be imported", where)
        hint = "install what it needs, here" if isinstance(error, ImportError) else "the log shows where"
        raise WrongClassError(f"model_class: {where!r} cannot be imported ({_in_words(error)}): {hint}") from error
    found = getattr(module, attribute, None)
    if not (isinstance(found, type) and issubclass(found, base)) or found is base:
        raise WrongClassError(_no_such_class(where, attribute, found, module, base))
    return found


def _from_file(place: Path) -> Any:
    """The module that a file is, named as the file: what it has pickled once knows it by that name."""
    if not place.is_file():
        raise WrongClassError(f"model_class: there is no file {place} (looked in {Path.cwd()})")
    if place.stem in sys.modules:
        raise WrongClassError(f"model_class: {place} has the name of a module that is in use: rename the file")
    sys.path.insert(0, str(place.resolve().parent))
    spec = importlib.util.spec_from_file_location(place.stem, place.resolve())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[place.stem] = module
    spec.loader.exec_module(module)
    return module


def _no_such_class(where: str, attribute: str, found: object, module: Any, base: type[Any]) -> str:
    classes = [one for one in vars(module).values() if inspect.isclass(one) and issubclass(one, base)]
    there = ", ".join(one.__name__ for one in classes if one is not base) or "none"
    what = "is no subclass of label_studio_ml's LabelStudioMLBase" if found is not None else "is not there"
    return f"model_class: {attribute!r} of {where!r} {what}; such classes in it: {there}"


@dataclass
class Performer:
    """The class at work: its models, one a project, each set up once.

    ``state`` is the folder that it keeps what it has learned in.
    """

    model_class: Callable[..., Any]
    state: Path
    most: int = MOST
    _models: OrderedDict[str, tuple[str, Any]] = field(default_factory=OrderedDict, init=False)

    def predict(self, asked: Mapping[str, Any]) -> Any:
        """What the class predicts, as a list that JSON can hold."""
        response = self._model(asked).predict(asked["tasks"], context=asked["context"])
        return listed(response)

    def fit(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Let it learn; its version, and whether what it has learned is anything new."""
        model = self._model(asked)
        before = self._learned(model)
        event = dict(asked["event"])
        model.fit(event.pop("action"), event)
        return {"version": str(model.model_version), "changed": self._learned(model) != before}

    def version(self, asked: Mapping[str, Any]) -> str:
        """Its version, after it was set up."""
        return str(self._model(asked).model_version)

    def _model(self, asked: Mapping[str, Any]) -> Any:
        """The project's model; another interface makes it anew."""
        project, label_config = asked["project"], asked["label_config"]
        known = self._models.get(project)
        if known is None or known[0] != label_config:
            number = project.partition(".")[0]
            known = label_config, self.model_class(project_id=number, label_config=label_config)
            self._models[project] = known
            while len(self._models) > self.most:
                self._models.popitem(last=False)
        self._models.move_to_end(project)
        return known[1]

    def _learned(self, model: Any) -> str:
        """What stands for everything that it keeps of what it has learned: its version, its cache, its files."""
        seen = hashlib.sha256(repr((str(model.model_version), *self._kept(str(model.project_id)))).encode())
        return seen.hexdigest()

    def _kept(self, project: str) -> Iterator[object]:
        for place in sorted(self.state.rglob("*")):
            if place.name == "cache.db":
                yield from _rows(place, project)
            elif place.is_file() and not place.name.startswith("cache.db-"):
                stat = place.stat()
                yield str(place), stat.st_size, stat.st_mtime_ns


def _rows(place: Path, project: str) -> list[Any]:
    with closing(sqlite3.connect(place)) as connection:
        asked = "SELECT key, value FROM cache WHERE project_id = ? ORDER BY key"
        return [row for row in connection.execute(asked, (project,)) if row[0] not in OF_THE_INTERFACE]


def listed(response: Any) -> list[Any]:
    """Their several kinds of response as one list: a ModelResponse, a dict that holds ``predictions``, a list, null.

    >>> listed({"predictions": [1]}), listed(None), listed((2,))
    ([1], [], [2])
    """
    if hasattr(response, "model_dump"):
        response = response.model_dump()
    if isinstance(response, Mapping):
        response = response.get("predictions")
    if response is None:
        return []
    if not isinstance(response, Sequence) or isinstance(response, str | bytes):
        raise TypeError(f"predict gave {type(response).__name__}, not a list of predictions")
    return list(response)


def _plain(value: Any) -> Any:
    """What JSON does not know: their pydantic objects, and numpy's numbers and arrays."""
    for name in ("model_dump", "tolist"):
        if hasattr(value, name):
            return getattr(value, name)()
    raise TypeError(f"a prediction holds {type(value).__name__}, which JSON cannot")


def _in_words(error: BaseException) -> str:
    said = str(error)
    return f"{type(error).__name__}: {said[:300]}" if said else type(error).__name__


def _where(error: BaseException) -> str:
    """The line that raised it."""
    raised = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(raised.filename).name}, line {raised.lineno}"


def answer(performer: Performer, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The reply to one question: what was ``told``, or the ``error`` of the class, whichever it raised."""
    number = asked["number"]
    if asked["until"] < time.time():
        return {"number": number, "error": "nobody waits for it any more"}
    does = {"predict": performer.predict, "fit": performer.fit, "version": performer.version}[asked["do"]]
    try:
        told = does(asked)
        json.dumps(told, default=_plain)
    except BaseException as error:  # whatever somebody else's class raises, SystemExit too
        if asked["do"] != "predict":  # of which there are many: whoever asks says it once an hour
            log.error("%s failed", asked["do"], exc_info=error)
        return {"number": number, "error": f"{_in_words(error)} ({_where(error)})"}
    return {"number": number, "told": told}


def main() -> None:
    """Answer; end at once, since a thread still reads questions, over which Python's own end stumbles."""
    try:
        _answer_all()
    except BrokenPipeError:  # whoever asked has died
        pass
    except Exception:  # the edge of the process
        log.exception("the process of the class ends")
    finally:
        logging.shutdown()
        os._exit(0)


def _answer_all() -> None:
    """Load, say so, answer until the input ends."""
    questions, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # what the class reads or closes is not ours
    os.dup2(2, 1)  # whatever it prints goes to the log
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    def tell(reply: Mapping[str, Any]) -> None:
        out.write(json.dumps(reply, default=_plain) + "\n")
        out.flush()

    asked: queue.Queue[Mapping[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(questions, asked), daemon=True).start()
    try:
        state = Path(os.environ["MODEL_DIR"])
        state.mkdir(parents=True, exist_ok=True)
        performer = Performer(load_class(sys.argv[1]), state)
    except WrongClassError as error:
        tell({"number": 0, "error": str(error)})
        return
    tell({"number": 0, "told": None})
    while True:
        tell(answer(performer, asked.get()))


def _listen(stream: IO[bytes], asked: queue.Queue[Mapping[str, Any]]) -> None:
    """Take questions as they come, so that nobody has to wait to ask; where the input ends all ends, at any moment."""
    for line in stream:
        asked.put(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    main()
