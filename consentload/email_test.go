package consentload

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

func TestEmailNormalForms(t *testing.T) {
	n := newTestKinds(t).Normalizer()
	label := strings.Repeat("a", 63)
	for name, c := range map[string]struct {
		raw, want string
		why       Unreadable
	}{
		"lower case":                          {" Ann.Lee+news@Example.COM ", "ann.lee+news@example.com", 0},
		"dots and tags stay":                  {"a.b.c+d@gmail.com", "a.b.c+d@gmail.com", 0},
		"a Chinese domain":                    {"ann@例子.中国", "ann@xn--fsqu00a.xn--fiqs8s", 0},
		"a Chinese domain in ASCII":           {"ann@XN--FSQU00A.xn--fiqs8s", "ann@xn--fsqu00a.xn--fiqs8s", 0},
		"an ideographic full stop":            {"ann@example。com", "ann@example.com", 0},
		"a full-width domain":                 {"ann@ＥＸＡＭＰＬＥ.com", "ann@example.com", 0},
		"a sharp s is itself":                 {"ann@straße.de", "ann@xn--strae-oqa.de", 0},
		"a local part with accents":           {"ÄNN@example.com", "änn@example.com", 0},
		"an underscore in the domain":         {"ann@my_host.example.com", "ann@my_host.example.com", 0},
		"a domain of one label":               {"root@localhost", "root@localhost", 0},
		"an apostrophe in the name":           {"o'brien@example.com", "o'brien@example.com", 0},
		"marks around it":                     {"\u202aann@example.com\u202c", "ann@example.com", 0},
		"a label of 63":                       {"a@" + label + ".com", "a@" + label + ".com", 0},
		"a label of 64":                       {"a@a" + label + ".com", "", BadDomain},
		"a domain of 254":                     {"a@" + strings.Repeat(label[:62]+".", 4) + "ab", "", BadDomain},
		"nothing":                             {" ", "", Empty},
		"no at sign":                          {"ann.example.com", "", NotEmail},
		"two at signs":                        {"ann@lee@example.com", "", NotEmail},
		"two addresses":                       {"a@example.com,b@example.com", "", NotEmail},
		"no local part":                       {"@example.com", "", NotEmail},
		"no domain":                           {"ann@", "", NotEmail},
		"a space in the local part":           {"ann lee@example.com", "", NotEmail},
		"a space in the domain":               {"ann@exam ple.com", "", NotEmail},
		"a no-break space in the domain":      {"ann@exam\u00a0ple.com", "", NotEmail},
		"an invisible mark in the name":       {"an\u200bn@example.com", "", NotEmail},
		"a name before the address":           {"Ann <ann@example.com>", "", NotEmail},
		"angle brackets":                      {"<ann@example.com>", "", NotEmail},
		"mailto:":                             {"mailto:ann@example.com", "", NotEmail},
		"quotes":                              {`"ann"@example.com`, "", NotEmail},
		"a full-width at sign":                {"ann＠example.com", "", NotEmail},
		"a full-width at sign after one":      {"ann@lee＠example.com", "", BadDomain},
		"a dot at the end":                    {"ann@example.com.", "", BadDomain},
		"an ideographic full stop at its end": {"ann@example.com。", "", BadDomain},
		"two dots":                            {"ann@example..com", "", BadDomain},
		"a dot at the domain's start":         {"ann@.example.com", "", BadDomain},
		"a hyphen at the label's start":       {"ann@-example.com", "", BadDomain},
		"a semicolon at the end":              {"ann@example.com;", "", BadDomain},
		"a port":                              {"ann@example.com:25", "", BadDomain},
		"an address of numbers in brackets":   {"ann@[192.0.2.1]", "", BadDomain},
		"broken punycode":                     {"ann@xn--a.com", "", BadDomain},
		"broken UTF-8":                        {"ann\xff@example.com", "", BadText},
		"a line break":                        {"ann@example.com\nbob", "", BadText},
	} {
		t.Run(name, func(t *testing.T) {
			got, why := n.Append([]byte("before:"), 1, []byte(c.raw))
			if string(got) != "before:"+c.want || why != c.why {
				t.Errorf("got %q, %v; want %q, %v", got, why, c.want, c.why)
			}
		})
	}
}

// referenceEmail is the rule without a shortcut: every domain goes through IDNA.
func referenceEmail(raw string) (string, bool) {
	blank := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
	}
	raw = strings.TrimFunc(raw, blank)
	local, domain, ok := strings.Cut(raw, "@")
	if !ok || local == "" || strings.Contains(domain, "@") || !utf8.ValidString(raw) ||
		strings.ContainsFunc(raw, unicode.IsControl) || strings.ContainsFunc(domain, unicode.IsSpace) ||
		strings.ContainsFunc(local, blank) || strings.ContainsAny(local, `<>()[]:;,"\\`) {
		return "", false
	}
	domain, err := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.StrictDomainName(false),
		idna.VerifyDNSLength(true)).ToASCII(domain)
	if err != nil || strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || strings.HasSuffix(domain, ".") {
		return "", false
	}
	return strings.ToLower(local) + "@" + domain, true
}

func checkEmail(t *testing.T, n *Normalizer, raw string) {
	t.Helper()
	want, ok := referenceEmail(raw)
	got, why := n.Append(nil, 1, []byte(raw))
	if string(got) != want || (why == Readable) != ok {
		t.Fatalf("%q: got %q, %v; want %q, %v", raw, got, why, want, ok)
	}
	if again, why := n.Append(nil, 1, got); ok && (why != Readable || !bytes.Equal(again, got)) {
		t.Fatalf("%q: the normal form %q has another one: %q, %v", raw, got, again, why)
	}
}

func TestRandomEmailsEqualTheRuleWithoutShortcuts(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	n := newTestKinds(t).Normalizer()
	plain := []rune("abcXYZ019-_.")
	signs := []rune("aZ9-_.@ +'\"<>,;é中ßא１。＠\u00a0\u200b\u00ad\x00\x7fİK")
	part := func(most int) string {
		text := make([]rune, random.IntN(most))
		for i := range text {
			text[i] = plain[random.IntN(len(plain))]
			if random.IntN(25) == 0 {
				text[i] = signs[random.IntN(len(signs))]
			}
		}
		return string(text)
	}
	for range 200000 {
		most := 12
		if random.IntN(50) == 0 {
			most = 300
		}
		checkEmail(t, n, part(8)+"@"+[]string{"", "", "xn--", "xn--fsqu00a."}[random.IntN(4)]+part(most))
	}
}

func FuzzEmail(f *testing.F) {
	for _, seed := range []string{
		"ann@example.com", " Ann.Lee+news@Example.COM ", "ann@例子.中国", "ann@xn--fsqu00a.xn--fiqs8s", "a@b..c", "a@-b.c", "a@b-.c",
		"ann@example。com", "mailto:ann@example.com", "a@א.com", "a@a_b.c", "a@1.2.3.4", "\u202aann@example.com\u202c", "a@ab--c.d",
	} {
		f.Add(seed)
	}
	n := newTestKinds(f).Normalizer()
	f.Fuzz(func(t *testing.T, raw string) { checkEmail(t, n, raw) })
}
