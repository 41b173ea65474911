// Package parquet reads chosen columns of a Parquet file as text and copies chosen rows to a new one.
//
//	footer ──▶ checked as bytes ──▶ File ──▶ Values(group, column)   only the pages of that column are read
//	                                  ├────▶ CellReader: Read(group)   every column as cells, nested values as JSON
//	                                  └────▶ Writer: Encode ──▶ Append ──▶ Close
//
//	Encode, for each column of a row group: pages of the source ──▶ levels ──▶ values ──▶ pages of the output
//	    a page without a kept row           is not decompressed
//	    levels, the greatest of them 1      are bits: which rows are kept, and which values are theirs, comes of masks
//	    levels of lists and nested values   are bytes; a kept row takes its levels along
//	    values, PLAIN                       are copied; texts up to 28 bytes whether kept or not, for a copy is cheaper
//	                                        than a branch that nothing can foretell
//	    indexes of a dictionary             are read where a value is kept, wherever they stand among the bits
//	    values in any other encoding        are made PLAIN, chosen, and encoded as they were
//
// No value is looked at. The pages of a column of texts whose Values are still held, which is what was decided on, are
// taken from there, and neither read nor decompressed again. A column keeps its encoding, page by page, its codec and the
// version of its pages; pages grow to a megabyte, and end where a row does. A page of version 1 may begin in a row: when
// its encoding is another too, the page of the output becomes one of plain values. Row groups of which few rows are kept
// wait, not encoded, and become one. Of a row group that is kept whole, pages whose bytes come out as they were are not
// compressed again; they are unpacked and looked through all the same, because a page may be damaged, or hide something
// behind its values. There is no other way to copy: what cannot be gathered is refused.
//
// The package stands on parquet-go and on a distrust of it: the footer and every page header are walked here, as bytes,
// before anything is allocated from them; pages are decompressed here, to the size that they claim or not at all; each
// call into the library recovers its panics. Texts are read without it. It decodes the other values that are asked for,
// after their pages were checked, and never booleans in runs, which it decodes wrongly.
//
// Cells for another format are put together from the levels of all leaves of a column, row by row, and levels that
// contradict each other are a fault. Lists and maps are told by their marks, in two and three levels as old writers had
// them, and as what repeats without any.
//
// An output holds nothing of a row that was not kept. Dictionaries are pruned to what the kept rows use; of statistics
// the footer has the null counts of the kept rows, and no bounds; bloom filters, page indexes, and the metadata of single
// columns are left out. Schema, key/value metadata and column orders are the bytes of the source's footer, because a
// decoded copy loses what the library does not know. Every page gets a checksum, and one that the source has is checked.
//
// Measured with ten million rows of twelve columns as DuckDB writes them, 37 % kept at random, on two cores: the whole
// run of cpm, its verdicts among it, takes 2.4 s with Snappy and 3.4 s with Zstandard, where DuckDB takes 5.2 and 6.9 s
// for a join with a list; the file is as large as DuckDB's. A quarter of that time is spent in the codecs with Snappy,
// and nearly half with Zstandard; a tenth in choosing and copying values.
package parquet
