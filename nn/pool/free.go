package pool

import "sync"

// Free is a list of values that nobody uses at the moment, to be used again. A
// sync.Pool may forget what it is given, so that a caller who must not allocate
// cannot count on it. The zero value is an empty list; it is safe for concurrent
// use and may not be copied.
type Free[T any] struct {
	mu  sync.Mutex
	all []T
}

// Take removes the value that was given last; ok is false when there is none.
func (f *Free[T]) Take() (v T, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := len(f.all) - 1
	if k < 0 {
		return v, false
	}
	v, f.all = f.all[k], f.all[:k]
	return v, true
}

// Give adds a value that its owner does not use any more.
func (f *Free[T]) Give(v T) {
	f.mu.Lock()
	f.all = append(f.all, v)
	f.mu.Unlock()
}
