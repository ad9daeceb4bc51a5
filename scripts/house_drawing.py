"""Draws docs/images/house.svg, the rooms of the code by floor: ``python scripts/house_drawing.py``.

The floors are those that tests/test_layers.py keeps: a room imports only from floors below its own. A test compares
the drawing with what this draws.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DRAWING = ROOT / "docs" / "images" / "house.svg"
WIDTH, FLOOR, ROOM, GAP = 760, 46, 30, 12


def floors() -> list[list[str]]:
    """The rooms of each floor, from the ground up."""
    tree = ast.parse((ROOT / "tests" / "test_layers.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "FLOORS":
            return [sorted(rooms) for rooms in ast.literal_eval(node.value)]
    raise LookupError("tests/test_layers.py has no FLOORS")


def drawing() -> str:
    """The whole picture, the ground floor at the bottom."""
    rows = [rooms for rooms in reversed(floors()) if rooms != ["__main__"]]
    height = FLOOR * len(rows) + 70
    middle, right, green = WIDTH / 2, WIDTH - 20, "#00796b"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
        ' font-family="sans-serif" font-size="14" text-anchor="middle" fill="#222">',
        "<title>The rooms of weaktal: each imports only from floors below its own</title>",
        f'<path d="M20 40 L{middle} 6 L{right} 40 Z" fill="#e0f2f1" stroke="{green}"/>',
        f'<text x="{middle}" y="32">weaktal: the front door</text>',
    ]
    for number, rooms in enumerate(rows):
        top = 40 + number * FLOOR
        parts.append(f'<rect x="20" y="{top}" width="{right - 20}" height="{FLOOR}" fill="#f6faf9" stroke="{green}"/>')
        wide = (WIDTH - 40 - GAP) / len(rooms) - GAP
        for place, room in enumerate(rooms):
            left = 20 + GAP + place * (wide + GAP)
            box = f'x="{left:.1f}" y="{top + 8}" width="{wide:.1f}" height="{ROOM}" rx="4"'
            parts += [
                f'<rect {box} fill="#fff" stroke="{green}"/>',
                f'<text x="{left + wide / 2:.1f}" y="{top + 28}">{room}</text>',
            ]
    ground = 40 + len(rows) * FLOOR
    parts += [
        f'<path d="M8 {ground} H{WIDTH - 8}" stroke="{green}" stroke-width="3"/>',
        f'<text x="{middle}" y="{ground + 22}">A room imports only from floors below its own, and from itself.</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    DRAWING.write_text(drawing(), encoding="utf-8")
    print(DRAWING)
