package dataset

import "sync"

// spare holds slices of one length that nobody uses. A sync.Pool may forget what
// it is given.
type spare struct {
	mu   sync.Mutex
	free [][]float64
}

func (s *spare) get(n int) []float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := len(s.free) - 1
	if k < 0 {
		return make([]float64, n)
	}
	r := s.free[k]
	s.free = s.free[:k]
	return r
}

// put takes r back, unless it is nil.
func (s *spare) put(r []float64) {
	if r == nil {
		return
	}
	s.mu.Lock()
	s.free = append(s.free, r)
	s.mu.Unlock()
}

// shares returns an element a component: of stack, or, when it is too short, of
// own, which goes back to m.spare after use.
func (m *Mixture) shares(stack []float64) (r, own []float64) {
	n := len(m.weights)
	if n <= len(stack) {
		return stack[:n], nil
	}
	own = m.spare.get(n)
	return own, own
}
