package calibration

import (
	"fmt"
)

// Settings are those of SBC, TARP and HighestDensity. The zero value, like nil, means
// the defaults.
type Settings struct {
	// Bins is the number of bins of the rank histogram and of the χ² test, at most
	// L + 1. 0 means a tenth of the trials, but from 2 to 20.
	Bins int
	// Confidence is that of the band, .95 when 0.
	Confidence float64
	// Exchanges is the number of random exchanges of truths with draws that make the
	// null distribution, 999 when 0, at most a million. No p-value is below
	// 1/(Exchanges + 1).
	Exchanges int
	// Seed decides on ties, exchanges and the reference points of TARP.
	Seed uint64
}

// withDefaults returns a copy with defaults in place of zeros.
func (s *Settings) withDefaults(verb string, n, draws int) (Settings, error) {
	var c Settings
	if s != nil {
		c = *s
	}
	switch {
	case c.Bins < 0 || c.Bins == 1 || c.Bins > draws+1:
		return c, fmt.Errorf("calibration: %s: Settings.Bins: is %d, want from 2 to %d, one more than the draws of a trial, or 0: %w", verb, c.Bins, draws+1, ErrRange)
	case !(c.Confidence >= 0 && c.Confidence < 1):
		return c, fmt.Errorf("calibration: %s: Settings.Confidence: is %v, want above 0 and below 1, or 0 for .95: %w", verb, c.Confidence, ErrRange)
	}
	if err := exchanges(verb, "Settings", c.Exchanges, 999); err != nil {
		return c, err
	}
	if c.Bins == 0 {
		c.Bins = min(draws+1, 20, max(2, n/10))
	}
	if c.Confidence == 0 {
		c.Confidence = 0.95
	}
	if c.Exchanges == 0 {
		c.Exchanges = 999
	}
	if c.Bins > mostCounts/(c.Exchanges+1) {
		return c, fmt.Errorf("calibration: %s: Settings.Bins: is %d for %d Exchanges, want at most %d of them: %w", verb, c.Bins, c.Exchanges, mostCounts/(c.Exchanges+1), ErrRange)
	}
	return c, nil
}

const (
	mostExchanges = 1_000_000
	mostCounts    = 1 << 28 // of a quantity, for all exchanges and bins
)

// exchanges returns an error for an impossible number of exchanges.
func exchanges(verb, settings string, n, otherwise int) error {
	if n < 0 || n > mostExchanges {
		return fmt.Errorf("calibration: %s: %s.Exchanges: is %d, want from 1 to %d, or 0 for %d: %w", verb, settings, n, mostExchanges, otherwise, ErrRange)
	}
	return nil
}
