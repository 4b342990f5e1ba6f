"""Reads tasks that gopar wrote with ipyparallel's own SQLiteDB, and adds one of its own.

Run with the path of the database file. Prints what it read as JSON.
"""

import asyncio
import json
import os
import sqlite3
import sys
from datetime import datetime, timezone

from ipyparallel.controller.sqlitedb import SQLiteDB
from traitlets import Dict, List


def open_db(path):
    # Before 9.1 there was no label.
    keys = list(SQLiteDB._keys.default_args[0])
    types = dict(SQLiteDB._types.default_args[0])
    # SQLite 3.37 and newer report the type text as TEXT, and SQLiteDB then takes every table, its own too, for another version's.
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE t (x text)")
    reported = db.execute("SELECT type FROM pragma_table_info('t')").fetchone()[0]
    if "label" not in keys:
        keys.append("label")
        types["label"] = "text"

    types = {k: reported if t == "text" else t for k, t in types.items()}

    class DB(SQLiteDB):
        _keys = List(keys)
        _types = Dict(types)

    return DB(location=os.path.dirname(path), filename=os.path.basename(path))


async def main():
    db = open_db(sys.argv[1])
    assert db.table == "ipython-tasks", f"ipyparallel takes the table for another version's: {db.table}"
    for index in ("submitted", "label"):
        assert db._db.execute("SELECT name FROM sqlite_master WHERE type='index' AND name LIKE ?", [f"%{index}%"]).fetchone()
    r = db.get_record("task-002")
    assert r["submitted"] == datetime(2026, 11, 22, 12, 0, 2, tzinfo=timezone.utc), r["submitted"]
    assert r["header"] == {"msg_id": "task-002", "n": 2}, r["header"]
    assert r["buffers"] == [b"\x02\x00\xff", b"", b"x" * 300], r["buffers"]
    assert r["result_buffers"] == [b"result"], r["result_buffers"]
    assert r["label"] == "label_2" and r["execute_input"] == "1+1" and r["stdout"] == "out\nwith ünicode"
    found = db.find_records({"submitted": {"$gte": datetime(2026, 11, 22, 12, 0, 1, tzinfo=timezone.utc)}, "completed": {"$ne": None}})
    rec = {k: None for k in db._keys}
    rec.update(
        header={"msg_id": "python"},
        metadata={},
        content={"x": 1},
        buffers=[b"a", b"b" * 300, b"c" * 70_000],
        submitted=datetime(2026, 11, 22, 13, 0, 0, 5, tzinfo=timezone.utc),
        client_uuid="python-client",
        queue="task",
        stdout="",
        stderr="",
    )
    db.add_record("python", rec)
    db.close()
    print(json.dumps([r["msg_id"] for r in found]))


asyncio.run(main())
