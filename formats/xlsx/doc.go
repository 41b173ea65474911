// Package xlsx reads one sheet of an Excel workbook as text and copies chosen rows to a new workbook, or to CSV.
//
//	archive ──▶ workbook, styles, shared strings ──▶ File.Next ──▶ Batch.Decode ──▶ rows, cells, values
//	                                                 pieces of the    └────▶ Writer: Encode ──▶ Append ──▶ Close
//	                                                 sheet, as a stream
//
// The sheet is never held whole, and nothing is spilled to a file: memory is the shared strings and the batches alive.
// Everything that a workbook claims of itself (sizes, counts, references) is bounded or checked before it is believed;
// XML with a document type, an entity of its own or another encoding than UTF-8 is refused.
//
// Libraries for workbooks give the text that a cell shows, or spill large sheets to plain temporary files. What is needed
// here is a cell's type, style and raw value, in a stream, so the sheet is scanned here; the small parts are read by
// encoding/xml.
//
// An output holds nothing of a row that was not kept. It is a package made anew: the one sheet with the kept rows, the
// shared strings that they use, the styles and the theme. Everything else of the workbook is left out, and what a user
// might miss is named by Writer.LeftOut.
package xlsx
