import logging
import threading
import warnings

import pytest

from benchmarks.sources.hub_access import first_line, quiet, within


def test_a_value_and_an_error_come_through() -> None:
    assert within(5, lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


def test_what_takes_too_long_is_given_up() -> None:
    late = threading.Event()
    came: list[bool] = []
    with pytest.raises(TimeoutError, match="no answer within 0 s"):
        within(0.05, lambda: came.append(late.wait(30)))
    assert not came  # nobody waited for the answer
    late.set()


def test_libraries_say_nothing_while_it_is_quiet_and_go_on_after(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("huggingface_hub")
    before = logger.level
    with quiet():
        logger.warning("hidden")
        warnings.warn("hidden too", UserWarning, stacklevel=1)
    assert not caplog.records
    assert logger.level == before


def test_an_error_is_one_line() -> None:
    assert first_line(ValueError("one\ntwo")) == "one"
    assert first_line(ValueError()) == "ValueError"
    assert len(first_line(ValueError("x" * 1_000))) == 160
