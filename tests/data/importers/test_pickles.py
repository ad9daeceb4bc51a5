from __future__ import annotations

import io
import os
import pickle
import pickletools
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktal.data.importers.packed import StoredArray, as_list, read_items
from weaktal.data.importers.pickles import Blob, PickledArray, PickleRefused, read_pickle
from weaktal.errors import InputError

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=40)
    | st.binary(max_size=200),
    lambda inner: st.lists(inner, max_size=5) | st.tuples(inner, inner),
    max_leaves=20,
)


def without_memo(value: object, protocol: int) -> bytes:
    """A pickle in which nothing is referred to twice, whatever Python shares behind the scenes."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol)
    pickler.fast = True
    pickler.dump(value)
    return stream.getvalue()


@given(value=plain, protocol=st.integers(0, 5))
def test_plain_data_comes_out_as_it_went_in(value: object, protocol: int) -> None:
    assert read_pickle(without_memo(value, protocol))[0] == value


def test_python_2_strings_and_numbers() -> None:
    # What Python 2 wrote for ['Billiards', u'\xfc', 7L, True, 1.5] with protocols 0 and 2.
    assert read_pickle(b"(lp0\nS'Bill\\x69ards'\np1\naV\xfc\np2\naL7L\naI01\naF1.5\na.")[0] == [
        b"Billiards", "\xfc", 7, True, 1.5,
    ]  # fmt: skip
    second = b"\x80\x02]q\x00(U\tBilliardsq\x01X\x02\x00\x00\x00\xc3\xbcq\x02\x8a\x01\x07\x88G?\xf8\0\0\0\0\0\0e."
    assert read_pickle(second)[0] == [
        b"Billiards", "\xfc", 7, True, 1.5,
    ]  # fmt: skip


def write_objects(path: Path, values: list[object], protocol: int) -> None:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": array.shape})
        pickle.dump(array, stream, protocol=protocol)


@pytest.mark.parametrize("protocol", range(5))
def test_arrays_of_every_protocol_that_numpy_saves_with(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    rows = [np.arange(6.0).reshape(3, 2), np.asfortranarray(np.arange(200, dtype="f4").reshape(50, 4)), np.float64(2.5)]
    write_objects(path, rows, protocol)
    first, second, third = read_items(path)
    assert as_list(first) == rows[0].tolist()
    assert isinstance(second, StoredArray)
    np.testing.assert_array_equal(second.mapped(), rows[1])
    np.testing.assert_array_equal(np.concatenate(list(second.blocks(7))), rows[1])
    assert third == 2.5


def test_protocol_5_stores_arrays_through_a_call_that_is_refused(tmp_path: Path) -> None:
    write_objects(tmp_path / "a.npy", [np.arange(6.0)], 5)
    with pytest.raises(InputError, match="wants to run"):
        read_items(tmp_path / "a.npy")


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<i2", "|b1", "|S5", "<U5", ">U3"])
def test_dtypes_inside_object_arrays(dtype: str, tmp_path: Path) -> None:
    values = np.array([[0, 1], [1, 0]]).astype(dtype)
    array = np.empty(2, dtype=object)
    array[:] = [values, values.copy()]
    np.save(tmp_path / "a.npy", array)
    wanted = np.char.decode(values, "ascii") if values.dtype.kind == "S" else values
    assert [as_list(item) for item in read_items(tmp_path / "a.npy")] == [wanted.tolist()] * 2


def test_long_byte_strings_stay_in_the_file() -> None:
    data = pickle.dumps([b"x" * 300, b"y" * 3], 4)
    (blob, short), _ = read_pickle(data)  # type: ignore[misc]
    assert isinstance(blob, Blob)
    assert data[blob.offset : blob.offset + blob.size] == b"x" * 300
    assert short == b"yyy"


class Runs:
    """Runs a command when an ordinary reader unpickles it."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


def malicious(marker: Path) -> dict[str, bytes]:
    touch = f"touch {marker}"
    code = f"open({str(marker)!r}, 'w')"
    many = {f"system {p}": pickle.dumps(Runs(os.system, touch), p) for p in range(6)}
    return many | {
        "eval": pickle.dumps(Runs(eval, code)),
        "exec in a list": pickle.dumps([1, Runs(exec, code)]),
        "eval in an array": pickle.dumps(np.array([Runs(eval, code)], dtype=object), 2),
        "nested": pickle.dumps(Runs(eval, Runs(str, code))),
        "getattr": pickle.dumps(Runs(getattr, Runs(__import__, "os"), "system")),
        "inst": b"(S'%s'\nios\nsystem\n." % touch.encode(),
        "obj": b"(cos\nsystem\nS'%s'\no." % touch.encode(),
        "newobj": b"\x80\x02cos\nsystem\nU\x01x\x85\x81.",
        "build with state": b"\x80\x02cnumpy\nndarray\n}U\x01xU\x01ysb.",
        "numpy's name with another call": b"\x80\x02cnumpy\nload\nU\x01x\x85R.",
        "dotted name": b"\x80\x04\x8c\x05numpy\x8c\x0cdtype.__new__\x93.",
        "persistent id": b"Pevil\n.",
        "extension registry": b"\x80\x02\x82\x01.",
        "another class": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncos\nsystem\nK\x00\x85U\x01b\x87R.",
        "codec of choice": b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00xX\x03\x00\x00\x00hex\x86R.",
        "object scalar": b"\x80\x02cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02O8\x85RU\x08AAAAAAAA\x86R.",
    }


