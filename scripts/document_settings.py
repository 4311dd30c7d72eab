"""Write docs/settings.md from the settings tree; with --check, say whether it is up to date."""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from typing import Any

from realtime.settings import ENVIRONMENT_PREFIX, Option, Settings, options

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"

HEAD = f"""# Settings

The command line goes over the environment, the environment over a TOML file, the file over the defaults. A setting that
does not exist, is out of its range or contradicts another stops the program with a message that names it.

`server.port` is

* `--server.port 9000` on the command line, or `--port 9000`: `animirror serve --help` shows the short names; several
  values stand one behind the other, and underscores become dashes (`--server.max-sessions 2`),
* `{ENVIRONMENT_PREFIX}SERVER__PORT=9000` in the environment; several values are a JSON list,
* `port = 9000` under `[server]` in the file that `--config` names.

This page is written by `scripts/document_settings.py` from `realtime/settings.py`; edit there.
"""


def page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for section, fields in itertools.groupby(options(), key=lambda option: option.section):
        model = Settings.model_fields[section].annotation
        parts.append(f"## {section}\n\n{(model.__doc__ or '').strip()}\n")
        parts.append("| Setting | Default | Range | Meaning |\n|---|---|---|---|\n" + "".join(map(_row, fields)))
    return "\n".join(parts)


def _row(option: Option) -> str:
    cells = (f"`{option.path}`", _default(option.default), option.limits or "", option.help)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _default(value: Any) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value)
    return f"`{value}`"


def main() -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when the page is out of date")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print(f"{PAGE} is out of date; run: python scripts/document_settings.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
