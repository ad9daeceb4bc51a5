"""``weaktal doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weaktal.cli.tables import put_json


def doctor(
    self_test: Annotated[
        bool, typer.Option("--self-test", help="Also train, localize and score on made-up features: under a minute.")
    ] = False,
    json_out: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE|-", help="Write JSON; '-' prints it alone.", show_default=False),
    ] = None,
) -> None:
    """Show what is installed, which devices and weights there are, and what each missing thing would enable.

    Exits with 1 if something necessary is missing or the self-test fails.
    """
    from weaktal.checkup.doctor import doctor as look
    from weaktal.files import check_writable

    check_writable(None if json_out in (None, "-") else Path(str(json_out)))
    found = look(test=self_test)
    if not put_json(found.as_json(), json_out):
        print(f"weaktal {found.weaktal}, Python {found.python}, {found.system}")
        print(f"machine   {'; '.join(found.notes)}")
        for device in found.devices:
            print(f"device    {device}")
        for package in found.packages:
            state = "missing" if package.version is None else f"broken ({package.broken})" if package.broken else ""
            enables = f" for {package.enables}" if package.enables else ", which weaktal requires"
            print(f"package   {package.name} {package.version or ''}".rstrip(), end="")
            print(f"  {state}: needed{enables}; {package.get}" if state else "")
        print(f"weights   looked for in {found.weights_folder}")
        for name, state in found.weights.items():
            print(f"weights   {name}: {state}")
        if found.test is not None:
            print(f"test      {found.test}")
        print("everything necessary is installed" if found.healthy else "something necessary is missing or broken")
    if not found.healthy:
        raise typer.Exit(1)
