//go:build !amd64

package consentload

// prefetchBytes does nothing where Go has no way to ask for memory without waiting for it.
func prefetchBytes(_ []byte, _ []uint64) {}

func prefetchWords(_, _ []uint64) {}
