// Package rows puts sets of rows together and takes them apart without reading them: the
// rows may be in memory, on disk, or made when they are asked for. A Set is a
// score.RowSet; score.RowsOf serves it to training.
//
// Sets are put together from the front to the back: a source, such as array.Open,
// images.Open or signal.NewWindows, then With for labels that are kept elsewhere, then
// Split into what to train on and what to hold out.
package rows

import "errors"

// Errors returned by this package, wrapped with the place and the value.
var (
	// ErrShape reports rows or conditions of other numbers than belong together, or a
	// set without rows.
	ErrShape = errors.New("wrong shape")
	// ErrRange reports a row that there is not.
	ErrRange = errors.New("out of range")
)
