package consentload

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// reportDifference fails when a normal form differs from the reference.
func reportDifference(t *testing.T, region, raw string, normal func(string) (string, Unreadable)) {
	t.Helper()
	want, ok := referencePhone(region, raw)
	got, why := normal(raw)
	if got != want || (why == Readable) != ok {
		t.Errorf("region %s, %q: got %q (%v), the library says %q", region, raw, got, why, want)
	}
}

// inShards runs a part of the work on each of a few goroutines.
func inShards(t *testing.T, work func(t *testing.T, shard, shards int, random *rand.Rand)) {
	const shards = 4
	for shard := range shards {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			work(t, shard, shards, rand.New(rand.NewPCG(1, uint64(shard))))
		})
	}
}

func TestPhoneBeginningsEqualTheLibrary(t *testing.T) {
	tails := 20
	if testing.Short() {
		tails = 2
	}
	forms := [...]string{"%s%s", "+86%s%s", "86%s%s", "0086%s%s", "%s %s", "+86 %s-%s", "086%s%s", "+860%s%s", "+86 86%s%s"}
	inShards(t, func(t *testing.T, shard, shards int, random *rand.Rand) {
		normal := phoneNormalizer(t, "CN")
		for beginning := shard; beginning < 10000 && !t.Failed(); beginning += shards {
			for i := range tails {
				tail := fmt.Sprintf("%07d", random.IntN(1e7))
				if i%5 == 0 {
					tail = "00" + tail[2:]
				}
				for f, form := range forms {
					if testing.Short() && f != (i+beginning)%len(forms) {
						continue // in short, each number in one form
					}
					reportDifference(t, "CN", fmt.Sprintf(form, fmt.Sprintf("%04d", beginning), tail), normal)
				}
			}
		}
	})
}

func TestEveryMobileBeginningEqualsTheLibraryInEveryForm(t *testing.T) {
	inShards(t, func(t *testing.T, shard, shards int, random *rand.Rand) {
		cn, us, de := phoneNormalizer(t, "CN"), phoneNormalizer(t, "US"), phoneNormalizer(t, "DE")
		for beginning := 130 + shard; beginning < 200 && !t.Failed(); beginning += shards {
			for _, tail := range [...]string{"%08d", "00%06d", "0000%04d", "5100%04d", "9700%04d"} {
				number := fmt.Sprint(beginning) + fmt.Sprintf(tail, random.IntN(1e4))
				for _, prefix := range [...]string{"", "+86", "86", "0086", "+860", "0"} {
					reportDifference(t, "CN", prefix+number, cn)
					reportDifference(t, "US", prefix+number, us)
					reportDifference(t, "DE", prefix+number, de)
				}
			}
		}
	})
}

func TestEveryRestAfterACarrierCodeEqualsTheLibrary(t *testing.T) {
	normal := phoneNormalizer(t, "CN")
	for carrier := range 100 {
		for _, rest := range [...]string{"000000", "001234", "123456", "861234", "999999"} {
			for _, prefix := range [...]string{"86", "+86", "0086", "+86 "} {
				reportDifference(t, "CN", fmt.Sprintf("%s179%02d%s", prefix, carrier, rest), normal)
			}
		}
	}
	for rest := range 1000 {
		for _, form := range [...]string{"86179%s%03d%s", "+86179%s%03d%s", "0086179%s%03d%s"} {
			reportDifference(t, "CN", fmt.Sprintf(form, "51", rest, "123"), normal)
			reportDifference(t, "CN", fmt.Sprintf(form, "00", rest, "000"), normal)
		}
	}
}

func TestNorthAmericanBeginningsEqualTheLibrary(t *testing.T) {
	inShards(t, func(t *testing.T, shard, shards int, random *rand.Rand) {
		us, ca, cn := phoneNormalizer(t, "US"), phoneNormalizer(t, "CA"), phoneNormalizer(t, "CN")
		for beginning := shard; beginning < 10000 && !t.Failed(); beginning += shards {
			number := fmt.Sprintf("%04d%06d", beginning, random.IntN(1e6))
			switch beginning / shards % 5 {
			case 0:
				reportDifference(t, "US", number, us)
			case 1:
				reportDifference(t, "US", "1"+number, us)
			case 2:
				reportDifference(t, "US", "+1"+number, us)
			case 3:
				reportDifference(t, "CA", "1 "+number, ca)
			default:
				reportDifference(t, "CN", "+1"+number, cn)
			}
		}
	})
}

