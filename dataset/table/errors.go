package table

import "errors"

// Errors returned by this package, wrapped with the place and the value.
var (
	// ErrSyntax reports a file that is not text separated by commas: a quote that
	// does not end, bytes that are not UTF-8, names that are missing or twice there.
	ErrSyntax = errors.New("bad syntax")
	// ErrShape reports a row of another length, or a table without rows or columns.
	ErrShape = errors.New("wrong shape")
	// ErrKind reports a cell that is not of the kind of its column.
	ErrKind = errors.New("not of this kind")
	// ErrRange reports a number, a level or a setting outside its domain.
	ErrRange = errors.New("out of range")
	// ErrLimit reports a file that needs more than a setting allows.
	ErrLimit = errors.New("limit exceeded")
	// ErrName reports a name that no column has.
	ErrName = errors.New("no such column")
	// ErrNonFinite reports an infinite cell, or a coded one that is not a number.
	ErrNonFinite = errors.New("not finite")
	// ErrRule reports a rule that rows break, or that cannot be kept.
	ErrRule = errors.New("rule broken")
	// ErrCorrupt reports a codec's text that no codec wrote.
	ErrCorrupt = errors.New("corrupt codec")
	// ErrVersion reports a codec's text of a later version.
	ErrVersion = errors.New("unknown version")
)
