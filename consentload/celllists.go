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

// size is the number of entries.
func (l *cellLists) size() int {
	n := len(l.expiries)
	for _, list := range l.lists() {
		n += len(*list)
	}
	return n
}

// settledCell is what was settled in a cell of identifiers from one on.
type settledCell struct {
	cell  int
	first uint32
	lists cellLists
}

// settledIn returns what was settled in each cell. Few partitions have something of each where there are many cells.
func settledIn(parts []*part, cells int) [][]*settledCell {
	in := make([][]*settledCell, cells)
	for _, part := range parts {
		for i := range part.settled {
			one := &part.settled[i]
			one.first = part.first
			in[one.cell] = append(in[one.cell], one)
		}
	}
	return in
}

// join makes the lists of a cell of what was settled in it.
func (l *cellLists) join(parts []*settledCell) {
	ends := 0
	for _, part := range parts {
		ends += len(part.lists.expiries)
	}
	l.expiries = make([]expiry, 0, ends)
	for _, part := range parts {
		for _, e := range part.lists.expiries {
			l.expiries = append(l.expiries, expiry{e.ordinal + part.first, e.at})
		}
	}
	for i, to := range l.lists() {
		n := 0
		for _, part := range parts {
			n += len(*part.lists.lists()[i])
		}
		*to = make([]uint32, 0, n)
		for _, part := range parts {
			for _, ordinal := range *part.lists.lists()[i] {
				*to = append(*to, ordinal+part.first)
			}
		}
	}
}
