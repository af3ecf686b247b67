package sampler_test

import "testing"

// arithmetic marks a test of what one goroutine computes. It runs beside others,
// and not under the race detector, which has nothing to see in it and makes it
// ten times slower. Tests without the mark are watched.
func arithmetic(t *testing.T) {
	if racing {
		t.Skip("arithmetic, in which the race detector has nothing to see")
	}
	t.Parallel()
}

// long marks arithmetic that -short leaves out.
func long(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	arithmetic(t)
}
