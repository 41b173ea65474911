// Package parquet reads chosen columns of a Parquet file as text and copies chosen rows to a new one.
//
//	footer ──▶ checked as bytes ──▶ File ──▶ Values(group, column)   only the pages of that column are read
//	                                  └────▶ Writer: Encode ──▶ Append ──▶ Close
//	                                         every column of a row group, gathered and encoded anew
//
// It stands on parquet-go and on a distrust of it: the footer and every page header are walked here, as bytes,
// before the library allocates anything from them; each call into it recovers its panics; codecs that it decodes
// wrongly are refused by name.
//
// An output holds nothing of a row that was not kept. Pages, dictionaries and statistics are made from the kept rows
// alone; bloom filters, page indexes, and the metadata of single columns are left out. Schema, key/value metadata and
// column orders are the bytes of the source's footer, because a decoded copy loses what the library does not know.
package parquet
