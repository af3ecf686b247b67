package calibration

// SBC is simulation-based calibration: it tests whether the rank of each true
// parameter among the draws of its trial is uniform, and so for each of the given
// quantities, by the χ² of a histogram and by the band of the distribution function.
// See the package's comment for what the two can see.
//
// Of equal values the order is random. A parameter without spread, the same in all
// truths and draws, is no evidence.
//
// Values that are not finite, NaN for quantities, are errors wrapping ErrNonFinite, and
// settings out of range such wrapping ErrRange. SBC panics when the shapes of t
// disagree, and when a quantity has not a value for each truth and draw.
func SBC(t *Trials, quantities []Quantity, s *Settings) (*Result, error) {
	const verb = "SBC"
	n, draws, d, err := t.check(verb)
	if err != nil {
		return nil, err
	}
	c, err := s.withDefaults(verb, n, draws)
	if err != nil {
		return nil, err
	}
	all := make([]Quantity, d, d+len(quantities))
	for j := range all {
		all[j] = t.Quantity(t.name(j), func(theta, _ []float64) float64 { return theta[j] })
	}
	all = append(all, quantities...)
	for q := range all {
		if err := all[q].check(verb, n, draws); err != nil {
			return nil, err
		}
	}
	return uniform(all, n, draws, c), nil
}
