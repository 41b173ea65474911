package consentload

import (
	"strings"
	"testing"
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
