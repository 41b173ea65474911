package main

import (
	"testing"

	"cpm/consentload"
)

func TestAMaskHidesMostOfAnIdentifier(t *testing.T) {
	for _, c := range []struct {
		name string
		kind consentload.Kind
		form string
		want string
	}{
		{"a mobile number keeps country, operator and two digits", "phone", "+8613800000001", "+86138******01"},
		{"a long number hides more", "phone", "+491512345678901", "+49151********01"},
		{"a short number hides six digits all the same", "phone", "+49301234", "+******34"},
		{"one too short for that hides all", "phone", "+4930123", "***"},
		{"an address keeps its first letter and its domain", "email", "anna@example.com", "a***@example.com"},
		{"a letter may be longer than a byte", "email", "安娜娜@example.com", "安***@example.com"},
		{"a local part of two letters hides both", "email", "bo@example.com", "***@example.com"},
		{"another kind keeps the first and the last character", "openid", "oAbCdEfG9", "o***9"},
		{"an address in another kind is no address", "customer_id", "anna@example.com", "a***m"},
		{"what is short hides all", "customer_id", "12345", "***"},
	} {
		if got := masked(c.kind, c.form); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestTwoIdentifiersUnderOneMaskGetNumbers(t *testing.T) {
	kinds, err := consentload.NewKinds("CN", nil)
	if err != nil {
		t.Fatal(err)
	}
	keyer, id := consentload.NewKeyer(kinds), consentload.KindID(0)
	book := newNameBook(kinds, false)
	for _, c := range []struct{ value, want string }{
		{"13812345601", "+86138******01"},
		{"13865432101", "+86138******01 #2"},
		{"+86 138 1234 5601", "+86138******01"},
	} {
		key, _ := keyer.Key(id, []byte(c.value))
		book.add("phone", key, []byte(c.value))
		if got := book.value(key); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
