"""Postgres refuses to run as root: which user runs it then, and where that user can reach its files."""

import os
import pwd
import shutil
import stat
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path

from deploy.local.failures import StartError
from deploy.local.processes import User

_CANDIDATES = ("postgres", "nobody")
_FORGOTTEN_AFTER_SECONDS = 7 * 86_400
_PROGRAMS = Path("/var/cache/handoff")
_DATA = Path("/var/lib/handoff")


def ordinary_user() -> User | None:
    """Whom root hands the database to; None when we are not root and run it ourselves."""
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(name, entry.pw_uid, entry.pw_gid)
    raise StartError(
        f"Postgres does not run as root, and this machine has no user named {' or '.join(_CANDIDATES)}.\n"
        "Run this as an ordinary user, or give the addresses of databases that already run in\n"
        "ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL and ESCALATION_DATABASE_URL."
    )


def readable_copy(package: Path, *, name: str) -> Path:
    """A folder, owned by root, where every user can read a copy of an installed package; made once."""
    ground = _open_ground(_PROGRAMS)
    copy = ground / name
    if copy.is_dir():
        return copy
    staging = Path(tempfile.mkdtemp(dir=ground))
    try:
        for part in package.parent.glob(f"{package.name}*"):  # a wheel's own libraries lie beside the package
            if not part.name.endswith(".dist-info"):
                shutil.copytree(part, staging / part.name, symlinks=True)
        _let_everybody_read(staging)
        staging.rename(copy)
    except OSError:
        if not copy.is_dir():  # else another process was first
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return copy


def owned_folder(wanted: Path, user: User) -> Path:
    """An empty or earlier folder of that user: the wanted one, or where a parent is closed to others
    a folder under /var/lib, with a link to it in the wanted place."""
    if wanted.is_symlink():
        return _linked(wanted, user)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in wanted.absolute().parents):
        return _given(wanted, user)
    _forget_orphans()
    elsewhere = _open_ground(_DATA) / uuid.uuid4().hex
    wanted.symlink_to(elsewhere)
    return _linked(wanted, user)


def _linked(wanted: Path, user: User) -> Path:
    target = wanted.readlink()
    if target.parent != _open_ground(_DATA):
        raise StartError(
            f"{wanted} links to {target}, which is not ours.\nRemove the link, or choose another folder with --data."
        )
    target.with_suffix(".owner").write_text(str(wanted.absolute()))  # again at each start: it may have moved
    return _given(target, user)


def _given(folder: Path, user: User) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    os.chown(folder, user.user_id, user.group_id)
    return folder


def _forget_orphans() -> None:
    """Removes databases that nothing links to and nobody has started for a week."""
    for note in _open_ground(_DATA).glob("*.owner"):
        link, folder = Path(note.read_text()), note.with_suffix("")
        linked = link.is_symlink() and link.readlink() == folder
        if not linked and time.time() - note.stat().st_mtime > _FORGOTTEN_AFTER_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
            note.unlink(missing_ok=True)


def _let_everybody_read(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            runnable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runnable else 0o644)


def _open_ground(folder: Path) -> Path:
    """A folder that everybody can enter and only root can write to."""
    with suppress(FileExistsError):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise StartError(
            f"{folder} belongs to another user or can be written to by others.\nRemove it and run this again."
        )
    return folder
