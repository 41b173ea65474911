package filter

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"cpm/consentload"
	"cpm/formats"
)

// verdicts holds the verdict on every identifier of the index in four bits: of each 64 identifiers the first bits, the
// second, the third and the fourth, in four words side by side, so that asking for one costs one line of memory. The bits
// are the place of the answer among answers.
type verdicts []uint64

// answer is a verdict, and whether an event in force names the identifier.
type answer struct {
	reason Reason
	known  bool
}

const answerBits = 4

// answers are all that there can be.
var answers = [1 << answerBits]answer{
	{SuppressionList, true},
	{UnreadableConsent, true},
	{SharedIdentifier, true},
	{Withdrawn, true},
	{Denied, true},
	{Pending, true},
	{NoticeOutdated, true},
	{Expired, true},
	{NoConsent, true},
	{Permitted, true},
	{SuppressionList, false},
	{UnreadableConsent, false},
	{SharedIdentifier, false},
	{NoConsent, false},
	{Permitted, false},
}

func placeOf(a answer) int { return slices.Index(answers[:], a) }

// compileVerdicts folds the bitmaps of a cell, those that go before others last. It says the same as Decide.
func compileVerdicts(x *consentload.Index, cell *consentload.Cell, listed *roaring.Bitmap, asOf consentload.Instant) verdicts {
	v := make(verdicts, answerBits*((x.Len()+63)/64))
	silence := answer{NoConsent, true}
	if cell.Policy.OptOut {
		silence.reason = Permitted
	}
	all := placed(placeOf(silence))
	for at := range v {
		v[at] = all[at%answerBits]
	}
	dense := make(formats.Bits, len(v)/answerBits)
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
		v.setAll(dense, placeOf(answer{over.reason, true}))
	}
	for it := x.Dormant().Iterator(); it.HasNext(); {
		ordinal := it.Next()
		is := v.of(ordinal)
		is.known = false
		v[answerBits*(ordinal/64):].set(1<<(ordinal%64), placed(placeOf(is)))
	}
	return v
}

// placed are the four words of 64 identifiers whose answers all have a place.
func placed(place int) (words [answerBits]uint64) {
	for bit := range words {
		words[bit] = -(uint64(place) >> bit & 1)
	}
	return words
}

// setAll gives whoever has a bit an answer.
func (v verdicts) setAll(dense formats.Bits, place int) {
	words := placed(place)
	for _, who := range dense {
		v.set(who, words)
		v = v[answerBits:]
	}
}

// set gives some of the first 64 identifiers an answer.
func (v verdicts) set(who uint64, words [answerBits]uint64) {
	v[0] = v[0]&^who | words[0]&who
	v[1] = v[1]&^who | words[1]&who
	v[2] = v[2]&^who | words[2]&who
	v[3] = v[3]&^who | words[3]&who
}

// of returns the answer on an identifier.
func (v verdicts) of(ordinal uint32) answer {
	at, bit := answerBits*uint64(ordinal/64), ordinal%64
	w := v[at : at+answerBits]
	return answers[w[0]>>bit&1|w[1]>>bit&1<<1|w[2]>>bit&1<<2|w[3]>>bit&1<<3]
}

// touch has the memory of some answers brought, all at once, before any of it is waited for.
func (v verdicts) touch(contacts []asked) (touched uint64) {
	if len(v) == 0 {
		return 0
	}
	for i := range contacts {
		touched |= v[min(answerBits*uint64(contacts[i].ordinal/64), uint64(len(v)-1))]
	}
	return touched
}

// permitted returns those who may be contacted.
func (v verdicts) permitted(n int) *roaring.Bitmap {
	may := make(formats.Bits, len(v)/answerBits)
	for place, is := range answers {
		if is.reason != Permitted {
			continue
		}
		words := placed(place)
		for i := range may {
			who := ^uint64(0)
			for bit, word := range words {
				who &^= v[answerBits*i+bit] ^ word
			}
			may[i] |= who
		}
	}
	if rest := n % 64; rest != 0 { // bits behind the last identifier are nobody's
		may[len(may)-1] &= 1<<rest - 1
	}
	return roaring.FromDense(may, false)
}
