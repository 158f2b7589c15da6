"""Models that another version of the program has written: told, and learned anew without anybody's help."""

import json
from pathlib import Path

from ml_backend.study import remember_interface, study

from .scenes import PROJECT, SENTIMENT, feed_server, sentiment_rows, serving


def test_models_of_another_format_are_learned_anew(tmp_path: Path) -> None:
    with feed_server(sentiment_rows(60)) as feed:
        outside = serving(tmp_path, sync_url=feed.url)
        remember_interface(outside.registry.folder(PROJECT), SENTIMENT)
        first = study(PROJECT, outside.registry, outside.settings, outside.fetch)
        assert first is not None and first.version == "tiebreak-1"
        assert study(PROJECT, outside.registry, outside.settings, outside.fetch) is None

        place = outside.registry.folder(PROJECT) / "versions" / "tiebreak-1" / "model.json"
        place.write_text(json.dumps({**json.loads(place.read_text()), "format": 1}))
        upgraded = serving(tmp_path, sync_url=feed.url)
        found, problem = upgraded.registry.live(PROJECT)
        assert found is None and problem is not None and "written by another tiebreak-ml (format 1)" in problem
        second = study(PROJECT, upgraded.registry, upgraded.settings, upgraded.fetch)
        assert second is not None and second.version == "tiebreak-2"
        assert upgraded.registry.pointer(PROJECT) == "tiebreak-2"
        assert study(PROJECT, upgraded.registry, upgraded.settings, upgraded.fetch) is None
