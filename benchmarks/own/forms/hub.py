"""A data set of the hub, by its address."""

from __future__ import annotations

from benchmarks.own.address import FORM as ADDRESS
from benchmarks.own.address import is_address
from benchmarks.own.form import Form
from benchmarks.own.hub import hub_items, state

FORM = Form(
    name="hub",
    title=f"a data set of the hub ({ADDRESS})",
    rank=10,
    recognizes=is_address,
    items=hub_items,
    once=True,
    state=state,
)
