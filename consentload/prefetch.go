package consentload

// Prefetch asks for the lines of memory in which some words stand, by their places in bytes, and waits for none of them: by
// the time that they are read, many have come side by side. A lookup in a large index waits for memory and for little else.
// Nothing is read, so a place outside does no harm.
func Prefetch(of, at []uint64) { prefetchWords(of, at) }
