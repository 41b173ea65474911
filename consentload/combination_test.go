package consentload

import (
	"testing"
)

func TestAnIdentifierBesideManyOthersInOneEventIsShared(t *testing.T) {
	catalog := catalogOf(t, "version: 1\nmax_links: 2\nchannels: {sms: {contact: phone}}\npurposes: {promotion: {}}\n")
	l, err := newLoader(catalog, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	name := func(kind Kind, value string) named {
		id, _ := catalog.Kinds.Index(kind)
		return named{keyOfValue(t, catalog.Kinds, kind, value), id}
	}
	phone, other := name("phone", "13800000001"), name("phone", "13800000002")
	mails := []named{name("email", "a@example.com"), name("email", "b@example.com"), name("email", "c@example.com")}
	l.shards[0].add(&event{names: append([]named{phone}, mails...), scope: scope{1, 1}, status: Granted, when: 1, expires: noExpiry})
	l.shards[0].add(&event{names: []named{other, mails[0]}, scope: scope{1, 1}, status: Withdrawn, when: 2, expires: noExpiry})
	x, err := freeze(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	ordinal := func(of named) uint32 {
		found, known := x.Find(of.key)
		if !known {
			t.Fatal("an identifier is lost")
		}
		return found
	}
	if !x.Shared().Contains(ordinal(phone)) || x.Shared().GetCardinality() != 1 {
		t.Errorf("shared are %d identifiers, and of these the number beside three addresses: %v",
			x.Shared().GetCardinality(), x.Shared().Contains(ordinal(phone)))
	}
	if n := len(x.Members(ordinal(mails[2]))); n != 4 {
		t.Errorf("the subject of the addresses has %d identifiers, and should have them and the other number", n)
	}
	cell := x.Cell("sms", "promotion")
	for _, one := range append([]named{other}, mails...) {
		if !cell.Withdrawn.Contains(ordinal(one)) {
			t.Error("a withdrawal does not reach the subject")
		}
	}
}
