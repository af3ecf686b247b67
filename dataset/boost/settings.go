package boost

import (
	"errors"
	"fmt"
	"math"
	"runtime"
)

var (
	// ErrRange is wrapped by errors for settings and labels out of range.
	ErrRange = errors.New("out of range")
	// ErrNonFinite is wrapped by errors for targets that are NaN or infinite.
	ErrNonFinite = errors.New("not finite")
)

// Settings are the settings of a fit. The zero value, like nil, means the defaults.
type Settings struct {
	// Trees is the number of boosting steps, 100 when 0. A step is one tree, or one
	// for each class when there are more than two.
	Trees int
	// Rate, above 0 and at most 1, is the factor of every tree; .1 when 0.
	Rate float64
	// Leaves is the largest number of leaves of a tree, at least 2; 31 when 0.
	Leaves int
	// LeafRows is the smallest number of rows in a leaf, 20 when 0.
	LeafRows int
	// Depth is the largest number of splits above a leaf, unlimited when 0.
	Depth int
	// L2 is the penalty λ of the values of leaves.
	L2 float64
	// Workers is the number of goroutines, GOMAXPROCS when 0. The result does not
	// depend on it.
	Workers int
}

// withDefaults returns a copy with defaults in place of zeros.
func (s *Settings) withDefaults(verb string) (Settings, error) {
	var c Settings
	if s != nil {
		c = *s
	}
	fault := func(field string, is any, want string) (Settings, error) {
		return c, fmt.Errorf("boost: %s: Settings.%s: is %v, want %s: %w", verb, field, is, want, ErrRange)
	}
	switch {
	case c.Trees < 0:
		return fault("Trees", c.Trees, "at least 1, or 0 for 100")
	case !(c.Rate >= 0 && c.Rate <= 1):
		return fault("Rate", c.Rate, "above 0 and at most 1, or 0 for .1")
	case c.Leaves < 0 || c.Leaves == 1:
		return fault("Leaves", c.Leaves, "at least 2, or 0 for 31")
	case c.LeafRows < 0:
		return fault("LeafRows", c.LeafRows, "at least 1, or 0 for 20")
	case c.Depth < 0:
		return fault("Depth", c.Depth, "at least 1, or 0 for no limit")
	case !(c.L2 >= 0 && c.L2 <= math.MaxFloat64):
		return fault("L2", c.L2, "at least 0 and finite")
	case c.Workers < 0:
		return fault("Workers", c.Workers, "at least 1, or 0 for GOMAXPROCS")
	}
	set := func(v *int, value int) {
		if *v == 0 {
			*v = value
		}
	}
	set(&c.Trees, 100)
	set(&c.Leaves, 31)
	set(&c.LeafRows, 20)
	set(&c.Depth, math.MaxInt)
	set(&c.Workers, runtime.GOMAXPROCS(0))
	if c.Rate == 0 {
		c.Rate = 0.1
	}
	return c, nil
}
