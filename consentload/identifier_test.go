package consentload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

func newTestKinds(t testing.TB) *Kinds {
	t.Helper()
	kinds, err := NewKinds("", []KindRule{
		{Kind: "loyalty_card", FoldZeros: true, Columns: []string{"会员卡号", "Card No"}},
		{Kind: "handle", FoldCase: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return kinds
}

func TestDeclaredKindsComeAfterTheBuiltInOnesByName(t *testing.T) {
	want := []Kind{"phone", "email", "customer_id", "openid", "unionid", "device_id", "handle", "loyalty_card"}
	kinds := newTestKinds(t)
	if diff := cmp.Diff(want, kinds.Names()); diff != "" {
		t.Error(diff)
	}
	for i, kind := range want {
		if id, ok := kinds.Index(kind); !ok || int(id) != i || !kinds.Has(kind) {
			t.Errorf("%s is %d, %v", kind, id, ok)
		}
	}
	if _, ok := kinds.Index("fax"); ok || kinds.Has("fax") {
		t.Error("an undeclared kind is known")
	}
	if kinds.Region() != "CN" {
		t.Errorf("the region is %s by default", kinds.Region())
	}
}

func TestNormalFormsByKind(t *testing.T) {
	kinds := newTestKinds(t)
	for name, c := range map[string]struct {
		kind      Kind
		raw, want string
		why       Unreadable
	}{
		"a customer id is exact":                      {"customer_id", " 00Ab-1 ", "00Ab-1", 0},
		"a space inside is kept":                      {"customer_id", "A 1", "A 1", 0},
		"an invisible mark at the end is dropped":     {"openid", "oAbc\u200b", "oAbc", 0},
		"an invisible mark inside is kept":            {"openid", "oA\u200bbc", "oA\u200bbc", 0},
		"a no-break space at the start is dropped":    {"unionid", "\u00a0x", "x", 0},
		"a placeholder is no special case":            {"customer_id", "null", "null", 0},
		"a device id is lower case":                   {"device_id", "AB-CÉ", "ab-cé", 0},
		"a declared kind may fold case":               {"handle", "@Ann", "@ann", 0},
		"a declared kind may drop leading zeros":      {"loyalty_card", "000120", "120", 0},
		"one of nothing but zeros keeps one":          {"loyalty_card", "000", "0", 0},
		"a declared kind that folds zeros keeps case": {"loyalty_card", "0A", "A", 0},
		"nothing":              {"customer_id", "", "", Empty},
		"white space":          {"device_id", "\t \u3000", "", Empty},
		"an invisible mark":    {"openid", "\ufeff", "", Empty},
		"broken UTF-8":         {"customer_id", "a\xff", "", BadText},
		"broken UTF-8 at ends": {"customer_id", "\xffa\xff", "", BadText},
		"a NUL byte":           {"customer_id", "a\x00b", "", BadText},
		"a line break inside":  {"device_id", "a\nb", "", BadText},
		"a control character":  {"openid", "a\u0085b", "", BadText},
	} {
		t.Run(name, func(t *testing.T) {
			id, ok := kinds.Index(c.kind)
			if !ok {
				t.Fatal(c.kind)
			}
			got, why := kinds.Normalizer().Append([]byte("before:"), id, []byte(c.raw))
			if string(got) != "before:"+c.want || why != c.why {
				t.Errorf("got %q, %v; want %q, %v", got, why, c.want, c.why)
			}
		})
	}
}

func TestKindsThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		region   string
		declared []KindRule
		mend     string
	}{
		"an unknown region":         {"XX", nil, "two letters"},
		"the United Kingdom as UK":  {"UK", nil, "GB"},
		"a built-in name":           {"CN", []KindRule{{Kind: "phone"}}, "another name"},
		"a name twice":              {"CN", []KindRule{{Kind: "card"}, {Kind: "card"}}, "another name"},
		"a hashed name":             {"CN", []KindRule{{Kind: "card_sha256"}}, "another name"},
		"a hashed built-in name":    {"CN", []KindRule{{Kind: "phone_md5"}}, "another name"},
		"no name":                   {"CN", []KindRule{{}}, "another name"},
		"a name with an equal sign": {"CN", []KindRule{{Kind: "a=b"}}, "another name"},
		"a name in capitals":        {"CN", []KindRule{{Kind: "Card"}}, "another name"},
		"another kind's column":     {"CN", []KindRule{{Kind: "card", Columns: []string{"Phone"}}}, "--id card="},
		"a column without a name":   {"CN", []KindRule{{Kind: "card", Columns: []string{" "}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewKinds(c.region, c.declared)
			if fault.KindOf(err) != fault.Usage || !strings.Contains(mendOf(err), c.mend) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestARegionMayBeInSmallLetters(t *testing.T) {
	kinds, err := NewKinds("de", nil)
	if err != nil || kinds.Region() != "DE" {
		t.Errorf("got %v, %v", kinds, err)
	}
}

// plainValues are what nearly every row holds; they are normalized without an allocation.
func plainValues(kinds *Kinds) map[string]struct {
	kind KindID
	raw  []byte
} {
	device, _ := kinds.Index("device_id")
	card, _ := kinds.Index("loyalty_card")
	return map[string]struct {
		kind KindID
		raw  []byte
	}{
		"phone plain":          {0, []byte("13800138000")},
		"phone spaced":         {0, []byte("138 0013 8000")},
		"phone +86":            {0, []byte("+8613800138000")},
		"phone full width":     {0, []byte("１３８００１３８０００")},
		"phone +1":             {0, []byte("+1 (212) 555-0100")},
		"phone remembered":     {0, []byte("021-62345678")},
		"email":                {1, []byte("Ann.Lee+news@mail.example.com")},
		"device id":            {device, []byte("6D92078A-8246-4BA4-AE5B-76104861E7DC")},
		"declared, zeros fold": {card, []byte("000123456")},
	}
}

func TestPlainValuesAreNormalizedWithoutAllocation(t *testing.T) {
	kinds := newTestKinds(t)
	n, buf := kinds.Normalizer(), make([]byte, 0, 64)
	for name, v := range plainValues(kinds) {
		if allocs := testing.AllocsPerRun(100, func() { buf, _ = n.Append(buf[:0], v.kind, v.raw) }); allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}

func BenchmarkNormalizer(b *testing.B) {
	kinds := newTestKinds(b)
	n, buf := kinds.Normalizer(), make([]byte, 0, 64)
	for name, v := range plainValues(kinds) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = n.Append(buf[:0], v.kind, v.raw)
			}
		})
	}
}

func BenchmarkKeyer(b *testing.B) {
	kinds := newTestKinds(b)
	keyer := NewKeyer(kinds)
	for name, v := range plainValues(kinds) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				keyer.Key(v.kind, v.raw)
			}
		})
	}
}
