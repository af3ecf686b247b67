//go:build !race

package sampler_test

// racing says whether the race detector watches.
const racing = false
