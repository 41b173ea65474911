// Package formats turns bytes into batches of rows and back. It knows nothing of consent.
//
//	bytes ──▶ Open ──▶ Reader ──▶ Batch ──▶ Writer ──▶ Output ──▶ a file or folder that exists whole, or not at all
//	          detect   cut         decode    encode      commit
//
// A kept row is never parsed and printed again: text formats copy its bytes, in whatever encoding they are, Parquet and
// Arrow gather its columns, a workbook its cells. So what was not asked about a row cannot be changed by asking.
//
// Into another format (ConvertTo) a row goes cell by cell, as text, through package cells: each reader gives the cells of
// its batches and says of which types their columns are, each writer takes them, and none knows the others. A writer that
// has the type of a column reads the texts back exactly. What a format cannot hold is a fault. What is nested is one cell,
// of JSON; bytes are base64. A structure is a cell of its own where the target has objects, else its members are.
//
// Delimited text is split from marks: quotes, delimiters and line feeds of 64 bytes are three words (AVX2 where there is
// such, plain Go elsewhere), and fields end where the marks outside quotes are. That knows rows as they should be; a
// stretch with any other is split field by field, by rules of which a test holds the short way to be a case.
//
// What lies around a table is taken off in layers, each told by its content: compression, UTF-16, the archive that holds
// it. Nothing of it is written to disk, and what it may unpack to is bounded.
//
// One goroutine cuts the input into batches, several decode and encode them, one appends the parts in order. The
// contracts, who owns a batch, how the end looks, what may run at once, stand at Reader, Batch and Writer.
package formats
