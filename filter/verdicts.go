package filter

import (
	"github.com/RoaringBitmap/roaring/v2"

	"cpm/consentload"
	"cpm/formats"
)

// verdicts holds the verdict on every identifier of the index: five words for each 64 of them, side by side, so that asking
// for one costs one line of memory. The first four are the bits of the reason; the last tells whether an event in force
// names the identifier.
type verdicts []uint64

const (
	reasonBits = 4
	planes     = reasonBits + 1

	_ = uint(1<<reasonBits - reasons) // a reason more than the bits can tell does not compile
)

// compileVerdicts folds the bitmaps of a cell, those that go before others last. It says the same as Decide.
func compileVerdicts(x *consentload.Index, cell *consentload.Cell, listed *roaring.Bitmap, asOf consentload.Instant) verdicts {
	words := (x.Len() + 63) / 64
	v := make(verdicts, planes*words)
	silence := NoConsent
	if cell.Policy.OptOut {
		silence = Permitted
	}
	for at := 0; at < len(v); at += planes {
		for bit := range reasonBits {
			v[at+bit] = -(uint64(silence) >> bit & 1)
		}
		v[at+reasonBits] = ^uint64(0)
	}
	dense := make(formats.Bits, words)
	each := func(of *roaring.Bitmap, do func(at int, who uint64)) {
		if of.IsEmpty() {
			return
		}
		clear(dense)
		of.WriteDenseTo(dense)
		for i, who := range dense {
			if who != 0 {
				do(planes*i, who)
			}
		}
	}
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
		each(over.who, func(at int, who uint64) {
			for bit := range reasonBits {
				v[at+bit] = v[at+bit]&^who | who&-(uint64(over.reason)>>bit&1)
			}
		})
	}
	each(x.Dormant(), func(at int, who uint64) { v[at+reasonBits] &^= who })
	return v
}

// of returns the verdict on an identifier, and whether an event in force names it.
func (v verdicts) of(ordinal uint32) (verdict Reason, known bool) {
	at, bit := planes*int(ordinal/64), ordinal%64
	w := v[at : at+planes]
	reason := w[0]>>bit&1 | w[1]>>bit&1<<1 | w[2]>>bit&1<<2 | w[3]>>bit&1<<3
	return Reason(reason), w[reasonBits]>>bit&1 != 0
}

// permitted returns those who may be contacted.
func (v verdicts) permitted(n int) *roaring.Bitmap {
	dense := make(formats.Bits, len(v)/planes)
	for i := range dense {
		who := ^uint64(0)
		for bit := range reasonBits {
			who &= v[planes*i+bit] ^ (uint64(Permitted)>>bit&1 - 1)
		}
		dense[i] = who
	}
	if rest := n % 64; rest != 0 { // bits behind the last identifier are nobody's
		dense[len(dense)-1] &= 1<<rest - 1
	}
	return roaring.FromDense(dense, false)
}
