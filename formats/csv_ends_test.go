package formats

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMarksAreTheSameOnEveryProcessor(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 3))
	for _, delim := range []byte{',', '\t', 'x', 0xff} {
		for n := range 40 {
			text := make([]byte, n*blockBytes)
			for i := range text {
				text[i] = byte(random.IntN(256))
				if random.IntN(2) == 0 {
					text[i] = "a\"\n\r"[random.IntN(4)]
				}
				if random.IntN(3) == 0 {
					text[i] = delim
				}
				if n%4 > 0 && text[i] == 0 {
					text[i] = '0'
				}
			}
			want, got := make([]marks, n), make([]marks, n)
			wantQuotes, wantZeros := markEach(want, text, delim)
			quotes, zeros := markBlocks(got, text, delim)
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(marks{})); diff != "" || quotes != wantQuotes || zeros != wantZeros {
				t.Fatalf("%q: quotes %t and not %t, NUL bytes %t and not %t (-want +got):\n%s", text, quotes, wantQuotes, zeros, wantZeros, diff)
			}
			if wantZeros != (bytes.IndexByte(text, 0) >= 0) || wantQuotes != (bytes.IndexByte(text, quote) >= 0) {
				t.Fatalf("%q: quotes %t, NUL bytes %t", text, wantQuotes, wantZeros)
			}
			places, wantPlaces := make([]uint32, len(text)), make([]uint32, len(text))
			places = places[:putEnds(places, got, 7)]
			wantPlaces = wantPlaces[:putEach(wantPlaces, want, 7)]
			var naive []uint32
			for i, c := range text {
				if c == delim || c == '\n' {
					naive = append(naive, uint32(i)+7)
				}
			}
			if !slices.Equal(naive, wantPlaces) || !slices.Equal(naive, places) {
				t.Fatalf("%q: ends at %d, or %d, not at %d", text, places, wantPlaces, naive)
			}
		}
	}
}

// likelyText is a table of three columns as files have them, in which some signs are others now and then.
func likelyText(random *rand.Rand, damage bool) string {
	var text strings.Builder
	eol := []string{"\n", "\r\n"}[random.IntN(2)]
	for range 1 + random.IntN(12) {
		for column := range 3 {
			field := strings.Repeat("x", random.IntN(1+random.IntN(70)))
			switch random.IntN(6) {
			case 0:
				field = `"` + field + `"`
				if damage && random.IntN(2) == 0 {
					field = field[1:len(field)-1] + field // a quote that stands within
				}
			case 1:
				field = `"` + field + []string{`,`, "\n", `""`, `"","`[:3], "\r\n", `""""`}[random.IntN(6)] + field + `"`
			}
			if column > 0 {
				text.WriteByte(',')
			}
			text.WriteString(field)
		}
		text.WriteString(eol)
	}
	all := []byte(text.String())
	if random.IntN(3) == 0 {
		all = bytes.TrimRight(all, "\r\n")
	}
	for damage && len(all) > 0 && random.IntN(3) > 0 {
		all[random.IntN(len(all))] = "x,\"\n\r\x00"[random.IntN(6)]
	}
	return string(all)
}

// TestTheShortWayThroughATextGivesWhatSplittingGives holds the grid to the rules of the scanner.
func TestTheShortWayThroughATextGivesWhatSplittingGives(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	r, err := openText("a,b,c\n", csvShape{batch: 100})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Select([]int{2, 0, 1}); err != nil {
		t.Fatal(err)
	}
	taken := map[bool]int{}
	for i := range 40_000 {
		text := likelyText(random, i%2 == 0)
		short, long := &csvBatch{from: r, data: []byte(text), feeds: strings.Count(text, "\n")}, &csvBatch{from: r, data: []byte(text)}
		short.reset()
		long.reset()
		isGrid := short.grid()
		taken[isGrid]++
		if !isGrid {
			if len(short.rows) != 0 || len(short.values[0]) != 0 {
				t.Fatalf("%q: something is left of the attempt", text)
			}
			if i%2 != 0 && text != "" && !strings.HasPrefix(text, "\n") {
				t.Fatalf("%q did not go the short way", text)
			}
			continue
		}
		if err := long.split(); err != nil || len(long.torn) > 0 || strings.Contains(text, "\x00") {
			t.Fatalf("%q went the short way: %v, %d malformed rows", text, err, len(long.torn))
		}
		if diff := cmp.Diff(long.rows, short.rows, cmp.AllowUnexported(span{})); diff != "" {
			t.Fatalf("rows of %q (-want +got):\n%s", text, diff)
		}
		for column := range long.values {
			if !slices.EqualFunc(long.values[column], short.values[column], bytes.Equal) {
				t.Fatalf("column %d of %q is %q, not %q", column, text, short.values[column], long.values[column])
			}
		}
	}
	if taken[true] < 20_000 || taken[false] < 5_000 {
		t.Errorf("%d texts went the short way and %d did not: too few of one sort", taken[true], taken[false])
	}
}
