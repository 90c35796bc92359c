"""Work in processes of their own, against the test's database: they start here, without Django."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any


def in_processes(database: str, work: tuple[str, dict[str, Any]], jobs: list[Any]) -> list[Any]:
    """Call a function, named by its dotted path, with each job and the given arguments."""
    return list(_pool().map(partial(_work, database, *work), jobs))


@cache
def _pool() -> ProcessPoolExecutor:
    """Return processes that are started once: each has a whole Django to load."""
    return ProcessPoolExecutor(max_workers=3, mp_context=multiprocessing.get_context("spawn"))


def _work(database: str, name: str, arguments: dict[str, Any], job: Any) -> Any:
    function = _begin(database, name)
    try:
        return function(job, **arguments)
    finally:
        _end()


def serve(pipe: Connection, database: str, name: str) -> None:
    """Answer what comes through a pipe by a function, until None comes."""
    function = _begin(database, name)
    while (asked := pipe.recv()) is not None:
        pipe.send(function(asked))
    _end()


def _begin(database: str, name: str) -> Any:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = database
    module, _, function = name.rpartition(".")
    return getattr(import_module(module), function)


def _end() -> None:
    from django.db import connection

    connection.close()
