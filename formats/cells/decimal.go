package cells

import (
	"bytes"
	"math/big"
)

// AppendDecimal appends a number whose last digits, as many as the scale says, stand behind the point.
func AppendDecimal(dst []byte, n *big.Int, scale int) []byte {
	return appendPoint(dst, n.Append(nil, 10), scale)
}

// appendPoint appends the digits of a number, which may have a sign, with a point before the last of them.
func appendPoint(dst, digits []byte, scale int) []byte {
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	point := len(digits) - scale
	switch {
	case scale == 0:
		return append(dst, digits...)
	case point <= 0:
		dst = append(append(dst, "0."...), bytes.Repeat([]byte{'0'}, -point)...)
		return append(dst, digits...)
	}
	dst = append(append(dst, digits[:point]...), '.')
	return append(dst, digits[point:]...)
}

// Big reads a decimal back, as a number of units of its last digit; false for one of more digits than its type has, or
// of more behind the point.
func (t Type) Big(text []byte) (*big.Int, bool) {
	whole, fraction, _ := bytes.Cut(text, []byte{'.'})
	n, ok := new(big.Int).SetString(string(whole)+string(fraction), 10)
	if !ok || len(fraction) != t.Scale {
		return new(big.Int), false
	}
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Precision)), nil)
	return n, n.CmpAbs(limit) < 0
}

// PutTwos puts a number into b as a two's complement, the highest byte first; false for one that has no room.
func PutTwos(b []byte, n *big.Int) bool {
	if n.BitLen() >= 8*len(b) { // of the least of all numbers too, which no decimal reaches
		return false
	}
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	n.FillBytes(b)
	return true
}
