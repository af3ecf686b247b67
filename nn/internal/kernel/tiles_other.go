//go:build amd64 && !linux && !purego

package kernel

// askForTiles does not know how to ask.
func askForTiles() bool { return false }
