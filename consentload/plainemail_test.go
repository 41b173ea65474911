package consentload

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAPlainEmailAddressHasTheFormThatTheLongWayFinds(t *testing.T) {
	kinds := newTestKinds(t)
	part := rapid.StringOfN(rapid.SampledFrom([]rune("aZ09_.-@ \"(),:;<>[]\\\x00\x1f\x7f\u00a0é！'+~!")), 0, 12, -1)
	label := rapid.StringMatching(`[a-zA-Z0-9_-]{0,70}`)
	rapid.Check(t, func(t *rapid.T) {
		address := part.Draw(t, "local") + rapid.SampledFrom([]string{"@", "", "@@"}).Draw(t, "at")
		if rapid.Bool().Draw(t, "labels") {
			address += label.Draw(t, "label") + "." + label.Draw(t, "label")
		} else {
			address += part.Draw(t, "domain")
		}
		form, ok := appendPlainEmail([]byte("before"), []byte(address))
		if !ok {
			if string(form) != "before" {
				t.Fatalf("%q: what is no plain address leaves %q", address, form)
			}
			return
		}
		ascii, clean := inspectText([]byte(address))
		want, why := kinds.appendEmail([]byte("before"), []byte(address), ascii)
		if !clean || why != Readable || string(form) != string(want) {
			t.Fatalf("%q: %q, and the long way finds %q (%v)", address, form, want, why)
		}
		_, domain, _ := strings.Cut(address, "@")
		name, err := kinds.domains.ToASCII(domain)
		if err != nil || !strings.HasSuffix(string(form), "@"+name) {
			t.Fatalf("%q: %q, and by IDNA the domain is %q (%v)", address, form, name, err)
		}
	})
	for _, plain := range []string{"a@b", "A.b+c@Q-q.com", "u1z5fw_15tw6@sina.cn", "o'neil@x_y.example.com"} {
		if _, ok := appendPlainEmail(nil, []byte(plain)); !ok {
			t.Errorf("%s takes the long way", plain)
		}
	}
}

func TestEightBytesAreLookedAtAsOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.SampledFrom([]byte("\x00\x1f !a~\x7f\x80\xc3\xff")), 0, 20).Draw(t, "text")
		ascii, control := true, false
		for _, c := range text {
			ascii = ascii && c < 0x80
			control = control || c < ' ' || c == 0x7f
		}
		gotASCII, clean := inspectText(text)
		if ascii && !control && (!gotASCII || !clean) || (!ascii || control) && gotASCII || control && clean {
			t.Fatalf("%q: ASCII %v, clean %v", text, gotASCII, clean)
		}
	})
}
