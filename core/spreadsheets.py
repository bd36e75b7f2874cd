"""Rows as CSV and XLSX, written while they are read: any number of them in constant memory.

A library that returns a workbook as a whole (tablib and with it django-import-export, openpyxl) holds each
cell, and one that writes constant memory (XlsxWriter, openpyxl's write-only mode) does so into temporary
files, so that the first byte is sent after the last row was read.
"""

from __future__ import annotations

import csv
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from django.utils.timezone import make_naive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Rows = Iterable[Sequence[Any]]

BYTES_AT_ONCE = 64 * 1024
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs text that begins so
UTF_8_MARK = b"\xef\xbb\xbf"  # without it Excel reads CSV in the system's 8-bit encoding
MAX_ROWS = 1_048_576  # of a sheet; and in bytes, as a ZIP member of more needs an extension
MAX_SHEET_BYTES = 1_500_000_000
MAX_CHARACTERS = 32_767  # of a cell
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  (a spreadsheet knows no time zones)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def csv_parts(rows: Rows) -> Iterator[bytes]:
    """Yield the text of a CSV file, in which no text is a formula."""
    sink = _Sink()
    sink.write(UTF_8_MARK)
    writer = csv.writer(_Text(sink))
    for row in rows:
        writer.writerow([_harmless(value) for value in row])
        yield from sink.full()
    yield from sink.rest()


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return value.isoformat(" ", "seconds") if isinstance(value, datetime) else value


def xlsx_parts(rows: Rows) -> Iterator[bytes]:
    """Yield the bytes of a workbook, with as many sheets as the rows need."""
    sink = _Sink()
    remaining, sheets = iter(rows), 0
    head = next(remaining)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:  # type: ignore[call-overload]
        is_full = True
        while is_full:
            sheets += 1
            with package.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                sheet.write(f'{XML}<worksheet xmlns="{MAIN}"><sheetData>{_row(head, 2)}'.encode())
                written = number = 1
                is_full = False
                for row in remaining:
                    written += sheet.write(_row(row).encode())
                    yield from sink.full()
                    number += 1
                    if is_full := number == MAX_ROWS or written > MAX_SHEET_BYTES:
                        break
                sheet.write(b"</sheetData></worksheet>")
        for name, text in _frame(sheets):
            package.writestr(name, XML + text)
    yield from sink.rest()


def _row(values: Sequence[Any], style: int = 0) -> str:
    return f"<row>{''.join([_cell(value, style) for value in values])}</row>"


def _cell(value: Any, style: int) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{value:d}</v></c>'
    if isinstance(value, (int, float, Decimal)):
        return f"<c><v>{value}</v></c>"
    if isinstance(value, datetime):
        days = (make_naive(value) if value.tzinfo else value) - DAY_ZERO
        return f'<c s="1"><v>{days.total_seconds() / 86_400:.6f}</v></c>'
    text = value.isoformat() if isinstance(value, date) else str(value)
    text = escape(NOT_IN_XML.sub("", text[:MAX_CHARACTERS]))
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{text}</t></is></c>'


def _frame(sheets: int) -> Iterator[tuple[str, str]]:
    """Yield the other members of the package: what the sheets are, and two styles."""
    numbers = range(1, sheets + 1)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = [("workbook", "sheet.main"), ("styles", "styles")]
    parts += [(f"worksheets/sheet{number}", "worksheet") for number in numbers]
    overrides = "".join(
        f'<Override PartName="/xl/{name}.xml" ContentType="{kind}.{which}+xml"/>' for name, which in parts
    )
    types = (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overrides}</Types>'
    )
    yield "[Content_Types].xml", types
    yield "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")])
    links = [("worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
    yield "xl/_rels/workbook.xml.rels", _relations([*links, ("styles", "styles.xml")])
    listed = "".join(f'<sheet name="{number}" sheetId="{number}" r:id="r{number}"/>' for number in numbers)
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
    )
    styles = (
        f'<styleSheet xmlns="{MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
        '<fills count="1"><fill/></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/>'
        '<xf numFmtId="22" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>'
    )
    yield "xl/styles.xml", styles


def _relations(targets: list[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="r{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


class _Sink:
    """A file that is written by a library and read in parts. It cannot be rewound, as zipfile allows."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: ``full`` and ``rest`` take what was written."""

    def full(self) -> Iterator[bytes]:
        if len(self._written) >= BYTES_AT_ONCE:
            yield from self.rest()

    def rest(self) -> Iterator[bytes]:
        if self._written:
            data, self._written = bytes(self._written), bytearray()
            yield data


class _Text:
    def __init__(self, sink: _Sink) -> None:
        self._sink = sink

    def write(self, text: str) -> int:
        return self._sink.write(text.encode(errors="replace"))
