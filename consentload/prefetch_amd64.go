package consentload

// prefetchBytes asks for the lines of memory of some bytes, and waits for none. A place outside is passed over.
//
//go:noescape
func prefetchBytes(of []byte, at []uint64)

// prefetchWords does so for words, whose places are in bytes too: it is the same code.
//
//go:noescape
func prefetchWords(of, at []uint64)
