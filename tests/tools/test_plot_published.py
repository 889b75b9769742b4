"""The README's plot is of published figures, and says so."""

from __future__ import annotations

from tools.plot_published import MODELS, points, runs_here


def test_the_best_published_models_and_those_that_run_here() -> None:
    found = points()
    assert len(found) == MODELS == 40
    rates = [one.wer or 0.0 for one in found]
    assert rates == sorted(rates)
    assert not any(one.ours for one in found), "nothing of it was measured here"
    starred = {one.model.removesuffix(" *") for one in found if one.model.endswith(" *")}
    assert starred <= runs_here()
    assert "ibm-granite/granite-speech-4.1-2b-nar" in starred
    assert len(starred) >= 20
