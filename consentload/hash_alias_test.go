package consentload

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// noted returns the aliases of phone numbers that several workers read.
func noted(t testing.TB, book *AliasBook, workers int, phones []string) *Aliases {
	t.Helper()
	kinds := book.Kinds()
	var group sync.WaitGroup
	for w := range workers {
		keyer := NewKeyer(kinds)
		group.Go(func() {
			for i := w; i < len(phones); i += workers {
				if _, why := keyer.Key(0, []byte(phones[i])); why != Readable {
					t.Errorf("%s: %v", phones[i], why)
				}
			}
		})
	}
	group.Wait()
	aliases, err := book.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return aliases
}

func keyOfValue(t testing.TB, kinds *Kinds, kind Kind, raw string) Key {
	t.Helper()
	key, why := NewKeyer(kinds).Key(kindID(t, kinds, kind), []byte(raw))
	if why != Readable {
		t.Fatalf("%s: %v", kind, why)
	}
	return key
}

// hashKey is the key of a text's digest.
func hashKey(t testing.TB, kinds *Kinds, kind Kind, text string) Key {
	t.Helper()
	return keyOfValue(t, kinds, kind, hexOf(kind, text))
}

func TestAliasesLeadFromDigestsToRawIdentifiers(t *testing.T) {
	kinds := newTestKinds(t)
	book := NewAliasBook(kinds)
	for _, kind := range []Kind{"phone_sha256", "phone", "phone_sha256"} { // a raw kind wants nothing
		book.Want(kindID(t, kinds, kind))
	}
	var phones []string
	for i := range 3000 { // in several writings, and twice
		phones = append(phones, fmt.Sprintf("1380000%04d", i), fmt.Sprintf("+86 1380000%04d", i))
	}
	aliases := noted(t, book, 3, phones)
	if len(aliases.entries) != 3000*5 || len(aliases.raws) != 3000 {
		t.Errorf("%d entries of %d identifiers", len(aliases.entries), len(aliases.raws))
	}
	for i := range 3000 {
		national := fmt.Sprintf("1380000%04d", i)
		raw := keyOfValue(t, kinds, "phone", national)
		for form, text := range map[Form]string{
			E164: "+86" + national, Digits: "86" + national, National: national, ZeroZero: "0086" + national, Trunk: "0" + national,
		} {
			got := aliases.Append(nil, hashKey(t, kinds, "phone_sha256", text))
			if diff := cmp.Diff([]Alias{{raw, form, form == E164}}, got); diff != "" {
				t.Fatalf("%s: %s", text, diff)
			}
		}
	}
	e164 := hashKey(t, kinds, "phone_sha256", "+8613800000007")
	if raw, form, ok := aliases.Find(e164); !ok || form != E164 || raw != keyOfValue(t, kinds, "phone", "13800000007") {
		t.Errorf("found %v, %q, %v", raw, form, ok)
	}
	if _, _, ok := aliases.Find(hashKey(t, kinds, "phone_sha256", "8613800000007")); ok {
		t.Error("an undeclared form is found as the same identifier")
	}
	for _, stranger := range []Key{hashKey(t, kinds, "phone_sha256", "+8613900000007"), hashKey(t, kinds, "phone_md5", "+8613800000007"), {}} {
		if got := aliases.Append(nil, stranger); got != nil {
			t.Errorf("a stranger leads to %v", got)
		}
	}
	if !aliases.Complete(kindID(t, kinds, "phone_sha256")) || aliases.Complete(kindID(t, kinds, "phone_md5")) {
		t.Error("the aliases are complete for another kind than was wanted")
	}
}

func TestADigestOfTwoNumbersDeclaresNeither(t *testing.T) {
	kinds := newTestKinds(t)
	kinds.declareForms(map[Kind][]string{"phone": {"digits", "national"}})
	book := NewAliasBook(kinds)
	book.Want(kindID(t, kinds, "phone_md5"))
	// The national form of the first is the digits of the second: 13800138000.
	aliases := noted(t, book, 1, []string{"+8613800138000", "+13800138000"})
	got := aliases.Append(nil, hashKey(t, kinds, "phone_md5", "13800138000"))
	want := []Alias{
		{keyOfValue(t, kinds, "phone", "+8613800138000"), National, false}, {keyOfValue(t, kinds, "phone", "+13800138000"), Digits, false},
	}
	if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b Alias) bool { return a.Form > b.Form })); diff != "" {
		t.Error(diff)
	}
	if raw, _, ok := aliases.Find(hashKey(t, kinds, "phone_md5", "8613800138000")); !ok || raw != want[0].Key {
		t.Error("a digest of one number alone is not found")
	}
}

func TestABookNotesOfAListWhatTheListHolds(t *testing.T) {
	kinds := newTestKinds(t)
	listed := hashKey(t, kinds, "phone_md5", "13800000003")
	book := NewAliasBook(kinds)
	book.Seek(&List{Keys: []Key{keyOfValue(t, kinds, "phone", "13800000001")}}) // of raw numbers: nothing is sought
	if book.Kinds() != kinds {
		t.Fatal("a book that nothing is asked of is written in")
	}
	if aliases, err := book.Close(t.Context()); aliases != nil || err != nil || aliases.Append(nil, listed) != nil || aliases.Complete(0) {
		t.Fatalf("got %v, %v", aliases, err)
	}
	book.Seek(&List{Keys: []Key{listed}, Hashed: []KindID{kindID(t, kinds, "phone_md5")}})
	var phones []string
	for i := range 1000 {
		phones = append(phones, fmt.Sprintf("1380000%04d", i))
	}
	aliases := noted(t, book, 2, phones)
	if len(aliases.entries) != 1 || aliases.Complete(kindID(t, kinds, "phone_md5")) {
		t.Errorf("%d entries", len(aliases.entries))
	}
	want := []Alias{{keyOfValue(t, kinds, "phone", "13800000003"), National, false}}
	if diff := cmp.Diff(want, aliases.Append(nil, listed)); diff != "" {
		t.Error(diff)
	}
}

func TestABookNotesAddressesThatAListFolds(t *testing.T) {
	kinds := newTestKinds(t)
	entry, folded := keyOfValue(t, kinds, "email", "an.nlee@gmail.com"), keyOfValue(t, kinds, "email", "annlee@gmail.com")
	keys := []Key{entry, folded}
	slices.SortFunc(keys, Key.Compare)
	book := NewAliasBook(kinds)
	book.Seek(&List{Keys: keys, Fold: GmailDots})
	keyer := NewKeyer(book.Kinds())
	for _, address := range []string{"ann.lee@gmail.com", "annlee+x@gmail.com", "annlee@gmail.com", "ann.lee@example.com"} {
		keyer.Key(1, []byte(address))
	}
	aliases, err := book.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Alias{{keyOfValue(t, kinds, "email", "ann.lee@gmail.com"), GmailDots, false}}
	if diff := cmp.Diff(want, aliases.Append(nil, folded)); diff != "" {
		t.Error(diff)
	}
}

func TestALogThatIsWrittenTheSameAgainDoesNotGrow(t *testing.T) {
	kinds := newTestKinds(t)
	book := NewAliasBook(kinds)
	book.Want(kindID(t, kinds, "phone_sha256"))
	keyer := NewKeyer(book.Kinds())
	for range 40 {
		for i := range 2000 {
			keyer.Key(0, fmt.Appendf(nil, "1380000%04d", i))
		}
	}
	if got := cap(keyer.notes.entries); got > 2*firstCompaction {
		t.Errorf("2000 numbers, read 40 times, fill a log of %d entries", got)
	}
}
