from __future__ import annotations

from pathlib import Path

import pytest

from fractal_rmo.adapters.embedded.paths import LONGEST_SOCKET_PATH, StatePaths
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError


def test_addresses_depend_on_the_root_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = StatePaths(tmp_path / "state")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("HOME", raising=False)
    after = StatePaths(tmp_path / "state")
    assert (before.database_url, before.redis_url) == (after.database_url, after.redis_url)


def test_two_names_of_one_folder_give_one_address(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert StatePaths(tmp_path / "link") == StatePaths(tmp_path / "real")


@pytest.mark.parametrize("name", ["a b", "x" * 120, "it's", 'say "no"', "$HOME", "ä", "100%"])
def test_an_awkward_root_gets_a_short_socket_folder_that_needs_no_quoting(name: str) -> None:
    paths = StatePaths(Path("/srv") / name)
    assert paths.sockets.parent == Path("/tmp")
    assert len(str(paths.postgres_socket)) < LONGEST_SOCKET_PATH


def test_different_roots_never_share_a_socket_folder() -> None:
    assert StatePaths(Path("/srv/a b")).sockets != StatePaths(Path("/srv/a c")).sockets


def test_a_plain_root_keeps_its_sockets_inside() -> None:
    assert StatePaths(Path("/srv/x")).sockets == Path("/srv/x/run")


def test_creating_nothing_writes_nothing(tmp_path: Path) -> None:
    assert StatePaths(tmp_path / "state").database_url
    assert not (tmp_path / "state").exists()


def test_a_socket_folder_that_others_can_enter_is_refused(paths: StatePaths) -> None:
    paths.create()
    paths.sockets.chmod(0o777)
    with pytest.raises(InfrastructureError) as caught:
        paths.require_private_sockets()
    assert caught.value.code is ErrorCode.SERVER_FAILED
    assert str(paths.sockets) in str(caught.value)


def test_a_link_in_place_of_the_socket_folder_is_refused(paths: StatePaths, tmp_path: Path) -> None:
    paths.create()
    paths.sockets.rmdir()
    paths.sockets.symlink_to(tmp_path)
    with pytest.raises(InfrastructureError):
        paths.require_private_sockets()
    paths.sockets.unlink()
