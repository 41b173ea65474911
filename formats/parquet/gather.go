package parquet

import (
	"fmt"
	"math/bits"

	pq "github.com/parquet-go/parquet-go"
)

// gather writes the kept rows of one column.
type gather struct {
	keep    []uint64
	row     int // the row of the value before; -1 at the begin
	to      *pq.ColumnWriter
	flat    bool
	written int
}

// take writes the kept rows among values, which hold whole rows.
func (g *gather) take(values []pq.Value) error {
	kept := values[:0]
	if g.flat {
		for i := range values {
			g.row++
			if has(g.keep, g.row) {
				kept = append(kept, values[i])
			}
		}
	} else {
		for i := range values {
			if values[i].RepetitionLevel() == 0 {
				g.row++
			}
			if has(g.keep, g.row) {
				kept = append(kept, values[i])
			}
		}
	}
	return g.write(kept)
}

func (g *gather) write(values []pq.Value) error {
	if len(values) == 0 {
		return nil
	}
	n, err := g.to.WriteRowValues(values)
	g.written += n
	if err != nil {
		return fmt.Errorf("encode Parquet: %w", err)
	}
	return nil
}

// finish encodes what is buffered and checks that the column has all the rows: columns of unequal length would shift
// values from one person to another.
func (g *gather) finish(rows int) error {
	if err := g.to.Flush(); err != nil {
		return fmt.Errorf("encode Parquet: %w", err)
	}
	if g.written != rows {
		return fmt.Errorf("%d rows were kept, %d encoded", rows, g.written)
	}
	return nil
}

// writeWords writes an extra column, whose words are those of the selection by their indexes.
func writeWords(to *pq.ColumnWriter, s Selection, indexes []uint8, rows int) error {
	if len(indexes) < rows {
		return fmt.Errorf("parquet writer: a selection is shorter than its %d rows", rows)
	}
	words := make([]pq.Value, len(s.Words))
	for i, word := range s.Words {
		words[i] = pq.ByteArrayValue([]byte(word))
	}
	g := &gather{to: to}
	batch := make([]pq.Value, 0, batchValues)
	for i := range rows {
		if !has(s.Keep, i) {
			continue
		}
		if int(indexes[i]) >= len(words) {
			return fmt.Errorf("parquet writer: row %d has no word for the extra column", i+1)
		}
		if batch = append(batch, words[indexes[i]]); len(batch) == cap(batch) {
			if err := g.write(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := g.write(batch); err != nil {
		return err
	}
	return g.finish(count(s.Keep, rows))
}

func has(keep []uint64, row int) bool { return keep[row>>6]>>(row&63)&1 != 0 }

// count returns the number of kept rows among the first rows.
func count(keep []uint64, rows int) int {
	n := 0
	for _, word := range keep[:rows/64] {
		n += bits.OnesCount64(word)
	}
	if rest := rows % 64; rest != 0 {
		n += bits.OnesCount64(keep[rows/64] & (1<<rest - 1))
	}
	return n
}
