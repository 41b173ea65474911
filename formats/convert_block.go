package formats

import (
	"fmt"
	"io"

	"cpm/formats/arrow"
	"cpm/formats/cells"
	"cpm/formats/parquet"
	"cpm/formats/xlsx"
)

// tableTarget writes cells as a table of a package of its own, whose parts are *P.
type tableTarget[P any] struct {
	to interface {
		Add(p *P, b *cells.Block) (*P, error)
		Append(p *P) error
		Close() error
	}
}

// Add implements cellTarget.
func (t tableTarget[P]) Add(p Part, b *cells.Block) (Part, error) {
	part, _ := p.(*P)
	if len(b.Rows) == 0 {
		return p, nil
	}
	return t.to.Add(part, b)
}

// Append implements cellTarget.
func (t tableTarget[P]) Append(p Part) error {
	part, ok := p.(*P)
	if !ok {
		return fmt.Errorf("a part of another format: %T", p)
	}
	return t.to.Append(part)
}

// Close implements cellTarget.
func (t tableTarget[P]) Close() error { return t.to.Close() }

func newParquetTarget(w io.Writer, t cells.Table) (cellTarget, error) {
	to, err := parquet.NewTable(w, t)
	return tableTarget[parquet.TablePart]{to}, err
}

func newArrowFileTarget(w io.Writer, t cells.Table) (cellTarget, error) {
	return tableTarget[arrow.TablePart]{arrow.NewTable(w, t, true)}, nil
}

func newArrowStreamTarget(w io.Writer, t cells.Table) (cellTarget, error) {
	return tableTarget[arrow.TablePart]{arrow.NewTable(w, t, false)}, nil
}

func newXLSXTarget(w io.Writer, t cells.Table) (cellTarget, error) {
	to, err := xlsx.NewTable(w, t)
	return tableTarget[xlsx.Part]{to}, err
}
