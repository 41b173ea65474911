package consentload

import (
	"math/rand/v2"
	"testing"
	"time"
)

// What is read eight characters at once is what is read one by one, whatever else may stand there. The day that was read
// last is first made that of the text, as far as it has one.
func checkTimestamp(t *testing.T, text []byte) {
	t.Helper()
	zone := time.FixedZone("", 3600)
	slow, quick := TimeReader{clock: newLocalClock(zone)}, NewTimeReader(zone)
	if len(text) >= len(dateAlone) {
		_, _ = quick.Read(append(append([]byte{}, text[:len(dateAlone)]...), "T00:00:00Z"...), Earlier)
	}
	for _, side := range []Side{Earlier, Later} {
		want, fault := slow.Read(text, side)
		if got, bad := quick.Read(text, side); got != want || bad != fault {
			t.Fatalf("%q: %v, %v; one by one %v, %v", text, got, bad, want, fault)
		}
	}
}

func TestTimesReadEightCharactersAtOnceAreThoseReadOneByOne(t *testing.T) {
	for _, text := range []string{
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.99999999Z",
		"2016-12-31T23:59:60.5Z", "2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.12345678+08:00", "2026-01-02t03:04:05.1-00:30",
	} {
		checkTimestamp(t, []byte(text))
	}
	random := rand.New(rand.NewPCG(5, 6))
	const form = "2024-02-29T23:59:59.123456789"
	for range 200000 {
		text := []byte(form[:19+random.IntN(len(form)-18)])
		text = append(text, []string{"Z", "z", "", "-07:30", "+23:59", "+24:00"}[random.IntN(6)]...)
		for range random.IntN(4) {
			if at := random.IntN(len(text)); random.IntN(8) == 0 {
				text[at] = byte(random.IntN(256))
			} else {
				text[at] = "0123456789 TtZz:.,+-"[random.IntN(20)]
			}
		}
		checkTimestamp(t, text)
	}
}
