package filter

import (
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"

	"cpm/consentload"
	"cpm/formats"
)

// verdicts holds the verdict on every identifier of the index in four bits: of each 64 identifiers the first bits of the
// reason, the second, the third and the fourth, in four words side by side, so that asking for one costs one line of memory.
type verdicts []uint64

const (
	reasonBits = 4

	_ = uint(1<<reasonBits - reasons) // more reasons than the bits can tell do not compile
)

// compileVerdicts folds the bitmaps of a cell, those that go before others last. It says the same as Decide.
func compileVerdicts(x *consentload.Index, cell *consentload.Cell, listed *roaring.Bitmap, asOf consentload.Instant) verdicts {
	v := make(verdicts, reasonBits*((x.Len()+63)/64))
	silence := told(NoConsent)
	if cell.Policy.OptOut {
		silence = told(Permitted)
	}
	for at := range v {
		v[at] = silence[at%reasonBits]
	}
	dense := make(formats.Bits, len(v)/reasonBits)
	for _, over := range []struct {
		reason Reason
		who    *roaring.Bitmap
	}{
		{Permitted, cell.Granted},
		{Expired, cell.Expired(asOf)},
		{NoticeOutdated, cell.Outdated},
		{Pending, cell.Pending},
		{Denied, cell.Denied},
		{Withdrawn, cell.Withdrawn},
		{SharedIdentifier, x.Shared()},
		{UnreadableConsent, x.Unreadable()},
		{SuppressionList, listed},
	} {
		if over.who.IsEmpty() {
			continue
		}
		clear(dense)
		over.who.WriteDenseTo(dense)
		v.set(dense, over.reason)
	}
	return v
}

// compiled holds the verdicts of a gate from when so many have been asked for that it pays to work all of them out.
type compiled struct {
	all   atomic.Pointer[verdicts]
	made  sync.Once
	asked atomic.Int64
}

// perLookup is how many identifiers of the index are compiled in the time in which one is weighed alone.
const perLookup = 2048

// known returns nil while they are not there.
func (c *compiled) known() verdicts {
	if all := c.all.Load(); all != nil {
		return *all
	}
	return nil
}

// pays reports whether, with n more, enough have been asked for.
func (c *compiled) pays(n, identifiers int) bool {
	return c.all.Load() == nil && c.asked.Add(int64(n))*perLookup >= int64(identifiers)
}

// once compiles them, if nobody has done so. They are not there either when the file of the index broke meanwhile.
func (c *compiled) once(compile func() verdicts) verdicts {
	c.made.Do(func() {
		all := compile()
		c.all.Store(&all)
	})
	return c.known()
}

// told are the four words of 64 identifiers that all have one verdict.
func told(reason Reason) (words [reasonBits]uint64) {
	for bit := range words {
		words[bit] = -(uint64(reason) >> bit & 1)
	}
	return words
}

// set gives whoever has a bit a verdict.
func (v verdicts) set(dense formats.Bits, reason Reason) {
	words := told(reason)
	for _, who := range dense {
		v[0] = v[0]&^who | words[0]&who
		v[1] = v[1]&^who | words[1]&who
		v[2] = v[2]&^who | words[2]&who
		v[3] = v[3]&^who | words[3]&who
		v = v[reasonBits:]
	}
}

// of returns the verdict on an identifier.
func (v verdicts) of(ordinal uint32) Reason {
	at, bit := reasonBits*uint64(ordinal/64), ordinal%64
	w := v[at : at+reasonBits]
	return Reason(w[0]>>bit&1 | w[1]>>bit&1<<1 | w[2]>>bit&1<<2 | w[3]>>bit&1<<3)
}

// ahead is how many verdicts are asked for at once.
const ahead = 16

const wordBytes = 8

// prefetch asks for the memory of at most ahead verdicts. A stranger has none; looking for a place outside takes long.
func (v verdicts) prefetch(contacts []asked) {
	var at [ahead]uint64
	for i := range contacts {
		at[i] = wordBytes * min(reasonBits*uint64(contacts[i].ordinal/64), uint64(len(v)))
	}
	consentload.Prefetch(v, at[:len(contacts)])
}

// permitted returns those who may be contacted.
func (v verdicts) permitted(n int) *roaring.Bitmap {
	may, words := make(formats.Bits, len(v)/reasonBits), told(Permitted)
	for i := range may {
		may[i] = ^uint64(0)
		for bit, word := range words {
			may[i] &^= v[reasonBits*i+bit] ^ word
		}
	}
	if rest := n % 64; rest != 0 { // bits behind the last identifier are nobody's
		may[len(may)-1] &= 1<<rest - 1
	}
	return roaring.FromDense(may, false)
}
