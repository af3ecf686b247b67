// Package readme holds the tests that keep the programs of the README and of the guides
// compiling, and their links alive.
package readme
