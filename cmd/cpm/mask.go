package main

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"cpm/consentload"
)

// nameBook tells identifiers: masked, unless somebody asked for them in clear. Two that would look alike get a number.
type nameBook struct {
	kinds  *consentload.Kinds
	normal *consentload.Normalizer
	show   bool
	told   map[consentload.Key]string
	taken  map[string]int
}

func newNameBook(kinds *consentload.Kinds, show bool) *nameBook {
	return &nameBook{
		kinds: kinds, normal: kinds.Normalizer(), show: show,
		told: map[consentload.Key]string{}, taken: map[string]int{},
	}
}

// add enters an identifier by its value as written; the first one under a mask has no number.
func (b *nameBook) add(kind consentload.Kind, key consentload.Key, written []byte) {
	id, known := b.kinds.Index(kind)
	if _, twice := b.told[key]; twice || !known {
		return
	}
	form, why := b.normal.Append(nil, id, written)
	if why != consentload.Readable {
		return // what has a key has a normal form
	}
	text := string(form)
	_, hashed := b.kinds.Raw(id)
	switch {
	case hashed && b.show:
		text = hex.EncodeToString(form)
	case hashed: // whoever has the numbers of a country has their digests too
		text = hex.EncodeToString(form[:shownOfDigest]) + "…"
	case !b.show:
		text = masked(kind, text)
	}
	in := string(kind) + " " + text
	if b.taken[in]++; b.taken[in] > 1 {
		text += fmt.Sprintf(" #%d", b.taken[in])
	}
	b.told[key] = text
}

// same has one key told as another one is.
func (b *nameBook) same(key, as consentload.Key) { b.told[key] = b.value(as) }

// value returns how an identifier is told.
func (b *nameBook) value(key consentload.Key) string {
	if text, known := b.told[key]; known {
		return text
	}
	return "***"
}

const (
	hiddenDigits = 6 // at least: a million numbers look alike
	lastDigits   = 2
	frontMost    = 6 // "+86138"
	stars        = "***"

	shownOfDigest = 2 // bytes
)

// masked hides most of a normal form. A phone number keeps its front, where country, operator or area stand, and its
// last two digits, and at least six digits between them are hidden; an e-mail address keeps the first letter of a local
// part of three or more, and its domain; everything else of six or more characters keeps the first and the last one.
// Only of a phone number does the mask tell the length.
func masked(kind consentload.Kind, form string) string {
	name, domain, address := strings.Cut(form, "@")
	switch {
	case kind == "phone":
		front := min(len(form)-hiddenDigits-lastDigits, frontMost)
		if front < 1 {
			return stars
		}
		return form[:front] + strings.Repeat("*", len(form)-front-lastDigits) + form[len(form)-lastDigits:]
	case kind == "email" && address:
		if utf8.RuneCountInString(name) < 3 {
			return stars + "@" + domain
		}
		_, first := utf8.DecodeRuneInString(name)
		return name[:first] + stars + "@" + domain
	case utf8.RuneCountInString(form) < 6:
		return stars
	}
	_, first := utf8.DecodeRuneInString(form)
	_, last := utf8.DecodeLastRuneInString(form)
	return form[:first] + stars + form[len(form)-last:]
}
