//go:build !race

package ad

// racing says whether the race detector watches.
const racing = false
