"""Writes the workbooks of this folder: python3 make.py, with openpyxl 3.1.5 and XlsxWriter. See SOURCE.md."""

import datetime
import re
import zipfile

import openpyxl
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_RELS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml."
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def package(path, sheet, strings=None, styles=None, main=MAIN, rels=RELS, name="Sheet1", prefix="", properties=""):
    """Writes the smallest package around the XML of a sheet's rows."""
    p = prefix + ":" if prefix else ""
    ns = f'xmlns:{prefix}="{main}"' if prefix else f'xmlns="{main}"'
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}sheet.main+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="a" Type="{rels}/officeDocument" Target="/xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<{p}workbook {ns} xmlns:r="{rels}">{properties}'
        f'<{p}sheets><{p}sheet name="{name}" sheetId="1" r:id="s"/></{p}sheets></{p}workbook>',
        "xl/worksheets/sheet1.xml": f"<{p}worksheet {ns}>{sheet}</{p}worksheet>",
    }
    links = f'<Relationship Id="s" Type="{rels}/worksheet" Target="worksheets/sheet1.xml"/>'
    if strings is not None:
        parts["xl/sharedStrings.xml"] = f"<{p}sst {ns}>{strings}</{p}sst>"
        links += f'<Relationship Id="t" Type="{rels}/sharedStrings" Target="sharedStrings.xml"/>'
    if styles is not None:
        parts["xl/styles.xml"] = f"<{p}styleSheet {ns}>{styles}</{p}styleSheet>"
        links += f'<Relationship Id="u" Type="{rels}/styles" Target="styles.xml"/>'
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for part, text in parts.items():
            z.writestr(zipfile.ZipInfo(part, (2026, 1, 1, 0, 0, 0)), XML + text, zipfile.ZIP_DEFLATED)


def si(*texts):
    return "".join(f"<si><t>{t}</t></si>" for t in texts)


def formats(*codes):
    """Styles: the first is general, the others have these number formats, built in by number or written as code."""
    custom = "".join(f'<numFmt numFmtId="{170 + i}" formatCode="{c}"/>' for i, c in enumerate(codes) if isinstance(c, str))
    xfs = "".join(f'<xf numFmtId="{170 + i if isinstance(c, str) else c}" fontId="0" fillId="0" borderId="0"/>' for i, c in enumerate((0,) + codes, -1))
    return (
        f"<numFmts>{custom}</numFmts><fonts><font/></fonts><fills><fill/></fills><borders><border/></borders>"
        f"<cellStyleXfs><xf/></cellStyleXfs><cellXfs>{xfs}</cellXfs>"
    )


HEAD = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>'


def by_hand():
    package(
        "sparse.xlsx",
        '<sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="1" width="20.5" customWidth="1"/><col min="3" max="16384" hidden="1"/></cols>'
        '<sheetData><row r="1"/><row r="2"/><row r="3" ht="30" customHeight="1"><c r="B3" t="s"><v>1</v></c><c r="D3" t="s"><v>0</v></c><c r="E3" s="0"/></row>'
        '<row r="4"><c r="A4"/></row><row r="7"><c r="D7" t="s"><v>2</v></c></row><row r="8"><c r="A8" t="s"><v>3</v></c></row>'
        '<row r="9"><c r="B9" t="s"><v>3</v></c><c r="F9"><v>5</v></c></row><row r="1000"><c r="B1000"><v>13800000003</v></c></row>'
        '<row r="1048576"><c r="D1048576"><v>13800000004</v></c></row></sheetData><mergeCells count="1"><mergeCell ref="A8:B8"/></mergeCells>',
        si("phone", "name", "13800000001", "b"),
    )
    package(
        "rich.xlsx",
        f'<sheetData>{HEAD}<row r="2"><c r="A2" t="s"><v>3</v></c><c r="B2" t="s"><v>4</v></c><c r="C2" t="s"><v>5</v></c></row>'
        '<row r="3"><c r="A3" t="s"><v>6</v></c><c r="B3" t="s"><v>7</v></c><c r="C3" t="s"><v>8</v></c></row></sheetData>',
        si("phone", "name", "note") + "<si><r><rPr><b/></rPr><t>138</t></r><r><t>00000001</t></r></si>"
        '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></si>'
        "<si><t>a &amp; b &lt;c&gt; &#x4E2D;</t></si><si><t>13800000002</t></si><si/>"
        '<si><t xml:space="preserve"> line_x000D_\none </t></si>',
    )
    package(
        "inline.xlsx",
        '<sheetData><row><c t="inlineStr"><is><t>phone</t></is></c><c t="inlineStr"><is><t>name</t></is></c><c t="inlineStr"><is><t>ok</t></is></c></row>'
        '<row><c t="inlineStr"><is><t>13800000001</t></is></c><c t="inlineStr"><is><r><t>a</t></r><r><rPr><i/></rPr><t>b</t></r></is></c><c t="b"><v>1</v></c></row>'
        '<!-- <row> --><row><c t="inlineStr"><is><t><![CDATA[138 <00> 000002]]></t></is></c><c/><c t="b"><v>0</v></c></row>'
        '<row><c t="str"><v>13800000003</v></c><c t="d"><v>2026-01-02T03:04:05</v></c><c t="e"><v>#N/A</v></c></row></sheetData>',
    )
    dates = [0, 59, 60, 61, 0.5, 45000.75, 46023.123456, 2958465, 2958466, -1]
    codes = (14, 22, 21, 46, 58, "yyyy\\-mm\\-dd\\ hh:mm:ss", "[$-804]yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;", "[Red]0.00&quot;d&quot;", "h:mm AM/PM", "mm:ss.0", "General&quot; days&quot;")
    rows = "".join(
        f'<row r="{i + 2}">' + "".join(f'<c r="{chr(65 + j)}{i + 2}" s="{j}"><v>{x}</v></c>' for j in range(len(codes) + 1)) + "</row>"
        for i, x in enumerate(dates)
    )
    head = "".join(f'<c r="{chr(65 + j)}1" t="inlineStr"><is><t>c{j}</t></is></c>' for j in range(len(codes) + 1))
    for name, properties in (("dates1900.xlsx", ""), ("dates1904.xlsx", '<workbookPr date1904="1"/>')):
        package(name, f'<sheetData><row r="1">{head}</row>{rows}</sheetData>', styles=formats(*codes), properties=properties)
    numbers = [
        "13800000001", "1.3800000001E10", "13800000001.0", "1380000000.5", "0.1", "0.10000000000000001", "1E-7", "-5", "007", "9007199254740991",
        "9007199254740993", "1.2345678901234567E+19", "110101199003070011", "-0", "1e999",
    ]
    package(
        "phones.xlsx",
        '<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row>'
        + "".join(f'<row r="{i + 2}"><c r="A{i + 2}" s="{i % 3}"><v>{n}</v></c></row>' for i, n in enumerate(numbers))
        + "</sheetData>",
        si("手机号"),
        formats(49, 1),
        name="名单",
    )
    package(
        "strict.xlsx",
        f'<sheetData>{HEAD}<row r="2"><c r="A2"><v>13800000001</v></c><c r="B2" t="d" s="1"><v>2026-01-02</v></c><c r="C2" t="b"><v>true</v></c></row></sheetData>',
        si("phone", "day", "ok"), formats(14), STRICT, STRICT_RELS,
    )
    package(
        "prefixed.xlsx",
        '<x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c><x:c r="B1" t="s"><x:v>1</x:v></x:c></x:row>'
        '<x:row r="2"><x:c r="A2" t="s"><x:v>2</x:v></x:c><x:c r="B2" t="inlineStr"><x:is><x:t>a&amp;b</x:t></x:is></x:c></x:row></x:sheetData>',
        "<x:si><x:t>phone</x:t></x:si><x:si><x:t>name</x:t></x:si><x:si><x:r><x:t>138</x:t></x:r><x:r><x:t>00000001</x:t></x:r></x:si>",
        prefix="x",
    )
    package("one_row.xlsx", '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>phone</t></is></c></row><row r="2"><c r="A2"><v>13800000001</v></c></row></sheetData>')
    package("header_only.xlsx", '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>phone</t></is></c></row></sheetData>')