func TestExampleNumbersOfEveryRegion(t *testing.T) {
	regions := slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions()))
	inShards(t, func(t *testing.T, shard, shards int, _ *rand.Rand) {
		for i := shard; i < len(regions); i += shards {
			region := regions[i]
			normal := phoneNormalizer(t, region)
			for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
				number := phonenumbers.GetExampleNumberForType(region, kind)
				if number == nil {
					continue
				}
				e164 := phonenumbers.Format(number, phonenumbers.E164)
				for _, form := range []phonenumbers.PhoneNumberFormat{phonenumbers.E164, phonenumbers.INTERNATIONAL, phonenumbers.NATIONAL} {
					reportDifference(t, region, phonenumbers.Format(number, form), normal)
				}
				if got, why := normal(e164); phonenumbers.IsPossibleNumberWithReason(number) == phonenumbers.IS_POSSIBLE && got != e164 {
					t.Errorf("%s: got %q, %v", e164, got, why)
				}
			}
			reportDifference(t, region, "+1 212 555 0100", normal)
			reportDifference(t, region, "+86 138 0013 8000", normal)
			reportDifference(t, region, "0086 13800138000", normal)
			reportDifference(t, region, "12125550100", normal)
		}
	})
}

// randomPhone is a text of the signs that phone columns hold: half of them nothing but, half a number with a few
// signs changed.
func randomPhone(random *rand.Rand) string {
	signs := []string{
		"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "1", "3", "0", "8", "6", "+", "-", " ", "(", ")", ".", ".0", "/", "'",
		"０", "１", "８", "９", "＋", "．", "（", "　", "\u00a0", "\u200e", "–", "E", "e", "x", "tel:", ",", "\xff", "١",
	}
	const digits = 15 // the first so many signs
	var text strings.Builder
	if random.IntN(2) == 0 {
		for range random.IntN(18) {
			n := digits
			if random.IntN(6) == 0 {
				n = len(signs)
			}
			text.WriteString(signs[random.IntN(n)])
		}
		return text.String()
	}
	forms := [...]string{"13800138000", "+8613800138000", "008617951001234", "+12125550100", "02162345678", "+442079460958", "13800138000.0"}
	for _, c := range forms[random.IntN(len(forms))] {
		switch random.IntN(16) {
		case 0:
			text.WriteString(signs[random.IntN(len(signs))])
		case 1:
			text.WriteString(signs[random.IntN(digits)])
			continue
		}
		text.WriteRune(c)
	}
	return text.String()
}

func TestRandomPhonesEqualTheLibrary(t *testing.T) {
	rounds := 1_000_000
	if testing.Short() {
		rounds = 50_000
	}
	inShards(t, func(t *testing.T, _, shards int, random *rand.Rand) {
		regions := [...]string{"CN", "CN", "CN", "US", "DE", "IT", "BR"}
		var normal []func(string) (string, Unreadable)
		for _, region := range regions {
			normal = append(normal, phoneNormalizer(t, region))
		}
		for i := 0; i < rounds/shards && !t.Failed(); i++ {
			at := i % len(regions)
			reportDifference(t, regions[at], randomPhone(random), normal[at])
		}
	})
}

func FuzzPhone(f *testing.F) {
	for _, seed := range []string{
		"13800138000", "+86 138-0013-8000", "0086 17951001234", "tel:13800138000", "'13800138000.0", "1.38E+10", "１３８００１３８０００",
		"\u202a+1 (212) 555-0100\u202c", "+44 (0)20 7946 0958", "13800138000.00", "+39 06 698 00000", "",
	} {
		f.Add(seed, true)
	}
	cn, us := phoneNormalizer(f, "CN"), phoneNormalizer(f, "US")
	f.Fuzz(func(t *testing.T, raw string, china bool) {
		if china {
			reportDifference(t, "CN", raw, cn)
			return
		}
		reportDifference(t, "US", raw, us)
	})
}
