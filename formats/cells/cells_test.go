package cells

import (
	"math/big"
	"testing"
)

func TestAnEmptyTextIsNoNull(t *testing.T) {
	var b Block
	b.Reset(2)
	b.Add(0)
	b.Set(0, b.Kept(0))
	if b.Columns[0][0] == nil || b.Columns[1][0] != nil {
		t.Errorf("the cells are %#v and %#v", b.Columns[0][0], b.Columns[1][0])
	}
}

func TestDecimalsAreWrittenOut(t *testing.T) {
	for _, c := range []struct {
		n     int64
		scale int
		want  string
	}{{0, 0, "0"}, {0, 2, "0.00"}, {5, 2, "0.05"}, {-5, 2, "-0.05"}, {12340, 2, "123.40"}, {-100, 2, "-1.00"}, {7, 0, "7"}} {
		if got := string(AppendDecimal([]byte("x"), big.NewInt(c.n), c.scale)); got != "x"+c.want {
			t.Errorf("%d with scale %d is %s, want %s", c.n, c.scale, got, c.want)
		}
	}
}
