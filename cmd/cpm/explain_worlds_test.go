package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// explainDigest is the digest of a phone in one of several forms.
func explainDigest(person, form int) string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s1380000000%d", []string{"+86", "", "86", "00"}[form], person)))
}

// explainWorld writes exports in which few people stand, by number, by address and by digests of every form, and returns
// the audiences that ask for them: a column each.
func explainWorld(t *testing.T, seed uint64) map[string][]string {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 11))
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var rows strings.Builder
	rows.WriteString("phone,email,phone_sha256,channel,purpose,status,occurred_at\n")
	for range 2 + r.IntN(12) {
		phone, email := fmt.Sprintf("1380000000%d", r.IntN(3)), fmt.Sprintf("p%d@example.com", r.IntN(3))
		digest := explainDigest(r.IntN(3), r.IntN(4))
		switch r.IntN(6) {
		case 0:
			phone, email = "", ""
		case 1:
			email, digest = "", ""
		case 2:
			phone = ""
		case 3:
			phone, digest = "", ""
		case 4:
			digest = ""
		}
		fmt.Fprintf(&rows, "%s,%s,%s,%s,%s,%s,2026-0%d-01T00:00:00Z\n", phone, email, digest, pick("sms", "email", "*"),
			pick("promotion", "survey", "*"), pick("granted", "granted", "denied", "withdrawn", "pending", "maybe"), 1+r.IntN(6))
	}
	files := map[string]string{
		"consent.csv": rows.String(),
		"stop.csv":    pick("phone\n13800000002\n", "phone_sha256\n"+explainDigest(2, r.IntN(4))+"\n", "phone\n13900000000\n"),
		"cpm.yaml": "version: 1\nchannels: {sms: {contact: phone}, email: {contact: email}}\n" +
			"purposes: {promotion: {}, survey: {basis: opt_out}}\nlink: " + pick("all", "all", "refusals", "none") +
			"\nmax_links: " + pick("1", "10") + "\nhashes: {phone: " + pick("[e164]", "[e164, national]") + "}\n",
	}
	audiences := map[string][]string{}
	for i := range 4 {
		audiences["phone"] = append(audiences["phone"], fmt.Sprintf("1380000000%d", i))
		audiences["email"] = append(audiences["email"], fmt.Sprintf("p%d@example.com", i))
		audiences["phone_sha256"] = append(audiences["phone_sha256"], explainDigest(i, r.IntN(4)))
	}
	for kind, values := range audiences {
		files[kind+".csv"] = kind + "\n" + strings.Join(values, "\n") + "\n"
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return audiences
}

// explainFlags are what explain and filter of a world have in common.
func explainFlags() []string {
	return []string{
		"--consent", "consent.csv", "--suppress", "stop.csv", "--on-bad-consent", "quarantine", "--max-bad", "1",
		"--as-of", "2026-05-15T00:00:00Z", "--config", "cpm.yaml",
	}
}

// TestExplainComesToTheVerdictsOfFilter asks both, as a user does: explain has to find all that counts for a person, their
// digests and whoever belongs to these, or fails.
func TestExplainComesToTheVerdictsOfFilter(t *testing.T) {
	t.Chdir(t.TempDir())
	verdicts := map[string]int{}
	for seed := range uint64(40) {
		for kind, values := range explainWorld(t, seed) {
			channel := map[bool]string{true: "email", false: "sms"}[kind == "email"]
			for _, purpose := range []string{"promotion", "survey"} {
				want := annotated(t, kind+".csv", "--channel", channel, "--purpose", purpose)
				for i, value := range values {
					got := explainedBy(t, kind, value, "--channel", channel, "--purpose", purpose)
					if got != want[i] {
						t.Fatalf("seed %d, %s × %s: explain says %s of %s %d, filter %s", seed, channel, purpose, got, kind, i, want[i])
					}
					verdicts[got]++
				}
			}
		}
	}
	for _, verdict := range []string{"permitted", "no_consent", "denied", "withdrawn", "pending", "suppression_list", "unreadable_consent", "shared_identifier"} {
		if verdicts[verdict] < 5 {
			t.Errorf("only %d verdicts are %s: the test shows less than it says", verdicts[verdict], verdict)
		}
	}
}

// annotated returns the verdicts of filter, a row each.
func annotated(t *testing.T, audience string, more ...string) (verdicts []string) {
	t.Helper()
	var told bytes.Buffer
	args := append([]string{"filter", audience, "--annotate", "out.csv", "--overwrite"}, append(explainFlags(), more...)...)
	if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: &told, err: &told}); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, told.String())
	}
	text, err := os.ReadFile("out.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		_, verdict, _ := strings.Cut(line, ",")
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

// explainedBy returns the verdict that explain tells of what was asked for.
func explainedBy(t *testing.T, kind, value string, more ...string) string {
	t.Helper()
	var told, talk bytes.Buffer
	args := append([]string{"explain", kind, "--json"}, append(explainFlags(), more...)...)
	if code := run(t.Context(), args, streams{in: strings.NewReader(value), out: &told, err: &talk}); code != exitDone {
		consent, _ := os.ReadFile("consent.csv")
		t.Fatalf("%s %s: exit code %d\n%s\n%s", kind, value, code, talk.String(), consent)
	}
	if strings.Contains(told.String(), value) {
		t.Fatalf("the %s is told in clear", kind)
	}
	var report explainReport
	if err := json.Unmarshal(told.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	for _, cell := range report.Cells {
		if cell.Identifier == report.Asked || cell.Identifier == report.Subject.Identifiers[0] {
			if cell.Reason != "" {
				return cell.Reason
			}
			return cell.Verdict
		}
	}
	t.Fatalf("what was asked for has no cell\n%s", told.String())
	return ""
}
