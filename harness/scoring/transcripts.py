"""Predictions from NIST trn and Kaldi text files: a reference file, and a file a system."""

from collections.abc import Iterable
from pathlib import Path

from benchmarks.languages import primary_subtag
from harness.errors import DataError, UsageError
from harness.records.journal import Line
from harness.scoring.interchange import read_kaldi_text, read_trn
from harness.scoring.predictions import Predictions, System


def read_transcripts(reference: Path, hypotheses: Iterable[Path], language: str | None = None) -> list[System]:
    """One system a hypothesis file, called after it; the benchmark is called after the reference file.

    A file whose name ends in ``.trn`` is NIST trn, any other is Kaldi's text. An utterance that a system has no line
    for is one that it failed on. The session is what stands before the first dash of a label, as for sclite's
    ``-i spu_id``, if every label has one and they tell several sessions, some of them of several utterances; else it
    is not known. Of files with the same name, the later ones are called by their path.

    Raises:
        UsageError: a file is given twice.
        DataError: a file cannot be read or is not what its name says, or holds utterances that the reference does not.
    """
    spoken = primary_subtag(language) if language else "en"
    references = _read(reference)
    sessions = _sessions(references)
    systems: list[System] = []
    for path in hypotheses:
        found = _read(path)
        unknown = [name for name in found if name not in references]
        if unknown:
            more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            raise DataError(f"{path}: {unknown[0]!r}{more} is not in {reference}; is it the reference of this file?")
        rows = [
            Line(
                id=name,
                reference=text,
                hypothesis=found.get(name),
                session=sessions.get(name),
                error=None if name in found else f"no line in {path.name}",
            )
            for name, text in references.items()
        ]
        benchmark = reference.name.removesuffix(".trn").removesuffix(".ref")
        model = path.name.removesuffix(".trn").removeprefix(f"{benchmark}.")
        names = {system.model for system in systems}
        model = str(path) if model in names else model
        if model in names:
            raise UsageError(f"{path} is given twice; a system can only be compared with another one")
        one = Predictions(benchmark=benchmark, language=spoken, rows=rows, source=path)
        systems.append(System(model=model, benchmarks=[one]))
    return systems


def _read(path: Path) -> dict[str, str]:
    texts = read_trn(path) if path.suffix == ".trn" else read_kaldi_text(path)
    if not texts:
        raise DataError(f"{path} is empty; expected a transcript a line")
    return texts


def _sessions(labels: Iterable[str]) -> dict[str, str]:
    """Label to session; nothing where the labels do not look as if they told one."""
    found = {name: name.split("-", 1)[0] for name in labels if "-" in name}
    count = len(set(found.values()))
    return found if 1 < count < len(found) == len(list(labels)) else {}
