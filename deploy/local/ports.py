"""Ports of this machine's loopback address: which are free, and which answer."""

import asyncio
import socket

from deploy.local.failures import StartError

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """So many different ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


async def require_free(port: int, wanted_by: str, *, instead: str, patience_seconds: float = 2.0) -> None:
    """Waits a moment for a server that is just ending, then raises StartError."""
    deadline = asyncio.get_running_loop().time() + patience_seconds
    while not _is_free(port):
        if asyncio.get_running_loop().time() > deadline:
            raise StartError(
                f"Port {port} on {LOOPBACK}, wanted by {wanted_by}, is taken by another program.\n"
                f"Stop that program (`lsof -i :{port}` names it), or {instead}."
            )
        await asyncio.sleep(0.1)


async def answers(port: int) -> bool:
    """Whether a server accepts connections there."""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
