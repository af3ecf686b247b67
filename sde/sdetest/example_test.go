package sdetest_test

import (
	"fmt"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/sdetest"
)

// slip is EDM's process with a g² that is half of what it has to be.
type slip struct{ sde.EDM }

func (slip) Rates(t float64) (f, g2 float64) { return 0, t }

// Each of the checks that Check is made of, on a process whose rates are not the
// derivatives of its kernel: those that compare them, in the span and below it, find that.
func ExampleRates() {
	for _, c := range []struct {
		name  string
		check func(sde.SDE) error
	}{
		{"finite", sdetest.Finite},
		{"decreasing", sdetest.Decreasing},
		{"rates", sdetest.Rates},
		{"transitions", sdetest.Compose},
		{"times", sdetest.RoundTrip},
		{"below the span", sdetest.Start},
	} {
		fmt.Printf("%-15s%v\n", c.name, c.check(slip{}) == nil)
	}
	// Output:
	// finite         true
	// decreasing     true
	// rates          false
	// transitions    true
	// times          true
	// below the span false
}
