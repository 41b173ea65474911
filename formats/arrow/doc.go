// Package arrow filters Arrow IPC streams and files (Feather version 2).
//
//	           ┌▶ dictionary, message by message ────────┐ words
//	framer ────┤                                         ▼
//	  frames   └▶ record ──▶ Batch ──▶ text, column ──▶ used ──▶ sink
//	              read once   piece     decide  gather   prune     └ spool (files with dictionaries)
//
// Messages are cut and checked here before the library sees them: it allocates by what a length claims, reads on behind
// the end of a list, and panics. So lengths are held to the bytes that there are, what a buffer unpacks to is bounded,
// and a panic of the library is an error.
//
// A file is read like a stream between its marks, so that it may come from a pipe; its footer must name the same
// batches at the end. A record batch is read by a flat schema, with integers where words of a dictionary would be. A
// dictionary is kept beside it, each of its messages read once, when its first word is asked for; every batch sees the
// words that stood when it came.
//
// What is kept is gathered by the layout of its columns: nothing under nulls, beside texts or behind the end goes
// along. Words that no kept row uses are left out, the others keep their order. In a stream each batch has the words
// that it uses; a file names each word once, before its first batch, so that its batches are spooled until the last is
// known. A batch of which every row is kept goes out as it came when its bytes hold nothing but its values.
//
// Cells for another format are read row by row where they are nested or binary: what stands under a null is not looked at.
//
// Unions, runs and views of lists are read past, and neither written nor cells; dictionaries in them, or in dictionaries, are not read.
package arrow
