"""Postgres on behalf of root: a folder for an ordinary user is found without opening other users' folders."""

import os
import stat
from pathlib import Path

import pytest

from deploy.local import unprivileged
from deploy.local.failures import StartError
from deploy.local.processes import User
from deploy.local.unprivileged import ordinary_user, owned_folder, readable_copy

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the database to another user")


@pytest.fixture
def user(server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """The user for root's database, with shared folders of this test alone."""
    monkeypatch.setattr(unprivileged, "_PROGRAMS", server_folder / "open")
    monkeypatch.setattr(unprivileged, "_DATA", server_folder / "open")
    user = ordinary_user()
    assert user is not None
    return user


def closed(folder: Path) -> Path:
    folder.mkdir()
    folder.chmod(0o700)
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_that_others_can_reach_is_used_directly(server_folder: Path, user: User) -> None:
    folder = owned_folder(server_folder / "postgres", user)
    assert folder == server_folder / "postgres"
    assert (folder.stat().st_uid, mode(folder)) == (user.user_id, 0o700)


def test_a_folder_behind_a_closed_one_is_kept_elsewhere_and_found_again(server_folder: Path, user: User) -> None:
    home = closed(server_folder / "home")
    folder = owned_folder(home / "postgres", user)
    assert (home / "postgres").readlink() == folder
    assert owned_folder(home / "postgres", user) == folder
    assert mode(home) == 0o700


def test_a_database_that_nothing_links_to_is_removed_after_a_week(server_folder: Path, user: User) -> None:
    first, second = closed(server_folder / "first"), closed(server_folder / "second")
    forgotten, kept = owned_folder(first / "postgres", user), owned_folder(second / "postgres", user)
    for folder in (forgotten, kept):
        os.utime(folder.with_suffix(".owner"), (0, 0))
    (first / "postgres").unlink()
    owned_folder(closed(server_folder / "third") / "postgres", user)
    assert (forgotten.exists(), kept.exists()) == (False, True)


def test_a_link_to_a_foreign_place_is_refused(server_folder: Path, user: User) -> None:
    (server_folder / "postgres").symlink_to("/etc")
    with pytest.raises(StartError, match="not ours"):
        owned_folder(server_folder / "postgres", user)


def test_a_shared_folder_of_another_user_is_refused(server_folder: Path, user: User) -> None:
    (server_folder / "open").mkdir()
    os.chown(server_folder / "open", user.user_id, user.group_id)
    with pytest.raises(StartError, match="belongs to another user"):
        readable_copy(server_folder, name="programs")


def test_programs_are_copied_once_and_readable_for_everyone(server_folder: Path, user: User) -> None:
    package = closed(server_folder / "site") / "database"
    (package / "bin").mkdir(parents=True)
    (package / "bin" / "server").write_text("program")
    (package / "bin" / "server").chmod(0o700)
    (package.parent / "database.libs").mkdir()
    (package.parent / "database-1.0.dist-info").mkdir()
    copy = readable_copy(package, name="database-1.0")
    assert mode(copy / "database" / "bin" / "server") == 0o755
    assert sorted(path.name for path in copy.iterdir()) == ["database", "database.libs"]
    (package / "bin" / "server").write_text("changed")
    assert (readable_copy(package, name="database-1.0") / "database/bin/server").read_text() == "program"
