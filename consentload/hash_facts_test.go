package consentload

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFactsAboutDigestsAreBroughtToTheRawIdentifier(t *testing.T) {
	kinds := newTestKinds(t)
	book := NewAliasBook(kinds)
	hashed := kindID(t, kinds, "phone_sha256")
	book.Want(hashed)
	aliases := noted(t, book, 1, []string{"13800000001"})
	raw := keyOfValue(t, kinds, "phone", "13800000001")
	declared, undeclared := hashKey(t, kinds, "phone_sha256", "+8613800000001"), hashKey(t, kinds, "phone_sha256", "13800000001")
	stranger := hashKey(t, kinds, "phone_sha256", "+8613900000001")
	mail := named{keyOfValue(t, kinds, "email", "a@example.com"), 1}
	of := func(key Key, kind KindID, status Status, beside ...named) event {
		return event{names: append([]named{{key, kind}}, beside...), status: status, when: 7, expires: noExpiry, scope: scope{1, 2}}
	}
	for name, c := range map[string]struct {
		said event
		want []event
		hits map[string]int64
	}{
		"a grant under the declared form is the number's": {
			of(declared, hashed, Granted, mail), []event{of(raw, 0, Granted, mail)}, map[string]int64{"e164": 1},
		},
		"a refusal under the declared form is the number's alone": {
			of(declared, hashed, Withdrawn, mail), []event{of(raw, 0, Withdrawn, mail)}, map[string]int64{"e164": 1},
		},
		"a pending act under the declared form is the number's": {
			of(declared, hashed, Pending), []event{of(raw, 0, Pending)}, map[string]int64{"e164": 1},
		},
		"a quarantined record under the declared form is the number's": {
			of(declared, hashed, unreadable), []event{of(raw, 0, unreadable)}, map[string]int64{"e164": 1},
		},
		"a grant under another form is the digest's": {
			of(undeclared, hashed, Granted, mail), []event{of(undeclared, hashed, Granted, mail)}, nil,
		},
		"a pending act under another form is the digest's": {
			of(undeclared, hashed, Pending, mail), []event{of(undeclared, hashed, Pending, mail)}, nil,
		},
		"a withdrawal under another form is of both, and links nobody to the number": {
			of(undeclared, hashed, Withdrawn, mail), []event{of(undeclared, hashed, Withdrawn, mail), of(raw, 0, Withdrawn)}, map[string]int64{"national": 1},
		},
		"a denial under another form is of both": {
			of(undeclared, hashed, Denied), []event{of(undeclared, hashed, Denied), of(raw, 0, Denied)}, map[string]int64{"national": 1},
		},
		"a quarantined record under another form is of both": {
			of(undeclared, hashed, unreadable), []event{of(undeclared, hashed, unreadable), of(raw, 0, unreadable)}, map[string]int64{"national": 1},
		},
		"a digest of nobody who was read stays":        {of(stranger, hashed, Withdrawn, mail), []event{of(stranger, hashed, Withdrawn, mail)}, nil},
		"a raw number stays":                           {of(raw, 0, Withdrawn, mail), []event{of(raw, 0, Withdrawn, mail)}, nil},
		"a raw value that looks like a digest is none": {of(declared, 2, Withdrawn, mail), []event{of(declared, 2, Withdrawn, mail)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := &aliasing{kinds: kinds, aliases: aliases}
			if diff := cmp.Diff(c.want, brought(a, c.said), cmp.AllowUnexported(event{}, named{}, scope{})); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.hits, a.hits.Words()); diff != "" {
				t.Error(diff)
			}
		})
	}

	log := &shard{hashed: hashed}
	log.add(&event{names: []named{{declared, hashed}, mail, {raw, 0}, {undeclared, hashed}, {stranger, hashed}}, status: Granted})
	log.settle(&aliasing{kinds: kinds, aliases: aliases})
	log.unstage()
	want := []named{{raw, 0}, mail, {undeclared, hashed}, {stranger, hashed}}
	slices.SortFunc(want, compareNames)
	log.joint[partitionOf(raw)].drainPieces(func(events []byte) {
		if diff := cmp.Diff(want, firstJoint(events).event(nil).names, cmp.AllowUnexported(named{})); diff != "" {
			t.Error("an event that names one identifier twice:", diff)
		}
	})
}

