"""What the site shows that is not in docs/: verbs, Python, changelog, how to contribute; and links out of docs/.

MkDocs calls the functions by name. Pages that are made here have no file in docs/, so they cannot fall behind.
"""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import Any

import typer
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

import weaktal
from weaktal import cli

ROOT = Path(__file__).resolve().parents[1]
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages that are made out of the package and of files beside docs/."""
    made = {
        "reference/verbs.md": verbs(),
        "reference/python.md": python(),
        "changelog.md": _moved((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), ROOT, ROOT / "docs"),
        "contributing/index.md": _moved(
            (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), ROOT, ROOT / "docs/contributing"
        ),
    }
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Keeps the words alone of links to files that the site does not hold, and checks that these exist."""
    folder = (ROOT / "docs" / page.file.src_uri).parent

    def plain(found: re.Match[str]) -> str:
        image, words, target, _anchor = found.groups()
        if "://" in target or target.startswith("mailto:"):
            return found[0]
        path = Path(os.path.normpath(folder / target))
        if path.is_relative_to(ROOT / "docs"):
            return found[0]
        if image or not path.exists():
            raise PluginError(f"{page.file.src_uri}: {found[0]} leads nowhere")
        name = path.relative_to(ROOT)
        return f"`{name}`" if words.strip("`") in (path.name, str(name)) else f"{words} (`{name}`)"

    return _LINK.sub(plain, markdown)


def _moved(text: str, old: Path, new: Path) -> str:
    """Markdown of a file in ``old`` whose links are right in ``new``."""

    def link(found: re.Match[str]) -> str:
        image, words, target, anchor = found.groups()
        if "://" in target:
            return found[0]
        return f"{image}[{words}]({os.path.relpath(old / target, new)}{anchor or ''})"

    return _LINK.sub(link, text)


def verbs() -> str:
    """Every verb with its arguments and options, as its own help has them."""
    parts = [
        "# Verbs\n",
        "Made of the command line itself; `weaktal VERB --help` shows the same. Exit codes: 0 good, 2 bad input or",
        "usage, 130 stopped, 1 anything else. `-q` prints warnings and errors only, `-v` prints more, `--debug`",
        "shows where an unforeseen error arose.\n",
    ]
    for panel, names in cli.PANELS.items():
        parts.append(f"**{panel}**: {', '.join(f'[{name}](#{name})' for name in names)}\n")
    for name in (name for names in cli.PANELS.values() for name in names):
        module = importlib.import_module(f"weaktal.cli.{name}_command")
        app = typer.Typer()
        app.command(name)(getattr(module, "import_" if name == "import" else name))
        parts.append(_verb(name, typer.main.get_command(app)))
    return "\n".join(parts)


def _verb(name: str, command: Any) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    usage = " ".join(["weaktal", name, *(each.metavar or str(each.name).upper() for each in arguments), "[OPTIONS]"])
    lines = [f"## {name}\n", (command.help or "").strip() + "\n", f"```\n{usage}\n```\n", "| | |", "|---|---|"]
    return "\n".join(lines + [_row(parameter, context) for parameter in command.params if not parameter.hidden]) + "\n"


def _row(parameter: Any, context: Any) -> str:
    names, meaning = parameter.get_help_record(context) or (str(parameter.name), parameter.help or "")
    if parameter.param_type_name == "argument":
        names = parameter.metavar or str(parameter.name).upper()
    meaning = re.sub(r"\s+", " ", meaning).replace("|", "\\|").replace("[", "\\[").replace("<", "&lt;")
    return f"| `{names}` | {meaning} |".replace("`|`", "`")


def python() -> str:
    """Every public name of ``weaktal``, for mkdocstrings to fill in."""
    parts = ["# Python\n", "Made of the docstrings. [From Python](../python.md) goes through them by example.\n"]
    homes = {name: getattr(weaktal, name).__module__ for name in weaktal.__all__}
    ordered = sorted(homes, key=lambda name: (name[0].islower(), name.lower()))  # classes first
    parts += [f"::: {homes[name]}.{name}\n" for name in ordered]
    return "\n".join(parts)
