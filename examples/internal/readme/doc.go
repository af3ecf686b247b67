// Package readme holds the tests that keep the programs of the README compiling,
// and its links alive.
package readme
