package inference

import "fmt"

// Method says how GivenAll makes one score of those of several observations.
type Method int

const (
	// GAUSS weighs the scores with the precisions of the posteriors, as if they were
	// normal (Linhart et al. 2024). It is exact for normal posteriors with a normal
	// prior, and a diffusion: every sampler and LogProb run on it.
	GAUSS Method = iota
	// JAC finds the precisions from the Jacobians of the scores, at every row and time
	// (Linhart et al. 2024): exact in the same case, and with exact scores better away from
	// it, for as many derivatives as there are parameters. What a network errs in them is
	// bounded: a precision is within 30 times of that of GAUSS. It has no LogProb. With
	// posteriors that are near normal GAUSS is the better one.
	JAC
	// FNPE adds the scores up, which is right at t = 0 only, and follows annealed
	// Langevin dynamics to get there (Geffner et al. 2023). Of a learned posterior of four
	// parameters its draws were told from exact ones by .6 to .8, those of GAUSS by .5 to .55
	// (C2ST, one, two and five observations). It has no LogProb, and other
	// predictors than its own are not used.
	FNPE
)

// String returns the name.
func (m Method) String() string {
	switch m {
	case GAUSS:
		return "GAUSS"
	case JAC:
		return "JAC"
	case FNPE:
		return "FNPE"
	}
	return fmt.Sprintf("Method(%d)", int(m))
}
