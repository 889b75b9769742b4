"""What is installed, as a bill of materials: `python -m tools.write_sbom > sbom.json` (CycloneDX 1.5, JSON)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from importlib import metadata
from typing import Any

from harness.version import DISTRIBUTION, VERSION


def component(name: str, version: str, license_: str | None) -> dict[str, Any]:
    """A package of the index, by its purl."""
    normal = re.sub(r"[-_.]+", "-", name).lower()
    purl = f"pkg:pypi/{normal}@{version.replace('+', '%2B')}"
    licenses = {"licenses": [{"license": {"name": license_}}]} if license_ else {}
    return {"type": "library", "bom-ref": purl, "name": normal, "version": version, "purl": purl, **licenses}


def license_of(found: metadata.PackageMetadata) -> str | None:
    """What a package says of its license, in a line; None where it says nothing, or all of its text."""
    said = next((found[name] for name in ("License-Expression", "License") if name in found), "")
    short = said.strip() if "\n" not in said.strip() and len(said) < 100 else ""
    classes = [
        each.rpartition(" :: ")[2] for each in found.get_all("Classifier") or () if each.startswith("License ::")
    ]
    return short or (classes[0] if classes else None)


def bill(distributions: Iterable[metadata.Distribution]) -> dict[str, Any]:
    """The document: this program, and every package beside it."""
    found = {each.metadata["Name"]: each for each in distributions if each.metadata["Name"]}
    parts = [
        component(name, each.version, license_of(each.metadata))
        for name, each in sorted(found.items(), key=lambda item: item[0].lower())
        if name != DISTRIBUTION
    ]
    own = component(DISTRIBUTION, VERSION, "Apache-2.0") | {"type": "application"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": own},
        "components": parts,
    }


if __name__ == "__main__":
    print(json.dumps(bill(metadata.distributions()), indent=1))
