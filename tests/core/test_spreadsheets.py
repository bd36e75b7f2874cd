"""CSV and XLSX as other programs read them."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

from core import spreadsheets

ROWS = [
    ["Id", "Name", "When"],
    [1, "=1+1", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)],
    [Decimal("2.50"), "Ціна <&> \x00\x0b", None],
    [True, "-5", ""],
]


def cells_of(data, sheet=1):
    space = f"{{{spreadsheets.MAIN}}}"
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        for name in package.namelist():
            ET.fromstring(package.read(name))
        root = ET.fromstring(package.read(f"xl/worksheets/sheet{sheet}.xml"))
    return [["".join(cell.itertext()) for cell in row] for row in root.iter(f"{space}row")]


def test_csv_text_is_never_a_formula():
    data = b"".join(spreadsheets.csv_parts(ROWS))
    assert data.startswith(spreadsheets.UTF_8_MARK)
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[1] == ["1", "'=1+1", "2026-03-04 05:06:07+00:00"]
    assert rows[2][0] == "2.50"
    assert rows[3] == ["True", "'-5", ""]


def test_xlsx_is_a_workbook_in_which_text_is_text():
    rows = cells_of(b"".join(spreadsheets.xlsx_parts(ROWS)))
    assert rows[0] == ["Id", "Name", "When"]
    assert rows[1][:2] == ["1", "=1+1"]
    assert float(rows[1][2]) == 46085.212581
    assert rows[2] == ["2.50", "Ціна <&> ", ""]
    assert rows[3] == ["1", "-5", ""]


def test_xlsx_begins_another_sheet_when_one_is_full(monkeypatch):
    monkeypatch.setattr(spreadsheets, "MAX_ROWS", 3)
    data = b"".join(spreadsheets.xlsx_parts([["n"], *([number] for number in range(5))]))
    sheets = [cells_of(data, sheet) for sheet in (1, 2, 3)]
    assert sheets == [[["n"], ["0"], ["1"]], [["n"], ["2"], ["3"]], [["n"], ["4"]]]


def test_the_first_part_comes_before_the_last_row_is_read():
    read = []

    def rows():
        for number in range(100_000):
            read.append(number)
            yield [number, "text " * 20]

    for write in (spreadsheets.csv_parts, spreadsheets.xlsx_parts):
        read.clear()
        next(write(rows()))
        assert len(read) < 50_000
