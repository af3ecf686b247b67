package ad

import "testing"

// arithmetic marks a test of what one goroutine computes, which the race detector, that
// has nothing to see in it, would make ten times slower.
func arithmetic(t *testing.T) {
	if racing {
		t.Skip("arithmetic, in which the race detector has nothing to see")
	}
}