def by_openpyxl():
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = datetime.datetime(2026, 1, 1)
    sheet = book.active
    sheet.title = "名单"
    sheet.append(["客户编号", "手机号", "生日", "余额", "会员", "备注"])
    for i in range(1, 13):
        sheet.append([f"C{i:04}", 13800000000 + i, datetime.date(1990, 1, i), i * 1.25, i % 2 == 0, f"secret-{i}"])
    for row in range(2, 14):
        sheet.cell(row, 3).number_format = "yyyy-mm-dd"
        sheet.cell(row, 4).number_format = "#,##0.00"
    sheet.cell(1, 1).font = Font(bold=True)
    sheet.column_dimensions["B"].width = 18
    sheet.cell(3, 6).comment = Comment("comment-2", "author-2")
    sheet.add_table(Table(displayName="T", ref="A1:F13"))
    other = book.create_sheet("secret-sheet")
    other.append(["secret-other", 13900000000])
    book.create_sheet("hidden").sheet_state = "hidden"
    book.save("openpyxl.xlsx")


def by_xlsxwriter():
    book = xlsxwriter.Workbook("xlsxwriter.xlsx")
    book.set_properties({"created": datetime.datetime(2026, 1, 1), "author": "secret-author"})
    sheet = book.add_worksheet("Recipients")
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.write_row(0, 0, ["phone", "name", "seen", "sum", "found"])
    for i in range(1, 9):
        sheet.write_string(i, 0, f"+861380000000{i}")
        sheet.write_string(i, 1, f"secret-{i}")
        sheet.write_datetime(i, 2, datetime.datetime(2026, 1, i, 12, 30, 15), moment)
        sheet.write_formula(i, 3, f"=1+{i}", None, 1 + i)
        sheet.write_formula(i, 4, f'=IF({i}>4,"secret-{i}","")', None, f"found-{i}" if i > 4 else "")
    sheet.write_formula(9, 4, '=""', None, "")
    sheet.merge_range(10, 0, 10, 1, "+8613800000009")
    sheet.autofilter(0, 0, 8, 4)
    sheet.conditional_format(1, 3, 8, 3, {"type": "cell", "criteria": ">", "value": 3, "format": book.add_format({"bold": True})})
    sheet.data_validation(1, 1, 8, 1, {"validate": "list", "source": ["secret-3", "secret-4"]})
    sheet.write_url(1, 1, "https://secret-1.example", None, "secret-1")
    book.define_name("Secret", '="secret-name"')
    book.close()


def without_theme(path):
    """Drops the theme, which is most of a small workbook: tests cut the files at every byte."""
    with zipfile.ZipFile(path) as z:
        parts = {i.filename: z.read(i) for i in z.infolist() if "theme" not in i.filename}
    for name in ("[Content_Types].xml", "xl/_rels/workbook.xml.rels"):
        parts[name] = re.sub(rb"<(Override|Relationship)[^>]*theme[^>]*/>", b"", parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for part, text in parts.items():
            z.writestr(zipfile.ZipInfo(part, (2026, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)


by_hand()
by_openpyxl()
by_xlsxwriter()
without_theme("openpyxl.xlsx")
without_theme("xlsxwriter.xlsx")
