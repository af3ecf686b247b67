package sampler

import (
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// Path fills dst with the standard normals that belong to the part [u, t] of a
// step: the increment of the noise over it, divided by the root of its length.
// Parts number such draws within one Predict call from 0. A noise.Brownian
// takes all of a run from one path, so that parts that overlap, and steps made
// again with another length, agree; for other sources parts are independent,
// which is right as long as they do not overlap. Normal(dst, 0) is the whole
// interval of the same path.
//
// The ends may be read on any clock that a method uses throughout a run: the
// exact noise of a linear process is a Brownian path on one other than t.
func (s *Step) Path(dst *mat.Dense, part int, t, u float64) {
	s.Noise.Normal(dst, noise.Draw{Row: s.Row0, Step: s.K, Slot: s.slot0, Part: part, Purpose: s.purpose, T: t, U: u})
}

// pathOf is Path for one row of X, into the one row of dst.
func (s *Step) pathOf(row int, dst *mat.Dense, part int, t, u float64) {
	s.Noise.Normal(dst, noise.Draw{Row: s.Row0 + row, Step: s.K, Slot: s.slot0, Part: part, Purpose: s.purpose, T: t, U: u})
}
