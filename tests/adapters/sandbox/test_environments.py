"""Code that needs packages: an environment that a task names, on every tier that works here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox, docker
from fractal_rmo.adapters.sandbox.environments import environment_of
from fractal_rmo.adapters.sandbox.zygote_process import ZygoteKey
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.run import RunEnding, Runner, Runtime, Tier
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Outcome, Verdict
from fractal_rmo.services.drive import drive
from fractal_rmo.validation.integration.level import integration_level
from fractal_rmo.validation.subject import Subject
from fractal_rmo.validation.unit.level import unit_level
from tests.adapters.sandbox.conftest import Trials

pytestmark = pytest.mark.thorough
CODE = "import measures\n\n\ndef double(x):\n    return measures.times(x, 2)\n"
TESTS = "from solution import double\n\n\ndef test_it():\n    assert double(4) == 8\n"


@pytest.fixture(scope="session")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with one package, and with what would run by itself in an ordinary start."""
    folder = tmp_path_factory.mktemp("a project") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    site = next(folder.glob("lib/python3*/site-packages"))
    (site / "measures").mkdir()
    (site / "measures" / "__init__.py").write_text("def times(x, y):\n    return x * y\n")
    intruder = f"open({str(folder / 'intruded')!r}, 'w').close()"
    (site / "x.pth").write_text(f"import sys; {intruder}\n")
    (site / "sitecustomize.py").write_text(intruder)
    (site / "plugin.py").write_text(intruder)
    described = site / "intruder-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: intruder\nVersion: 1.0\n")
    groups = ("hypothesis", "pytest11", "console_scripts")
    points = "".join(f"[{group}]\nintruder = plugin\n" for group in groups)
    (described / "entry_points.txt").write_text(points)
    (site / "json.py").write_text(intruder)
    return folder


def judged(run: Runner, code: str = CODE, tests: str = TESTS) -> Verdict:
    """What level 3 says."""
    files = SourceTree({"solution.py": code}), SourceTree({"test_solution.py": tests})
    return drive(unit_level(Subject(*files)), run)


def test_code_is_proven_with_the_packages_of_a_named_environment(
    sandbox: ZygoteSandbox, venv: Path
) -> None:
    with sandbox.session(str(venv / "bin" / "python")) as run:
        verdict = judged(run)
    assert verdict.outcome is Outcome.PASSED, verdict
    assert not verdict.shared_process
    assert not (venv / "intruded").exists()


def test_modules_import_from_outside_with_these_packages_and_no_others(
    sandbox: ZygoteSandbox, venv: Path
) -> None:
    files = {"a.py": "import json, measures\njson.dumps(measures.times(1, 2))\n"}
    with sandbox.session(str(venv / "bin" / "python")) as run:
        passed = drive(integration_level(Subject(SourceTree(files), SourceTree())), run)
        lacking = {"b.py": "import pytest\n"}
        missing = drive(integration_level(Subject(SourceTree(lacking), SourceTree())), run)
    assert passed.outcome is Outcome.PASSED, passed
    assert (missing.outcome, "'pytest'" in missing.summary) == (Outcome.ERROR, True), missing
    assert not (venv / "intruded").exists()


def test_tests_find_them_as_well(sandbox: ZygoteSandbox, venv: Path) -> None:
    with sandbox.session(str(venv / "bin" / "python")) as run:
        verdict = judged(run, tests=f"import measures\n{TESTS}    assert measures.times(2, 2) == 4")
    assert verdict.outcome is Outcome.PASSED, verdict


def test_without_it_the_missing_package_is_named(sandbox: ZygoteSandbox) -> None:
    with sandbox.session() as run:
        verdict = judged(run)
    assert verdict.outcome is Outcome.ERROR
    assert "'measures'" in verdict.summary
    assert "--python" in verdict.summary


def test_it_can_be_read_and_not_written(sandbox: ZygoteSandbox, venv: Path) -> None:
    if sandbox.tier is Tier.RLIMITS:
        pytest.skip("this tier cannot hide or protect files, and says so")
    file = venv / "planted"
    with sandbox.session(str(venv / "bin" / "python")) as run:
        said = Trials(run).words(f"""
            import measures
            from pathlib import Path
            folder = Path(measures.__file__).parent
            for file in (folder / "__init__.py", folder / "new.py", Path({str(file)!r})):
                try:
                    file.write_text("x = 1")
                except OSError:
                    continue
                raise AssertionError(file)
            raise AssertionError("kept")
        """)
    assert said == "kept"
    assert not file.exists()


def test_our_own_packages_are_not_among_those_of_another_environment(
    sandbox: ZygoteSandbox, venv: Path
) -> None:
    with sandbox.session(str(venv / "bin" / "python")) as run:
        result = Trials(run).body("import sqlalchemy", runtime=Runtime.THICK)
    assert result.ending is RunEnding.COMPLETED, result
    assert "sqlalchemy" in str(result.value)
    assert "ModuleNotFoundError" in str(result.value)


def test_compiled_packages_load(sandbox: ZygoteSandbox) -> None:
    code = "from markupsafe._speedups import _escape_inner as escape\n"
    tests = "from solution import escape\n\n\ndef test_it():\n    assert escape('<') == '&lt;'\n"
    with sandbox.session(sys.executable) as run:
        verdict = judged(run, code, tests)
    assert verdict.outcome is Outcome.PASSED, verdict


