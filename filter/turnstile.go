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

// queue does work in the order of the input, whoever brings it: at once, or when the work of all batches before is done.
// Nobody waits for his turn, unless too much is waiting already.
type queue struct {
	mu      sync.Mutex
	moved   *sync.Cond
	waiting map[int]func() error
	next    int
	busy    bool
	aborted bool
}

// mostWaiting bounds the batches whose work is done but for its turn.
const mostWaiting = 16

func (q *queue) init() { q.moved, q.waiting = sync.NewCond(&q.mu), map[int]func() error{} }

// put brings the work of a batch, and does what is due. An error is that of any work that was done.
func (q *queue) put(number int, do func() error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for number >= q.next+mostWaiting && !q.aborted {
		q.moved.Wait()
	}
	q.waiting[number] = do
	if q.busy { // whoever is at it finds this one too
		return nil
	}
	q.busy = true
	defer func() { q.busy = false }()
	for do := q.waiting[q.next]; do != nil && !q.aborted; do = q.waiting[q.next] {
		delete(q.waiting, q.next)
		q.mu.Unlock()
		err := do()
		q.mu.Lock()
		if err != nil {
			return err
		}
		q.next++
		q.moved.Broadcast()
	}
	return nil
}

// abort leaves undone what is waiting, and sends everybody away.
func (q *queue) abort() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.aborted = true
	q.moved.Broadcast()
}
