"""What pyproject.toml cannot say: the published figures go below `harness`; a top-level `results` is nobody's wish."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FIGURES = Path("results") / "published"


class Build(build_py):
    """Builds the packages, and puts the figures beside them."""

    def run(self) -> None:
        """Copies all; an editable installation reads the figures where they are."""
        super().run()
        if not self.editable_mode:
            into = Path(self.build_lib) / "harness" / FIGURES
            self.mkpath(str(into))
            for file in [*sorted(FIGURES.glob("*.csv")), FIGURES / "README.md"]:
                self.copy_file(str(file), str(into / file.name))


setup(cmdclass={"build_py": Build})
