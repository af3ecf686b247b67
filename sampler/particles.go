package sampler

import (
	"cmp"
	"fmt"
)

// Particles are the choices that Twisted and Steered have in common. The zero value is
// ready to use.
type Particles struct {
	// Number is how many rows are the particles of one observation: the first Number
	// rows of a run are those of the first one, and so on. 0 means all rows. The rows
	// of a run, and Settings.FirstRow, have to be multiples, and what the Problem has
	// for every row the same for those of one observation. The same observation several
	// times shows how far the answers of so many particles are apart.
	Number int
	// Threshold is the share of Number below which the effective sample size makes
	// particles be resampled; 0 means 0.5, and 1 that they are at every step.
	Threshold float64
	// Resampler is how; nil means Systematic.
	Resampler Resampler
	// Weighted leaves the particles at the end as they are, with the weights in Trace.
	// Otherwise they are resampled once more, and all count the same.
	Weighted bool
	// Trace, when set, is filled by a run. It is for one run at a time.
	Trace *Trace
}

// Trace is what the particles of a run have been through. It is complete when the run
// ends without an error other than RowErrors.
type Trace struct {
	// EffectiveSize[k][g] is the effective sample size 1/Σw² of the particles of
	// observation g at point k of the grid, before they are resampled; Resampled[k][g]
	// says whether they are.
	EffectiveSize [][]float64
	Resampled     [][]bool
	// LogEvidence[g] estimates log p(y) of observation g. Its exponential is without
	// bias, for the process in the steps of the grid and a likelihood that has its
	// constants. StdErr is its standard error, found from how unequally the
	// starting particles are the ancestors of the last ones (Lee & Whiteley 2018). It is
	// good as long as these have many different ancestors: of k that count the same it is about
	// 1/√k, and +Inf when all descend from one, which tells nothing. When k
	// falls below 3, or Number/40 where that is less, a run ends with ErrCollapsed: more
	// particles, a method that is nearer to the posterior, or more noise are wanted then.
	LogEvidence, StdErr []float64
	// LogWeights are those of the rows that a run returns, normalised for each
	// observation; all the same unless Weighted.
	LogWeights []float64
	// Ancestors are the rows of the start from which those that a run returns descend.
	Ancestors []int
}

// validate checks the fields as those of a method of this name.
func (c Particles) validate(name string) error {
	if c.Resampler != nil && unset(c.Resampler) {
		return fmt.Errorf("%s.Resampler: is a nil %T, want nil or one that is set: %w", name, c.Resampler, ErrUnset)
	}
	return cmp.Or(nonNegative(name, "Number", c.Number), within(name, "Threshold", c.Threshold, 0, 1))
}

// CouplesRows reports true: particles are weighed against each other.
func (Particles) CouplesRows() bool { return true }
