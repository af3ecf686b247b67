package noise

import "gonum.org/v1/gonum/mat"

// Purpose separates the streams that one seed serves.
type Purpose uint8

// The purposes of random numbers in this module. Their values are part of the
// numerical specification: changing one changes every result.
const (
	Prior     Purpose = iota + 1 // the sampler's starting points
	Predict                      // a predictor's noise
	Correct                      // a corrector's noise
	Probe                        // divergence probes
	Data                         // the training rows
	Reference                    // reference rows of the Rao-Blackwellised target
	Level                        // training times
	Perturb                      // the noise added to training rows
	Init                         // initial weights
	Leaf                         // random leaves inside a program
)

// Draw is the address of a matrix of random numbers. Row is the index, in the
// whole run, of the first row asked for; Step counts the steps of the run and
// Slot the draws within one step. T and U are the ends of the interval whose
// noise is wanted, for sources that are paths; Part numbers the intervals when
// a step asks for several of one slot's, for sources that are not.
type Draw struct {
	Row, Step, Slot, Part int
	Purpose               Purpose
	T, U                  float64
}

// Source serves standard normals by address. The value for row r of the run
// depends on the address and r only, never on how rows are grouped into calls.
// Implementations are safe for concurrent use.
type Source interface {
	Normal(dst *mat.Dense, at Draw)
}
