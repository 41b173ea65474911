package filter

import "sync"

// turnstile lets batches pass one by one, in the order of the input, whichever worker holds them.
type turnstile struct {
	mu      sync.Mutex
	moved   *sync.Cond
	next    int
	aborted bool
}

func (t *turnstile) init() { t.moved = sync.NewCond(&t.mu) }

// wait blocks until all batches before number have left. It returns false when the run was aborted.
func (t *turnstile) wait(number int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.next != number && !t.aborted {
		t.moved.Wait()
	}
	return !t.aborted
}

// leave lets the next batch pass.
func (t *turnstile) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next++
	t.moved.Broadcast()
}

// abort sends everybody away.
func (t *turnstile) abort() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.aborted = true
	t.moved.Broadcast()
}
