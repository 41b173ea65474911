package consentload

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

// formTexts returns the texts of a value's forms.
func formTexts(kinds *Kinds, kind KindID, normal string) map[Form]string {
	texts := map[Form]string{}
	for _, p := range kinds.preimages[kind] {
		if text := kinds.appendForm([]byte("before:"), p.form, []byte(normal)); string(text) != "before:" {
			texts[p.form] = strings.TrimPrefix(string(text), "before:")
		}
	}
	return texts
}

func TestFormsOfValues(t *testing.T) {
	kinds := newTestKinds(t)
	for name, c := range map[string]struct {
		kind   Kind
		normal string
		want   map[Form]string
	}{
		"a Chinese mobile number": {"phone", "+8613800138000", map[Form]string{
			E164: "+8613800138000", Digits: "8613800138000", National: "13800138000", Trunk: "013800138000", ZeroZero: "008613800138000",
		}},
		"a North American number is dialled at home as it is": {"phone", "+12125550100", map[Form]string{
			E164: "+12125550100", Digits: "12125550100", National: "2125550100", ZeroZero: "0012125550100",
		}},
		"an Italian zero belongs to the number": {"phone", "+390669800000", map[Form]string{
			E164: "+390669800000", Digits: "390669800000", National: "0669800000", ZeroZero: "00390669800000",
		}},
		"a German trunk zero": {"phone", "+4915123456789", map[Form]string{
			E164: "+4915123456789", Digits: "4915123456789", National: "15123456789", Trunk: "015123456789", ZeroZero: "004915123456789",
		}},
		"a Gmail address": {"email", "a.b+c.d@gmail.com", map[Form]string{
			Lower: "a.b+c.d@gmail.com", GmailDots: "ab+cd@gmail.com", PlusTag: "a.b@gmail.com", GmailDotsPlusTag: "ab@gmail.com",
		}},
		"the dots of others count": {"email", "a.b+c@example.com", map[Form]string{
			Lower: "a.b+c@example.com", PlusTag: "a.b@example.com",
		}},
		"a tag alone is an address": {"email", "+a@googlemail.com", map[Form]string{
			Lower: "+a@googlemail.com", GmailDots: "+a@googlemail.com",
		}},
		"a UUID": {"device_id", "ff1999cd-7177-4937-a474-74937a102630", map[Form]string{
			Lower: "ff1999cd-7177-4937-a474-74937a102630", Upper: "FF1999CD-7177-4937-A474-74937A102630",
			LowerPlain: "ff1999cd71774937a47474937a102630", UpperPlain: "FF1999CD71774937A47474937A102630",
			LowerMarked: "ff1999cd-7177-4937-a474-74937a102630", UpperMarked: "FF1999CD-7177-4937-A474-74937A102630",
		}},
		"a MAC address without colons": {"device_id", "00e04c6bd0a1", map[Form]string{
			Lower: "00e04c6bd0a1", Upper: "00E04C6BD0A1", LowerPlain: "00e04c6bd0a1", UpperPlain: "00E04C6BD0A1",
			LowerMarked: "00:e0:4c:6b:d0:a1", UpperMarked: "00:E0:4C:6B:D0:A1",
		}},
		"an IMEI has no marks": {"device_id", "a000002c9060f7", map[Form]string{
			Lower: "a000002c9060f7", Upper: "A000002C9060F7", LowerPlain: "a000002c9060f7", UpperPlain: "A000002C9060F7",
		}},
		"twelve letters that are no hex": {"device_id", "abcdefghijkl", map[Form]string{
			Lower: "abcdefghijkl", Upper: "ABCDEFGHIJKL", LowerPlain: "abcdefghijkl", UpperPlain: "ABCDEFGHIJKL",
		}},
		"a device id beyond ASCII": {"device_id", "ab-é", map[Form]string{
			Lower: "ab-é", Upper: "AB-É", LowerPlain: "abé", UpperPlain: "ABÉ",
		}},
		"any other kind": {"openid", "oA-b:C", map[Form]string{Exact: "oA-b:C"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, formTexts(kinds, kindID(t, kinds, c.kind), c.normal)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFormsAreWhatANaiveReadingGives(t *testing.T) {
	kinds := newTestKinds(t)
	tag := regexp.MustCompile(`\+.*@`)
	rapid.Check(t, func(rt *rapid.T) {
		local := rapid.StringMatching(`[a-z.+]{1,8}`).Draw(rt, "local")
		domain := rapid.SampledFrom([]string{"gmail.com", "googlemail.com", "mail.com", "gmail.com.cn"}).Draw(rt, "domain")
		address := local + "@" + domain
		gmail := domain == "gmail.com" || domain == "googlemail.com"
		untagged := tag.ReplaceAllString(address, "@")
		undotted := func(a string) string {
			name, at, _ := strings.Cut(a, "@")
			return strings.ReplaceAll(name, ".", "") + "@" + at
		}
		want := map[Form]string{Lower: address, PlusTag: untagged}
		if gmail {
			want[GmailDots], want[GmailDotsPlusTag] = undotted(address), undotted(untagged)
		}
		for form, text := range want {
			if text[0] == '@' {
				delete(want, form)
			}
		}
		if diff := cmp.Diff(want, formTexts(kinds, 1, address)); diff != "" {
			rt.Fatalf("%s: %s", address, diff)
		}

		device := rapid.StringMatching(`[0-9a-f]{2}([:-]?[0-9a-fg]{2}){4,16}`).Draw(rt, "device")
		plain := strings.NewReplacer("-", "", ":", "").Replace(device)
		want = map[Form]string{Lower: device, Upper: strings.ToUpper(device), LowerPlain: plain, UpperPlain: strings.ToUpper(plain)}
		marked := ""
		switch {
		case strings.Contains(plain, "g"):
		case len(plain) == 12:
			marked = strings.Join([]string{plain[:2], plain[2:4], plain[4:6], plain[6:8], plain[8:10], plain[10:]}, ":")
		case len(plain) == 32:
			marked = strings.Join([]string{plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]}, "-")
		}
		if marked != "" {
			want[LowerMarked], want[UpperMarked] = marked, strings.ToUpper(marked)
		}
		if diff := cmp.Diff(want, formTexts(kinds, kindID(t, kinds, "device_id"), device)); diff != "" {
			rt.Fatalf("%s: %s", device, diff)
		}
	})
}

func TestTheNationalFormOfEveryRegionsExampleIsTheLibrarys(t *testing.T) {
	kinds := newTestKinds(t)
	regions := 0
	for region := range phonenumbers.GetSupportedRegions() {
		number := phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE)
		if number == nil {
			continue
		}
		texts := formTexts(kinds, 0, phonenumbers.Format(number, phonenumbers.E164))
		if want := phonenumbers.GetNationalSignificantNumber(number); texts[National] != want {
			t.Errorf("%s: the national form is %s, want %s", region, texts[National], want)
		}
		if trunk := texts[Trunk]; trunk != "" && !strings.HasSuffix(trunk, texts[National]) {
			t.Errorf("%s: the trunk form is %s", region, trunk)
		}
		regions++
	}
	if regions < 200 {
		t.Errorf("%d regions were looked at", regions)
	}
}

func TestDeclaredFormsComeFirst(t *testing.T) {
	kinds := newTestKinds(t)
	declared := func(kind Kind) (words []string) {
		for _, p := range kinds.preimages[kindID(t, kinds, kind)] {
			if p.declared {
				words = append(words, p.form.String())
			}
		}
		return words
	}
	for kind, want := range map[Kind][]string{"phone": {"e164"}, "email": {"lower"}, "device_id": {"lower"}, "openid": {"exact"}} {
		if got := declared(kind); !slices.Equal(got, want) {
			t.Errorf("by default %s declares %v", kind, got)
		}
	}
	kinds.declareForms(map[Kind][]string{"phone": {"national", "00"}, "email": {"plus_tag", "gmail_dots"}, "device_id": {"lower_plain"}})
	for kind, want := range map[Kind][]string{
		"phone": {"national", "00"}, "email": {"gmail_dots", "plus_tag", "gmail_dots_plus_tag"}, "device_id": {"lower_plain"},
	} {
		if got := declared(kind); !slices.Equal(got, want) {
			t.Errorf("%s declares %v, want %v", kind, got, want)
		}
	}
	// Where two forms are one text the declared one is told.
	keyer, id := NewKeyer(kinds), kindID(t, kinds, "device_id")
	if _, why := keyer.Key(id, []byte("a000002c9060f7")); why != Readable {
		t.Fatal(why)
	}
	var told []Form
	keyer.Digests(id, keyer.Normal(), []KindID{kindID(t, kinds, "device_id_md5")}, func(_ KindID, form Form, declared bool, _ Key) {
		if declared {
			told = append(told, form)
		}
	})
	if !slices.Equal(told, []Form{LowerPlain}) {
		t.Errorf("declared are %v", told)
	}
}

func TestDigestsMakeNoGarbage(t *testing.T) {
	kinds := newTestKinds(t)
	keyer := NewKeyer(kinds)
	wanted := []KindID{kindID(t, kinds, "phone_sha256"), kindID(t, kinds, "phone_md5"), kindID(t, kinds, "email_sha1"), kindID(t, kinds, "device_id_md5")}
	digest := []byte(hexOf("email_sha256", "a@example.com"))
	raws := []struct {
		kind KindID
		raw  []byte
	}{{0, []byte("13800138000")}, {1, []byte("a.b+c@gmail.com")}, {5, []byte("FF1999CD-7177-4937-A474-74937A102630")}}
	n := 0
	work := func() {
		for _, one := range raws {
			kind := one.kind
			keyer.Key(kind, one.raw)
			keyer.Digests(kind, keyer.Normal(), wanted, func(KindID, Form, bool, Key) { n++ })
		}
		keyer.Key(kindID(t, kinds, "email_sha256"), digest)
	}
	work()
	if n != 5*2+4+4 {
		t.Errorf("%d digests", n)
	}
	if allocs := testing.AllocsPerRun(100, work); allocs > 0 {
		t.Errorf("%g allocations", allocs)
	}
}

func TestTheWordsOfFormsAreTold(t *testing.T) {
	var hits, more FormHits
	if hits.Words() != nil {
		t.Error("no hits have words")
	}
	hits[ZeroZero], more[ZeroZero], more[PlusTag] = 2, 1, 5
	hits.Add(&more)
	if diff := cmp.Diff(map[string]int64{"00": 3, "plus_tag": 5}, hits.Words()); diff != "" {
		t.Error(diff)
	}
	for f := AsWritten + 1; f < forms; f++ {
		if got, ok := formOf(f.String()); !ok || got != f {
			t.Errorf("%q is %v", f, got)
		}
	}
	for _, c := range []struct {
		words []string
		want  Form
	}{{nil, AsWritten}, {[]string{"gmail_dots"}, GmailDots}, {[]string{"plus_tag", "gmail_dots"}, GmailDotsPlusTag}, {[]string{"plus_tag", "plus_tag"}, PlusTag}} {
		if got, err := FoldForm(c.words); got != c.want || err != nil {
			t.Errorf("%v is %q, %v", c.words, got, err)
		}
	}
	if _, err := FoldForm([]string{"lower"}); err == nil {
		t.Error("lower folds")
	}
}
