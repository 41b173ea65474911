package consentload

import "strings"

// naming is how the channel or the purpose of an act is told.
type naming struct {
	what   string // "channel" or "purpose"
	fixed  string // of every such act; empty: the column tells it
	from   ref
	words  map[string]string // by folded word; nil: as it stands
	rename map[string]string // what the names of the platform are in this configuration, by folded name
	slot   int               // where its words are remembered
}

// meaning returns the name that a word stands for; for a purpose, perhaps with the channel that it is bound to.
func (n *naming) meaning(word string) (name, channel string, known bool) {
	name = foldName(word)
	if n.words != nil && n.fixed == "" {
		given, ok := n.words[name]
		if _, renamed := n.rename[name]; !ok && !renamed {
			return name, "", false
		}
		if ok {
			name = given
		}
	}
	if own, ok := n.rename[foldName(name)]; ok {
		name = own
	} else if own, ok := n.rename[foldName(word)]; ok {
		name = own
	}
	if bound, rest, cut := strings.Cut(name, ":"); cut && n.what == "purpose" {
		if _, renamed := n.rename[foldName(word)]; renamed {
			return rest, bound, true
		}
	}
	return name, "", true
}

// readScope finds what an act covers.
func (r *record) readScope(a *act, e *event) (ignored bool, out outcome, err error) {
	purpose, err := r.lookUp(&a.purpose)
	if err != nil {
		return false, rejected, err
	}
	channel := wordNumber{known: true}
	if !purpose.bound { // else the source says which channel it is
		if channel, err = r.lookUp(&a.channel); err != nil {
			return false, rejected, err
		}
	}
	if channel.ignored || purpose.ignored {
		return true, passed, nil
	}
	if !channel.known {
		return false, r.rejectName(&a.channel), nil
	}
	if !purpose.known {
		return false, r.rejectName(&a.purpose), nil
	}
	e.scope = scope{channel.number, purpose.number}
	if purpose.bound {
		e.scope.channel = purpose.channel
	}
	return false, acted, nil
}

// wordNumber is what an export's word for a channel or purpose stands for.
type wordNumber struct {
	number  uint16
	ignored bool
	known   bool
	bound   bool   // a purpose that holds for one channel
	channel uint16 // that channel
}

// seenWords are what the words of a naming stand for. The first few, which most columns have, are compared one by one.
type seenWords struct {
	few  [8]seenWord
	n    int // of few
	more map[string]wordNumber
}

type seenWord struct {
	text string
	is   wordNumber
}

func (s *seenWords) find(raw []byte) (word wordNumber, known bool) {
	for i := range s.few[:s.n] {
		if s.few[i].text == string(raw) {
			return s.few[i].is, true
		}
	}
	word, known = s.more[string(raw)]
	return word, known
}

func (s *seenWords) add(text string, is wordNumber) {
	switch {
	case s.n < len(s.few):
		s.few[s.n] = seenWord{text, is}
		s.n++
	case s.more == nil:
		s.more = map[string]wordNumber{text: is}
	case len(s.more) < maxNames: // a wrong column must not fill the memory
		s.more[text] = is
	}
}

// lookUp finds what the word of an act stands for, once for each spelling.
func (r *record) lookUp(n *naming) (wordNumber, error) {
	raw := []byte(n.fixed)
	if n.fixed == "" {
		raw = r.value(&n.from)
	}
	seen := &r.seen[n.slot]
	if word, known := seen.find(raw); known {
		return word, nil
	}
	text := string(raw)
	word, err := r.understand(n, text)
	if err == nil {
		seen.add(text, word)
	}
	return word, err
}

// understand gives a word its number.
func (r *record) understand(n *naming, raw string) (word wordNumber, err error) {
	name, bound, known := n.meaning(raw)
	if !known {
		return word, nil
	}
	if n.what == "channel" {
		word.number, word.ignored, word.known, err = r.words.understand(r.catalog.channelName, r.words.channel, name)
		return word, err
	}
	word.number, word.ignored, word.known, err = r.words.understand(r.catalog.purposeName, r.words.purpose, name)
	if err != nil || bound == "" || !word.known {
		return word, err
	}
	var ignored bool
	word.bound = true
	word.channel, ignored, word.known, err = r.words.understand(r.catalog.channelName, r.words.channel, bound)
	word.ignored = word.ignored || ignored
	return word, err
}

// understand gives a name its number, when it has one: an ignored name and one that nobody declared have none, and that
// of the star is 0.
func (v *vocabulary) understand(name func(string) (string, bool, bool), number func(string) (uint16, error), word string) (
	n uint16, ignored, known bool, err error,
) {
	full, ignored, known := name(word)
	if full != Star && known && !ignored {
		n, err = number(full)
	}
	return n, ignored, known, err
}

// rejectName rejects a row for a channel or purpose that nobody declared.
func (r *record) rejectName(n *naming) outcome {
	if n.fixed == "" {
		return r.rejectWord(&n.from, n.what)
	}
	return r.reject("", "the mapping "+r.shape.mapping+" speaks of the "+n.what+" "+quoteSafely(n.fixed)+", which nobody declared",
		"declare it in the configuration, as a name or alias, or say what it is called there: "+n.what+"s: {"+n.fixed+": NAME} in the source")
}