def test_a_task_without_packages_is_judged_beside_one_with(
    sandbox: ZygoteSandbox, venv: Path
) -> None:
    python = str(venv / "bin" / "python")
    with sandbox.session(python) as run, sandbox.session() as plain:
        assert judged(run).outcome is Outcome.PASSED
        assert judged(plain).outcome is Outcome.ERROR


@pytest.mark.parametrize("minor", [11, 12, 13, 14])
def test_an_interpreter_of_another_minor_version_is_used(minor: int) -> None:
    found = [*Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3.{minor}")]
    python = shutil.which(f"python3.{minor}", path="/usr/bin:/usr/local/bin") or next(
        map(str, found), None
    )
    if python is None:
        pytest.skip(f"this machine has no Python 3.{minor}")
    sandbox = ZygoteSandbox()
    try:
        with sandbox.session(python) as run:
            verdict = judged(
                run,
                "import sys\n\n\ndef double(x):\n    return sys.version_info[1]\n",
                TESTS.replace("double(4) == 8", f"double(4) == {minor}"),
            )
    finally:
        sandbox.close()
    assert verdict.outcome is Outcome.PASSED, verdict
    assert verdict.tools["python"].startswith(f"3.{minor}.")


@pytest.mark.slow
def test_zygotes_of_environments_nobody_uses_are_ended(tmp_path: Path) -> None:
    sandbox = ZygoteSandbox(Tier.RLIMITS)
    try:
        for name in "abcd":
            link = tmp_path / name
            link.symlink_to(sys.executable)
            with sandbox.session(str(link)) as run:
                assert judged(run, "def double(x):\n    return 2 * x\n").outcome is Outcome.PASSED
        with sandbox.session(), sandbox.session(str(tmp_path / "d")):
            kept = {k.environment.python for k in sandbox._zygotes if k.environment.foreign}
        assert kept == {str(tmp_path / name) for name in "cd"}
    finally:
        sandbox.close()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("absent", None, "No such file"),
        ("no-python", "#!/bin/sh\necho 4\n", "does not answer as a Python"),
        ("text", "x", "does not answer as a Python"),
        (
            "old",
            '#!/bin/sh\necho \'[[3, 9], ["/o", "/o"], [], []]\'\n',
            "Python 3.9; 3.11 or later",
        ),
        ("endless", "#!/bin/sh\nexit 3\n", "does not answer as a Python"),
    ],
)
def test_what_is_no_usable_interpreter_is_refused(
    tmp_path: Path, name: str, text: str | None, said: str
) -> None:
    python = tmp_path / name
    if text is not None:
        python.write_text(text)
        python.chmod(0o755)
    with pytest.raises(InputError, match=said) as refused:
        environment_of(str(python))
    assert refused.value.code is ErrorCode.BAD_PYTHON


@pytest.mark.parametrize("what", [".", "bin", "pyvenv.cfg"])
def test_an_environment_that_others_can_write_to_is_refused(venv: Path, what: str) -> None:
    python, part = str(venv / "bin" / "python"), venv / what
    mode = part.stat().st_mode
    part.chmod(0o777)
    try:
        with pytest.raises(InputError, match="written by another user"):
            environment_of(python)
    finally:
        part.chmod(mode)
    assert environment_of(python).foreign


def test_a_project_that_is_its_own_environment_shows_no_more_than_that(venv: Path) -> None:
    secret = venv / "secret.txt"
    secret.write_text("x")
    shown = environment_of(str(venv / "bin" / "python")).shown
    assert not any(path == str(venv) or path == str(secret) for path in shown)
    assert str(venv / "lib") in shown


def test_only_allowed_interpreters_are_taken_where_there_is_a_list() -> None:
    with pytest.raises(InputError, match="not among the interpreters allowed here: /a/python"):
        environment_of(sys.executable, ["/a/python"])
    assert environment_of(sys.executable, [sys.executable]).python == sys.executable
    assert not environment_of("", []).foreign


def test_a_changed_environment_is_examined_anew(venv: Path) -> None:
    python = str(venv / "bin" / "python")
    configuration = venv / "pyvenv.cfg"
    text = configuration.read_text()
    before = environment_of(python)
    try:
        shared = text.replace("packages = false", "packages = true")
        assert shared != text
        configuration.write_text(shared)
        assert len(environment_of(python).folders) > len(before.folders)
    finally:
        configuration.write_text(text)


def test_a_container_has_the_minor_version_and_the_packages_of_the_environment(venv: Path) -> None:
    environment = environment_of(str(venv / "bin" / "python"))
    key = ZygoteKey(Runtime.THIN, Tier.DOCKER, 0, environment)
    words = docker.command(key, docker.usual_image(environment.version), "x", "/tmp/door")
    assert (
        f'type=bind,"source={environment.folders[0]}",target=/opt/fractal/site0,readonly' in words
    )
    assert '"tools": [], "site": ["/opt/fractal/site0"]' in words[-1]
    assert docker.usual_image((3, 12)) == "python:3.12-slim"
