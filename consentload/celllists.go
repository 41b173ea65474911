package consentload

// cellLists collects the identifiers of one cell by state, in no order.
type cellLists struct {
	granted, outdated, pending, denied, withdrawn []uint32
	expiries                                      []expiry
}

// expiry is when an identifier's grant ends.
type expiry struct {
	ordinal uint32
	at      Instant
}

// lists are the identifiers by state.
func (l *cellLists) lists() [5]*[]uint32 {
	return [...]*[]uint32{&l.granted, &l.outdated, &l.pending, &l.denied, &l.withdrawn}
}

// append adds other lists.
func (l *cellLists) append(o *cellLists) {
	others := o.lists()
	for i, to := range l.lists() {
		*to = append(*to, *others[i]...)
	}
	l.expiries = append(l.expiries, o.expiries...)
}

// empty forgets all identifiers, and keeps the room.
func (l *cellLists) empty() {
	for _, list := range l.lists() {
		*list = (*list)[:0]
	}
	l.expiries = l.expiries[:0]
}

// each calls do with every ordinal.
func (l *cellLists) each(do func(ordinal *uint32)) {
	for _, list := range l.lists() {
		for i := range *list {
			do(&(*list)[i])
		}
	}
	for i := range l.expiries {
		do(&l.expiries[i].ordinal)
	}
}

// join makes the lists of a cell of those of all partitions.
func (l *cellLists) join(parts []*part, cell int) {
	ends := 0
	for _, part := range parts {
		ends += len(part.settled[cell].expiries)
	}
	l.expiries = make([]expiry, 0, ends)
	for _, part := range parts {
		for _, e := range part.settled[cell].expiries {
			l.expiries = append(l.expiries, expiry{e.ordinal + part.first, e.at})
		}
	}
	for i, to := range l.lists() {
		n := 0
		for _, part := range parts {
			n += len(*part.settled[cell].lists()[i])
		}
		*to = make([]uint32, 0, n)
		for _, part := range parts {
			for _, ordinal := range *part.settled[cell].lists()[i] {
				*to = append(*to, ordinal+part.first)
			}
		}
	}
}
