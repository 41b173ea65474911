// Package formats turns bytes into batches of rows and back. It knows nothing of consent.
//
//	bytes ──▶ Open ──▶ Reader ──▶ Batch ──▶ Writer ──▶ Output ──▶ a file that exists whole, or not at all
//	          detect   cut         decode    encode      commit
//
// A kept row is never parsed and printed again: text formats copy its bytes, Parquet gathers its columns. So what
// was not asked about a row cannot be changed by asking.
//
// One goroutine cuts the input into batches, several decode and encode them, one appends the parts in order. The
// contracts, who owns a batch, how the end looks, what may run at once, stand at Reader, Batch and Writer.
package formats
