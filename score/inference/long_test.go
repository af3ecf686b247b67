package inference

import "testing"

// long marks a test that takes training or many draws to show its claim, which
// -short leaves out; it runs beside others.
func long(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
}
