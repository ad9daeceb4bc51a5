# ruff: noqa: E501  (tables of values)
"""What happens to files: bytes that flip, values that nobody expects, headers that lie."""

from __future__ import annotations

import io
import json
from random import Random
from typing import Any

import numpy as np

NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 0.0, -0.0, 1e-320, 5e-324, 1e308, -1e308, 0.1,
    float("nan"), float("inf"), float("-inf"), "", " ", "a", "\0", "\ud800", "../up", "/", "a/b", ".", "..", "\x1b[2J", "\u202e",
    "9" * 400, "x" * 5000, "nan", "1e9", "rgb", "training", [], {}, [[]], [None], [0], [1, 0], [-1.0, 1e300], {"": {}}, {"a": [{}]},
)  # fmt: skip
WORDS = (
    b"",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"NaN",
    b"1e999",
    b"{",
    b"]",
    b'"',
    b"&a [*a]",
    b"<<: *a",
    b"!!python/none",
    b"\n",
)


def bytes_of(good: bytes, random: Random) -> bytes:
    """Damage that any file can suffer."""
    size = len(good)
    at, other = random.randint(0, size), random.randint(0, size)
    low, high = min(at, other), max(at, other)
    match random.randrange(8):
        case 0:
            return good[:at]
        case 1:
            return good[:low] + good[high:]
        case 2:
            return good[:at] + random.randbytes(random.choice((1, 4, 100))) + good[at:]
        case 3:
            return good[:high] + good[low:high][:10_000] + good[high:]
        case 4:
            return good[:at] + random.choice(WORDS) + good[at:]
        case 5:
            return random.randbytes(random.choice((0, 1, 8, 100, 3000)))
        case 6:
            return bytes(size)
        case _:
            flipped = bytearray(good)
            for _ in range(random.choice((1, 1, 1, 5, 50)) if size else 0):
                flipped[random.randrange(size)] ^= 1 << random.randrange(8)
            return bytes(flipped)


def json_of(good: bytes, random: Random) -> bytes:
    """One value, or a few, of a JSON text replaced, removed, doubled or moved."""
    value = json.loads(good)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        value = _changed(value, random)
    text = json.dumps(value)
    if random.random() < 0.05:
        text = "[" * 5000 + text + "]" * 5000
    if random.random() < 0.05 and text.startswith("{"):
        text = text[:-1] + "," + text[1:]  # every key of the whole twice
    return text.encode("utf-8", "surrogatepass")


def _changed(value: Any, random: Random) -> Any:
    children: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    if children and random.random() < 0.85:
        key, child = random.choice(children)
        changed = value.copy()
        match random.randrange(12):
            case 0:
                del changed[key]
            case 1 if isinstance(changed, list):
                changed.append(child)
            case 1:
                changed[random.choice(("", "x", f"{key} ", key.upper(), "\x1b", "a/b"))] = child
            case 2:
                other, that = random.choice(children)
                changed[key], changed[other] = that, child
            case _:
                changed[key] = _changed(child, random)
        return changed
    return random.choice(NASTY)


def npy_of(good: bytes, random: Random) -> bytes:
    """An array of another kind or shape, or a header that lies about what follows."""
    rows = np.load(io.BytesIO(good), allow_pickle=True)
    stream = io.BytesIO()
    choice = random.randrange(8)
    if choice == 0 or rows.dtype.kind not in "fiu":
        return bytes_of(good, random)
    if choice == 1:
        kind = random.choice(("f8", "f2", ">f4", "i4", "u1", "c8", "?", "U3", "S2", "M8[s]"))
        rows = rows.astype(kind, casting="unsafe") if kind[0] not in "USM" else np.zeros(rows.shape, kind)
    elif choice == 2:
        rows = random.choice(
            (rows[:0], rows[..., :0], rows[:1], rows[None], rows.ravel(), rows.reshape(-1)[:1].reshape(()))
        )
    elif choice == 3 and rows.dtype.kind == "f" and rows.size:
        rows = rows.copy()
        rows.flat[random.randrange(rows.size)] = random.choice((np.nan, np.inf, -np.inf, 3e38))
    elif choice == 4:
        rows = np.asfortranarray(rows)
    np.lib.format.write_array(stream, rows, version=random.choice(((1, 0), (2, 0), (3, 0))), allow_pickle=False)
    made = stream.getvalue()
    if choice >= 5:
        shape = random.choice(
            ("(10**9, 16)", "(-1, 16)", "(16,)", "()", "(99999999999, 99999999)", "(5, 16, 1)", "('a',)")
        )
        old = str(rows.shape).encode()
        made = made.replace(old, shape.encode()[: len(old)].ljust(len(old)), 1)
    return made


def safetensors_of(good: bytes, random: Random) -> bytes:
    """A header that lies, of the right length; or bytes."""
    if random.random() < 0.3:
        return bytes_of(good, random)
    size = int.from_bytes(good[:8], "little")
    head = json.loads(good[8 : 8 + size])
    inner = head.get("__metadata__", {})
    if inner.get("weaktal") and random.random() < 0.5:
        inner["weaktal"] = json_of(inner["weaktal"].encode(), random).decode("utf-8", "replace")
        changed = json.dumps(head).encode()
    else:
        changed = json_of(json.dumps(head).encode(), random)
    length = random.choice((len(changed),) * 9 + (0, 2**63, len(changed) + 1))
    return length.to_bytes(8, "little") + changed + good[8 + size :]


def text_of(good: bytes, random: Random) -> bytes:
    """Lines and cells doubled, removed or replaced."""
    if random.random() < 0.3:
        return bytes_of(good, random)
    lines = good.split(b"\n")
    for _ in range(random.choice((1, 1, 3))):
        at = random.randrange(len(lines))
        match random.randrange(5):
            case 0:
                lines.insert(at, lines[random.randrange(len(lines))])
            case 1 if len(lines) > 1:
                del lines[at]
            case 2:
                lines[at] += random.choice(WORDS)
            case 3:
                lines[at] = random.choice(WORDS) + lines[at]
            case _:
                head, mark, _ = lines[at].rpartition(random.choice((b": ", b",", b"; ")))
                value = json.dumps(random.choice(NASTY)).encode()
                lines[at] = head + mark + (value.strip(b'"') if random.random() < 0.5 else value)
    return b"\n".join(lines)
