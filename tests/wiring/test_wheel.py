"""The wheel, installed alone, brings everything that a page or a migration needs."""

import signal
import subprocess
import sys
import sysconfig
import urllib.error
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from stories.world import free_port, until

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), "."],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_every_file_of_the_package_travels_in_the_wheel(wheel: Path) -> None:
    source = ROOT / "src"
    files = {
        str(path.relative_to(source))
        for path in (source / "clearbill").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        assert files - set(archive.namelist()) == set()


def test_the_wheel_alone_serves_the_demo(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own: the dependencies are ours, the program is the wheel's."""
    python, packages = _environment(tmp_path / "venv")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    port, home = free_port(), tmp_path / "home"
    demo = subprocess.Popen(
        [python, "-m", "clearbill.wiring.main", "demo", "--port", str(port), "--customers", "2"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "CLEARBILL_HOME": str(home)},
    )
    try:
        base = f"http://localhost:{port}"
        until(lambda: _got(f"{base}/readyz", demo), "the demo", seconds=240)
        assert "Sign in" in _got(f"{base}/accounts/login/", demo)
        assert "@layer" in _got(f"{base}/static/clearbill/clearbill.css", demo)
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0


def _environment(folder: Path) -> tuple[Path, Path]:
    """An empty environment that finds our dependencies, but not our source tree.

    A path in a .pth file is searched for packages; .pth files found there are not followed, so
    the editable install of this checkout stays out of reach.
    """
    venv.create(folder, with_pip=False)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python", packages


def _got(address: str, process: subprocess.Popen[bytes]) -> str:
    assert process.poll() is None, "the demo ended by itself"
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own server
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return ""
