// Package soak has a test only: everything a long-lived process does with models, at the same
// time and over and over, with the same numbers every time, and with memory that does not
// grow.
//
//	go test -race ./examples/internal/soak                                   # a few rounds
//	GRADLOGP_SOAK=1h go test -race -v -timeout 2h ./examples/internal/soak   # an hour
package soak
