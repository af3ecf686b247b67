package sampler

import "math"

// legs crosses the interval from T to another time, earlier or later, in parts, to the
// ends of which it sets T and U for the while. They end where the score or its derivative
// in time jumps: a step across would err by more than its error estimate knows, or be
// tried again and again. A score that jumps has two neighbouring times, with nothing
// between.
func (s *Step) legs(to float64, cross func() error) error {
	t, u := s.T, s.U
	defer func() { s.T, s.U = t, u }()
	s.Mean.Copy(s.X)
	for ; s.T != to; s.T = s.U {
		s.U = to
		for _, b := range s.problem.Breakpoints {
			if s.T > b && b > s.U || s.T < b && b < s.U {
				s.U = b
			}
		}
		if s.U != math.Nextafter(s.T, s.U) {
			if err := cross(); err != nil {
				return err
			}
		}
	}
	return nil
}
