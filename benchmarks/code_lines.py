"""Lines of code of single files, in the working tree or at a revision: no blank lines, comments and docstrings.

python benchmarks/code_lines.py [REVISION:]FILE ...
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from pathlib import Path

SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code_lines(source: str) -> int:
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in SKIPPED:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def main() -> None:
    total = 0
    for name in sys.argv[1:]:
        if ":" in name:
            source = subprocess.run(["git", "show", name], check=True, capture_output=True, text=True).stdout
        else:
            source = Path(name).read_text(encoding="utf-8")
        total += code_lines(source)
        print(f"{code_lines(source):6} of {len(source.splitlines())} lines  {name}")
    print(f"{total:6} in all")


if __name__ == "__main__":
    main()
