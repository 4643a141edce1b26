"""Importing does nothing: no file, no thread, no connection."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROGRAM = """
import importlib, json, socket, sys, threading
from pathlib import Path

def refuse(*_args, **_more):
    raise AssertionError("a connection at import")

socket.socket.connect = refuse
socket.socket.bind = refuse
names = json.loads(sys.argv[1])
for name in names:
    importlib.import_module(name)
print(json.dumps({
    "files": [str(path) for path in Path.cwd().rglob("*")],
    "threads": [thread.name for thread in threading.enumerate()],
    "wechaty": "wechaty" in sys.modules,
    "loaded": len(names),
}))
"""


def names() -> list[str]:
    found = []
    for folder in ("bot", "plugins"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" in parts or parts[-1] == "__main__":
                continue  # alembic and the interpreter run these, nobody imports them
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def test_a_fresh_interpreter_imports_everything_in_an_empty_folder_and_leaves_it_empty(
    tmp_path: Path,
) -> None:
    place, home = tmp_path / "empty", tmp_path / "home"
    place.mkdir()
    home.mkdir()
    env = {
        **{key: value for key, value in os.environ.items() if not key.startswith("JIANFU_")},
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(home),
        "TMPDIR": str(place),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(names())],
        cwd=place, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["files"] == []
    assert told["threads"] == ["MainThread"]
    assert told["loaded"] > 60
    assert list(home.rglob("*")) == []
