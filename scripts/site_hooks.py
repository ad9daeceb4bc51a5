"""What the site shows of the checkout beside docs/: verbs, Python, changelog, how to contribute; and links out of docs/.

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
    """Keeps the words of links to files outside docs/, which the site does not hold, and checks that the files exist."""
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
        "Made of the command line itself; `weaktal VERB --help` shows the same. Exit codes: 0 good, 2 bad input or usage,",
        "130 stopped, 1 anything else. `-q` says what is amiss and nothing else, `-v` says more, `--debug` shows where",
        "an unforeseen error arose.\n",
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
    usage = " ".join(["weaktal", name, *command.collect_usage_pieces(context)])
    rows = [_row(parameter, context) for parameter in command.params]
    lines = [f"## {name}\n", (command.help or "").strip() + "\n", f"```\n{usage}\n```\n"]
    if any(rows):
        lines += ["| | default | |", "|---|---|---|", *(row for row in rows if row), ""]
    return "\n".join(lines)


def _row(parameter: Any, context: Any) -> str:
    if getattr(parameter, "hidden", False) or parameter.name == "help":
        return ""
    option = parameter.param_type_name == "option"
    names = ", ".join([*parameter.opts, *parameter.secondary_opts]) if option else parameter.make_metavar(context)
    if option and not parameter.is_flag:
        names += f" {parameter.make_metavar(context)}"
    shown = parameter.show_default if isinstance(parameter.show_default, str) else None
    default = parameter.default
    if shown is None:
        plain = isinstance(default, str | int | float) and not isinstance(default, bool)
        shown = f"`{getattr(default, 'value', default)}`" if plain and parameter.show_default is not False else ""
    if parameter.required:
        shown = "*required*"
    cells = f"`{names}`", shown, (getattr(parameter, "help", None) or "")
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def python() -> str:
    """Every public name of ``weaktal``, for mkdocstrings to fill in."""
    parts = ["# Python\n", "Made of the docstrings. [From Python](../python.md) goes through them by example.\n"]
    homes = {name: getattr(weaktal, name).__module__ for name in weaktal.__all__}
    for name in sorted(homes, key=lambda name: (name[0].islower(), name.lower())):
        parts.append(f"::: {homes[name]}.{name}\n")
    return "\n".join(parts)
