package noise

import "math/rand/v2"

// Stream is the sequence of random words that belongs to one address: a
// rand.Source for generators that consume as much as they like, such as
// gonum's distributions. A Stream is not safe for concurrent use.
type Stream struct {
	seed  uint64
	at    Draw
	block [4]uint64
	next  int // words consumed so far
}

var _ rand.Source = (*Stream)(nil)

// Rand returns a generator that reads the Stream of row at.Row of a draw. It
// ignores T and U.
func Rand(seed uint64, at Draw) *rand.Rand {
	s := new(Stream)
	s.Seek(seed, at)
	return rand.New(s)
}

// Seek points the stream at the start of an address, so that one Stream,
// once given to a generator, serves any number of rows without allocation.
func (s *Stream) Seek(seed uint64, at Draw) {
	s.seed, s.at, s.next = seed, at, 0
}

// Uint64 returns the next word.
func (s *Stream) Uint64() uint64 {
	k := s.next & 3
	if k == 0 {
		b := &s.block
		b[0], b[1], b[2], b[3] = s.at.words4(s.seed, words, s.next>>2)
	}
	s.next++
	return s.block[k]
}