// brought returns the events that come of one: itself, then its copies.
func brought(a *aliasing, said event) (all []event) {
	a.bring(&said, func(e *event) {
		e.names = slices.Clone(e.names)
		all = append(all, *e)
	})
	return append(all[len(all)-1:], all[:len(all)-1]...)
}

func TestARefusalUnderADigestOfTwoNumbersReachesBoth(t *testing.T) {
	kinds := newTestKinds(t)
	kinds.declareForms(map[Kind][]string{"phone": {"digits", "national"}})
	book := NewAliasBook(kinds)
	hashed := kindID(t, kinds, "phone_md5")
	book.Want(hashed)
	a := &aliasing{kinds: kinds, aliases: noted(t, book, 1, []string{"+8613800138000", "+13800138000"})}
	digest := hashKey(t, kinds, "phone_md5", "13800138000")
	reached := map[Key]Status{}
	for _, status := range []Status{Denied, Granted} {
		for _, e := range brought(a, event{names: []named{{digest, hashed}}, status: status}) {
			if e.names[0].kind == 0 {
				reached[e.names[0].key] = e.status
			}
		}
	}
	want := map[Key]Status{
		keyOfValue(t, kinds, "phone", "+8613800138000"): Denied, keyOfValue(t, kinds, "phone", "+13800138000"): Denied,
	}
	if diff := cmp.Diff(want, reached); diff != "" {
		t.Error(diff)
	}
}

func TestWatchedEventsComeToTheIdentifiersOfWhichTheyAreWeighed(t *testing.T) {
	kinds := newTestKinds(t)
	book := NewAliasBook(kinds)
	book.Want(kindID(t, kinds, "phone_sha256"))
	aliases := noted(t, book, 1, []string{"13800000001", "13800000002"})
	one, two := keyOfValue(t, kinds, "phone", "13800000001"), keyOfValue(t, kinds, "phone", "13800000002")
	declared, national := hashKey(t, kinds, "phone_sha256", "+8613800000001"), hashKey(t, kinds, "phone_sha256", "13800000001")
	other := hashKey(t, kinds, "phone_sha256", "13800000002")
	name := func(key Key, kind Kind) WatchedName { return WatchedName{Kind: kind, Key: key, Value: "as written"} }
	digest := Kind("phone_sha256")
	names := []WatchedName{name(one, "phone"), name(declared, digest), name(national, digest), name(other, digest)}
	kept := []WatchedName{name(one, "phone"), name(national, digest), name(other, digest)}
	of := func(fate Fate, status Status, names ...WatchedName) WatchedEvent {
		return WatchedEvent{File: "a.csv", Fate: fate, Status: status, Names: names}
	}
	copied := of(InForce, Denied, name(one, digest))
	copied.Form = National
	quarantined := of(Quarantined, 0, name(one, digest))
	quarantined.Form = National
	a := &aliasing{kinds: kinds, aliases: aliases}
	got := a.watched([]WatchedEvent{
		of(InForce, Denied, names...), of(InForce, Granted, names...), of(AfterAsOf, Denied, names...), of(Quarantined, 0, names...),
		of(InForce, Granted, name(declared, digest)),
	}, map[Key]bool{one: true})
	if diff := cmp.Diff([]WatchedEvent{
		of(InForce, Denied, kept...), copied, of(InForce, Granted, kept...), of(AfterAsOf, Denied, kept...),
		of(Quarantined, 0, kept...), quarantined, of(InForce, Granted, name(one, digest)),
	}, got, cmp.AllowUnexported(WatchedEvent{})); diff != "" {
		t.Error(diff)
	}
	if of := aliases.Of(map[Key]bool{two: true}); len(of) != 1 || len(of[two]) != len(formsOf("phone", kinds.rules[0])) {
		t.Errorf("the digests of one number are %v", of)
	}
}
