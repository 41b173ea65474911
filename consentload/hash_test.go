package consentload

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cpm/formats/fault"
)

func kindID(t testing.TB, kinds *Kinds, kind Kind) KindID {
	t.Helper()
	id, ok := kinds.Index(kind)
	if !ok {
		t.Fatalf("%s is no kind", kind)
	}
	return id
}

// hexOf is the digest of a text under the algorithm of a hashed kind's name.
func hexOf(kind Kind, text string) string {
	switch {
	case strings.HasSuffix(string(kind), "_md5"):
		return fmt.Sprintf("%x", md5.Sum([]byte(text)))
	case strings.HasSuffix(string(kind), "_sha1"):
		return fmt.Sprintf("%x", sha1.Sum([]byte(text)))
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
}

func TestEveryRawKindHasThreeHashedOnes(t *testing.T) {
	kinds := newTestKinds(t)
	if raw, all := len(kinds.Names()), len(kinds.All()); all != 4*raw {
		t.Errorf("%d raw kinds, %d in all", raw, all)
	}
	if diff := cmp.Diff([]Kind{"email_md5", "email_sha1", "email_sha256"}, kinds.Hashed("email")); diff != "" {
		t.Error(diff)
	}
	for i, kind := range kinds.All() {
		raw, hashed := kinds.Raw(KindID(i))
		want, hash := cutHash(string(kind))
		if string(kinds.Names()[raw]) != want || hashed != (hash != "") || kindID(t, kinds, kind) != KindID(i) {
			t.Errorf("%s is of %s, hashed %v", kind, kinds.Names()[raw], hashed)
		}
		if of, isHashed := kinds.RawKind(kind); string(of) != want || isHashed != hashed {
			t.Errorf("%s is of %s by name", kind, of)
		}
	}
	if raw, hashed := kinds.RawKind("fax_md5"); raw != "fax_md5" || hashed || kinds.Hashed("fax") != nil {
		t.Error("an unknown kind has hashes")
	}
}

func TestDigestsAsTheyAreWritten(t *testing.T) {
	kinds := newTestKinds(t)
	const text = "+8613800000002"
	sum := sha256.Sum256([]byte(text))
	hash, standard := hex.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(sum[:])
	// A digest whose base64 differs between the alphabets, in either.
	marked := bytes.Repeat([]byte{0xfb, 0xef, 0xff}, 10)
	marked = append(marked, 0xfb, 0xef)
	for name, c := range map[string]struct {
		kind Kind
		raw  string
		want []byte // nil: BadDigest
	}{
		"hex":                              {"phone_sha256", hash, sum[:]},
		"hex in capitals":                  {"phone_sha256", strings.ToUpper(hash), sum[:]},
		"hex with blanks around it":        {"phone_sha256", " " + hash + "\u200b", sum[:]},
		"base64":                           {"phone_sha256", standard, sum[:]},
		"base64 without padding":           {"phone_sha256", strings.TrimRight(standard, "="), sum[:]},
		"base64 in the URL alphabet":       {"email_sha256", base64.RawURLEncoding.EncodeToString(marked), marked},
		"base64 in the standard alphabet":  {"email_sha256", base64.RawStdEncoding.EncodeToString(marked), marked},
		"base64 in both alphabets":         {"email_sha256", "-" + base64.RawStdEncoding.EncodeToString(marked)[1:], nil},
		"base64 with bits to spare":        {"phone_md5", "AAAAAAAAAAAAAAAAAAAAAB", nil},
		"base64 with a line break":         {"phone_sha256", standard[:20] + "\n" + standard[21:], nil},
		"padding of another length":        {"phone_md5", "AAAAAAAAAAAAAAAAAAAAAA=", nil},
		"padding inside":                   {"phone_md5", "AAAAAAAAAAAAAAAAAAAA==AA", nil},
		"a digest of another algorithm":    {"phone_md5", hash, nil},
		"a hash mark before it":            {"phone_sha256", "0x" + hash[2:], nil},
		"a letter that is no hex":          {"phone_sha256", "g" + hash[1:], nil},
		"a phone number":                   {"phone_sha256", text, nil},
		"MD5 of nothing":                   {"email_md5", "d41d8cd98f00b204e9800998ecf8427e", nil},
		"SHA-1 of nothing":                 {"email_sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", nil},
		"SHA-256 of nothing":               {"email_sha256", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", nil},
		"SHA-256 of nothing in base64":     {"email_sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", nil},
		"a digest of zeros is no accident": {"email_md5", strings.Repeat("0", 32), make([]byte, 16)},
	} {
		t.Run(name, func(t *testing.T) {
			got, why := kinds.Normalizer().Append([]byte("before:"), kindID(t, kinds, c.kind), []byte(c.raw))
			if c.want == nil {
				if string(got) != "before:" || why != BadDigest && why != BadText {
					t.Errorf("got %x, %v", got, why)
				}
				return
			}
			if !bytes.Equal(got, append([]byte("before:"), c.want...)) || why != Readable {
				t.Errorf("got %x, %v; want %x", got, why, c.want)
			}
		})
	}
	if _, why := kinds.Normalizer().Append(nil, kindID(t, kinds, "email_md5"), []byte(" ")); why != Empty {
		t.Errorf("a blank digest is %v", why)
	}
}

// referenceDigest reads a digest with the decoders of the standard library alone.
func referenceDigest(value string, size int) []byte {
	if sum, err := hex.DecodeString(value); err == nil && len(sum) == size {
		return sum
	}
	if strings.ContainsAny(value, "\r\n") {
		return nil
	}
	for _, encoding := range []*base64.Encoding{
		base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
	} {
		if sum, err := encoding.Strict().DecodeString(value); err == nil && len(sum) == size {
			return sum
		}
	}
	return nil
}

func FuzzDigest(f *testing.F) {
	for _, seed := range []string{
		"542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345", "2C010ED96AEF2FC34983E1E7E9176B7E",
		"d41d8cd98f00b204e9800998ecf8427e", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "-_-_-_-_-_-_-_-_-_-_-w==",
		"AAAAAAAAAAAAAAAAAAAAAB", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "", "+8613800000002",
	} {
		f.Add(seed)
	}
	reader := newDigestReader()
	f.Fuzz(func(t *testing.T, value string) {
		for a := range hashAlgorithms {
			want := referenceDigest(value, a.size())
			if bytes.Equal(want, a.append(nil, nil)) {
				want = nil
			}
			got, why := reader.append(nil, []byte(value), a)
			if !bytes.Equal(got, want) || (why == Readable) != (want != nil) {
				t.Fatalf("%q as %v: got %x, %v; want %x", value, a, got, why, want)
			}
		}
	})
}

func TestColumnsOfDigestsByTheirUsualNames(t *testing.T) {
	kinds := newTestKinds(t)
	for name, want := range map[string]Kind{
		"phone_sha256": "phone_sha256", "Phone SHA256": "phone_sha256", "sha256_phone": "phone_sha256", "phone_sha-256": "phone_sha256",
		"手机号md5": "phone_md5", "MD5 手机号": "phone_md5", "email md5": "email_md5", "E-Mail_SHA1": "email_sha1",
		"hashed_phone_sha256": "phone_sha256", "phone_hash_md5": "phone_md5", "sha256_hashed_email": "email_sha256",
		"phone_sha256_hash": "phone_sha256", "device_id_md5": "device_id_md5", "Card No SHA1": "loyalty_card_sha1",
		"hashed_phone": "", "phone_hash": "", "md5": "", "sha256": "", "hash": "", "fax_md5": "", "phone_sha512": "", "phone": "phone",
	} {
		var found []Kind
		for _, kind := range kinds.All() {
			if len(kinds.MatchColumns([]string{name}, kind)) > 0 {
				found = append(found, kind)
			}
		}
		if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || found[0] != want) {
			t.Errorf("%s is taken for %v, want %s", name, found, want)
		}
	}
	for name, want := range map[string]bool{"hashed_phone": true, "Phone Hash": true, "hash_phone_md5": false, "hash": false, "hashed": false} {
		if _, _, vague := kinds.hashedColumn(foldColumn(name)); vague != want {
			t.Errorf("%s leaves its algorithm open: %v", name, vague)
		}
	}
}

func TestADeclaredKindTakesNoColumnOfDigests(t *testing.T) {
	_, err := NewKinds("", []KindRule{{Kind: "card", Columns: []string{"Phone MD5"}}})
	if fault.KindOf(err) != fault.Usage {
		t.Errorf("got %v", err)
	}
}

// digestsOf returns the forms of a value by the hex digest that each gives under a hashed kind.
func digestsOf(t testing.TB, kinds *Kinds, hashed Kind, raw string) map[Key]Form {
	t.Helper()
	keyer, id := NewKeyer(kinds), kindID(t, kinds, hashed)
	kind, _ := kinds.Raw(id)
	if _, why := keyer.Key(kind, []byte(raw)); why != Readable {
		t.Fatalf("%s: %v", raw, why)
	}
	found := map[Key]Form{}
	keyer.Digests(kind, keyer.Normal(), []KindID{id}, func(_ KindID, form Form, _ bool, key Key) { found[key] = form })
	return found
}

func TestVectorsThatVendorsPrint(t *testing.T) {
	kinds := newTestKinds(t)
	for name, c := range map[string]struct {
		kind        Kind
		raw, digest string
		form        Form
	}{
		"Snap, an e-mail address":                {"email_sha256", "person@example.com", "542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345", Lower},
		"Tencent Ads, an IDFA":                   {"device_id_md5", "FF1999CD-7177-4937-A474-74937A102630", "2c010ed96aef2fc34983e1e7e9176b7e", Upper},
		"Tencent Ads, an IMEI":                   {"device_id_md5", "a000002c9060f7", "f2d5a650733ca8c27d502b1c08da14e5", Lower},
		"an IDFA that lost its dashes":           {"device_id_md5", "ff1999cd71774937a47474937a102630", "2c010ed96aef2fc34983e1e7e9176b7e", UpperMarked},
		"Snap, a phone number in digits":         {"phone_sha256", "+448444124653", hexOf("phone_sha256", "448444124653"), Digits},
		"Tencent Ads, a phone number without 86": {"phone_md5", "+8613800138000", hexOf("phone_md5", "13800138000"), National},
	} {
		t.Run(name, func(t *testing.T) {
			key, why := NewKeyer(kinds).Key(kindID(t, kinds, c.kind), []byte(c.digest))
			if form, found := digestsOf(t, kinds, c.kind, c.raw)[key]; why != Readable || !found || form != c.form {
				t.Errorf("found %v as %q, %v; want %q", found, form, why, c.form)
			}
		})
	}
}

func TestTikTokPrintsTheDigestOfThePhoneNumberWithoutItsPlus(t *testing.T) {
	kinds := newTestKinds(t)
	digits := string(kinds.appendForm(nil, Digits, []byte("+37493828222")))
	if sum := hexOf("phone_sha256", digits); digits != "37493828222" || !strings.HasPrefix(sum, "65b7e6dc") {
		t.Errorf("the digits are %s, their digest begins %s", digits, sum[:8])
	}
}

func TestEveryWrittenFormOfOnePhoneGivesTheSameDigests(t *testing.T) {
	kinds := newTestKinds(t)
	rapid.Check(t, func(rt *rapid.T) {
		national := rapid.StringMatching(`1[3-9][0-9]{9}`).Filter(func(s string) bool { return s[:3] != "179" }).Draw(rt, "national")
		kind := rapid.SampledFrom(kinds.Hashed("phone")).Draw(rt, "kind")
		want := map[Key]Form{}
		for form, text := range map[Form]string{
			E164: "+86" + national, Digits: "86" + national, National: national, ZeroZero: "0086" + national, Trunk: "0" + national,
		} {
			key, why := NewKeyer(kinds).Key(kindID(t, kinds, kind), []byte(hexOf(kind, text)))
			if why != Readable {
				rt.Fatal(why)
			}
			want[key] = form
		}
		for _, written := range []string{
			"+86" + national, "86" + national, national, "0086" + national, "tel:" + national, " " + national[:3] + "-" + national[3:7] + " " + national[7:],
		} {
			if diff := cmp.Diff(want, digestsOf(t, kinds, kind, written)); diff != "" {
				rt.Fatalf("written as %s: %s", written, diff)
			}
		}
	})
}