CASES = sorted(malicious(Path("marker")))


@pytest.mark.parametrize("case", CASES)
def test_nothing_in_a_pickle_is_run(case: str, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    content = malicious(marker)[case]
    events: list[str] = []
    watching = True

    def audit(event: str, _: object) -> None:
        if watching and event in ("os.system", "exec", "compile", "import", "subprocess.Popen", "open"):
            events.append(event)

    sys.addaudithook(audit)
    try:
        with pytest.raises(PickleRefused):
            read_pickle(content)
    finally:
        watching = False
    assert events == []
    assert not marker.exists()


def array_pickle(shape: bytes, content: bytes, dtype: bytes = b"f4") -> bytes:
    return (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
        + shape
        + b"cnumpy\ndtype\nU"
        + bytes([len(dtype)])
        + dtype
        + b"K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + content
        + b"tb."
    )


def test_the_handmade_array_is_a_good_one() -> None:
    array, _ = read_pickle(array_pickle(b"K\x02\x85", b"U\x08AAAAAAAA"))
    assert isinstance(array, PickledArray)
    assert array.shape == (2,)


BOMBS = {
    "allocation by length": b"\x80\x02X\xff\xff\xff\x7fx.",
    "allocation by 8-byte length": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.",
    "frame of 2**63": b"\x80\x04\x95" + struct.pack("<Q", 2**63) + b"\x8e" + struct.pack("<Q", 2**63) + b".",
    "huge shape": array_pickle(b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", b"U\x08AAAAAAAA"),
    "rows of nothing": array_pickle(b"J\xff\xff\xff\x7fK\x00\x86", b"U\x00"),
    "items of nothing": array_pickle(b"J\xff\xff\xff\x7f\x85", b"U\x00", b"S0"),
    "negative shape": array_pickle(b"J\xfe\xff\xff\xffJ\xff\xff\xff\xff\x86", b"U\x08AAAAAAAA"),
    "list in itself": b"]q\x00h\x00a.",
    "billion laughs": b"(]q\x00" + b"(" + b"h\x00" * 9 + b"lq\x00" + b".",
    "dup of a list": b"]2a.",
    "memo of nothing": b"h\x07.",
    "integer of many digits": b"L" + b"9" * 10_000 + b"L\n.",
    "long of 4 GB": b"\x80\x02\x8b\xff\xff\xff\x7f.",
    "marks without end": b"(" * 1000 + b".",
    "two values": b"NN.",
    "no value": b".",
    "nothing": b"",
    "name that is a list": b"\x80\x04]]\x93.",
}


@pytest.mark.parametrize("case", BOMBS)
def test_bombs_are_refused(case: str) -> None:
    with pytest.raises(PickleRefused):
        read_pickle(BOMBS[case])


def test_deep_nesting_neither_recurses_nor_crashes(tmp_path: Path) -> None:
    depth = 200_000
    path = tmp_path / "deep.npy"
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": (1,)})
        nested = b"]" * depth + b"a" * (depth - 1)
        stream.write(array_pickle(b"K\x01\x85", nested, b"O8"))
    (item,) = read_items(path)
    seen = 0
    while item:
        assert isinstance(item, list)
        (item,), seen = item, seen + 1
    assert seen == depth - 2


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damaged_pickles_are_refused_or_read_never_worse(data: st.DataObject) -> None:
    array = np.empty(2, dtype=object)
    array[:] = [["Billiards", 1.5, [2.0, 3.0]], np.arange(4.0)]
    good = pickle.dumps(array, data.draw(st.integers(2, 4)))
    cut = data.draw(st.integers(0, len(good)))
    flips = data.draw(st.lists(st.tuples(st.integers(0, len(good) - 1), st.integers(0, 255)), max_size=4))
    damaged = bytearray(good)
    for position, value in flips:
        damaged[position] = value
    for content in (bytes(damaged), good[:cut]):
        try:
            read_pickle(content)
        except PickleRefused:
            continue


def test_no_instruction_of_python_is_forgotten() -> None:
    """Every instruction that is not read is one that would build or call something, or refer to other data."""
    from weaktal.data.importers import pickles

    read = {*pickles._VALUES, *pickles._ACTIONS, b"."}
    refused = {code.name for code in pickletools.opcodes if code.code.encode("latin1") not in read}
    assert refused == {
        "LONG4", "BYTEARRAY8", "NEXT_BUFFER", "READONLY_BUFFER", "EMPTY_DICT", "DICT", "SETITEM", "SETITEMS",
        "EMPTY_SET", "ADDITEMS", "FROZENSET", "POP", "DUP", "POP_MARK", "EXT1", "EXT2", "EXT4", "INST", "OBJ", "NEWOBJ",
        "NEWOBJ_EX", "PERSID", "BINPERSID",
    }  # fmt: skip
