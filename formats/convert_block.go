package formats

import (
	"fmt"
	"io"

	"cpm/formats/arrow"
	"cpm/formats/cells"
	"cpm/formats/parquet"
	"cpm/formats/xlsx"
)

// blockTarget writes cells column by column: more rows at once than a batch has, and so on the goroutine that appends.
type blockTarget struct {
	to interface {
		Write(b *cells.Block) error
		Close() error
	}
}

// Add implements cellTarget.
func (t blockTarget) Add(p Part, b *cells.Block) (Part, error) {
	if len(b.Rows) == 0 {
		return p, nil
	}
	blocks, _ := p.([]*cells.Block)
	return append(blocks, b.Clone()), nil
}

// Append implements cellTarget.
func (t blockTarget) Append(p Part) error {
	blocks, ok := p.([]*cells.Block)
	if !ok {
		return fmt.Errorf("a part of another format: %T", p)
	}
	for _, b := range blocks {
		if err := t.to.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// Close implements cellTarget.
func (t blockTarget) Close() error { return t.to.Close() }

func newParquetTarget(w io.Writer, t cells.Table) (cellTarget, error) {
	return blockTarget{parquet.NewTable(w, t)}, nil
}

func newArrowFileTarget(w io.Writer, t cells.Table) (cellTarget, error) {
	return blockTarget{arrow.NewTable(w, t, true)}, nil
}

func newArrowStreamTarget(w io.Writer, t cells.Table) (cellTarget, error) {
	return blockTarget{arrow.NewTable(w, t, false)}, nil
}

// xlsxTarget writes cells as a workbook.
type xlsxTarget struct{ to *xlsx.Table }

func newXLSXTarget(w io.Writer, t cells.Table) (cellTarget, error) {
	to, err := xlsx.NewTable(w, t)
	return xlsxTarget{to}, err
}

// Add implements cellTarget.
func (t xlsxTarget) Add(p Part, b *cells.Block) (Part, error) {
	part, _ := p.(*xlsx.Part)
	return t.to.Add(part, b)
}

// Append implements cellTarget.
func (t xlsxTarget) Append(p Part) error {
	part, ok := p.(*xlsx.Part)
	if !ok {
		return fmt.Errorf("a part of another format: %T", p)
	}
	return t.to.Append(part)
}

// Close implements cellTarget.
func (t xlsxTarget) Close() error { return t.to.Close() }
