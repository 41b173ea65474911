package consentload

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

var rewrite = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata, or rewrites it with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// readGolden reads a configuration of testdata/config.
func readGolden(t *testing.T, name string) (*Config, error) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "config", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return ReadConfig("cpm.yaml", text)
}

// Each testdata/config/SENTENCE.yaml has its faults in SENTENCE.err, with the mends; an empty one is in order.
func TestConfigurationsHaveTheFaultsOfTheirGoldenFiles(t *testing.T) {
	paths, err := filepath.Glob("testdata/config/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no configurations: %v", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		t.Run(name, func(t *testing.T) {
			_, err := readGolden(t, name)
			told := ""
			if err != nil {
				told = err.Error() + "\n"
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".err", told)
		})
	}
}

func TestEveryFaultOfAConfigurationIsOfUseAndHasItsPlace(t *testing.T) {
	_, err := readGolden(t, "every-wrong-type-is-told")
	var all interface{ Unwrap() []error }
	if !errors.As(err, &all) || len(all.Unwrap()) < 2 {
		t.Fatalf("got %v, want several faults", err)
	}
	for _, one := range all.Unwrap() {
		if fault.KindOf(one) != fault.Usage || !strings.HasPrefix(one.Error(), "cpm.yaml:") {
			t.Errorf("got %v of kind %d, want a fault of usage that begins with its place", one, fault.KindOf(one))
		}
	}
}

func TestTheContractIsReadIntoTheStructs(t *testing.T) {
	config, err := readGolden(t, "the-contract-is-read")
	if err != nil {
		t.Fatal(err)
	}
	no, thousand, none := false, int64(1000), int64(0)
	want := &Config{
		Version: 1, Timezone: "Asia/Shanghai", Region: "CN",
		Kinds: map[string]KindConfig{
			"member_card": {Fold: []string{"case", "leading_zeros"}, Columns: []string{"会员卡号", "card"}},
		},
		Channels: map[string]ChannelConfig{
			"sms": {Contact: "phone", Aliases: []string{"短信"}}, "email": {Contact: "email"}, "club": {Contact: "member_card"},
		},
		Notices: map[string]NoticeConfig{"privacy-policy": {Versions: []string{"1", "2", "3"}}},
		Purposes: map[string]PurposeConfig{
			"promotion": {
				PolicyConfig: PolicyConfig{
					Basis: "opt_in", ValidFor: "365d", Notice: "privacy-policy", MinNoticeVersion: "3",
				},
				Aliases:  []string{"marketing", "营销"},
				Channels: map[string]PolicyConfig{"email": {Basis: "opt_out"}},
			},
			"service": {PolicyConfig: PolicyConfig{Basis: "opt_out"}, Star: &no},
		},
		Link: "all", MaxLinks: MaxLinks{All: 10}, StarGrants: "fill",
		Ignore: IgnoreConfig{Channels: []string{"fax"}, Purposes: []string{"9"}},
		Suppression: []ListConfig{
			{
				Path: "stop.csv", Channels: []string{"短信"}, Purposes: []string{"Promotion"}, Scope: "subject",
				ID: map[string]string{"phone": "#1", "email_sha256": "mail"}, Line: 21,
			},
			{Path: "erased.csv", AllowEmpty: true, Line: 22},
		},
		Sources: []SourceConfig{
			{
				Name: "app", Path: "exports/app-*.csv", Preset: "canonical", MaxAge: "26h", MinRows: &thousand,
				MaxShrink: "5%", Line: 25,
			},
			{
				Name: "web", Path: "exports/web.csv", Timezone: "UTC", MinRows: &none, MaxShrink: "0.05",
				RequireManifest: true, Line: 26,
			},
		},
		Defaults: map[string]any{"channel": "sms", "id": []any{"phone=手机"}, "dry-run": true, "max_links": "010"},
		Lines: map[string]int{
			"version": 1, "timezone": 2, "region": 3, "kinds": 4, "channels": 6, "notices": 10, "purposes": 12, "link": 16,
			"max_links": 17, "star_grants": 18, "ignore": 19, "suppression": 20, "sources": 24, "defaults": 27, "jobs": 28,
		},
		DefaultLines: map[string]int{"channel": 27, "id": 27, "dry-run": 27, "max_links": 27},
		Jobs: []JobConfig{{
			Name: "nightly-sms", Audience: "segments/*.csv", Channel: "sms, email", Purpose: "promotion",
			Output: "out/{job}/{name}.csv", Line: 29,
		}},
	}
	if diff := cmp.Diff(want, config); diff != "" {
		t.Errorf("the configuration differs (-want +got):\n%s", diff)
	}
}

// 010 is 8 to the parser, and 2.10 would be 2.1 as a number: both are other versions.
func TestVersionsAndAliasesAreTheTextThatWasWritten(t *testing.T) {
	config, err := readGolden(t, "versions-are-taken-as-written")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1", "2.10", "010", "0x1F", "1_0", "2024-01-01", "true", "3"}
	if diff := cmp.Diff(want, config.Notices["app"].Versions); diff != "" {
		t.Errorf("versions differ (-want +got):\n%s", diff)
	}
	promotion := config.Purposes["promotion"]
	if promotion.MinNoticeVersion != "2.10" || promotion.Aliases[0] != "007" {
		t.Errorf("got version %q and alias %q, want 2.10 and 007", promotion.MinNoticeVersion, promotion.Aliases[0])
	}
}

func TestASectionWithNothingIsAbsent(t *testing.T) {
	config, err := readGolden(t, "a-section-with-nothing-is-absent")
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{Version: 1, Purposes: map[string]PurposeConfig{"promotion": {}}}
	config.Lines, config.DefaultLines = nil, nil // the keys do stand there
	if diff := cmp.Diff(want, config); diff != "" {
		t.Errorf("the configuration differs (-want +got):\n%s", diff)
	}
}

func TestAFileTooLargeForAConfigurationIsRefused(t *testing.T) {
	_, err := ReadConfig("cpm.yaml", []byte(strings.Repeat("# export\n", maxConfigSize/8)))
	if err == nil || !strings.HasPrefix(err.Error(), "cpm.yaml:1:1: the file has more than 256 KiB") {
		t.Errorf("got %v, want a fault of its size", err)
	}
}
