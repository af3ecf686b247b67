package table

import (
	"fmt"
	"slices"
)

// Kind is what the cells of a column are.
type Kind int

const (
	// Infer leaves the choice to the reader, which looks at all rows.
	Infer Kind = iota
	// Number is a real number.
	Number
	// Whole is a whole number of magnitude up to 2⁵³.
	Whole
	// Category is one of Levels, which have no order.
	Category
	// Ordered is one of Levels, from the lowest to the highest.
	Ordered
	// Boolean is one of two Levels, of which the first means false, 0, and the
	// second true, 1.
	Boolean
	// Time is a date or a point in time, in seconds since 1970-01-01 UTC.
	Time
	// Constant is a column in which every cell that is there is Levels[0].
	Constant
	// Identifier is a column that names rows, such as a key or free text. It is left
	// out: nothing of it is kept but its Field.
	Identifier
)

var kindNames = [...]string{"infer", "number", "whole", "category", "ordered", "boolean", "time", "constant", "identifier"}

// String returns the name of the kind, in lower case.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "unknown kind"
	}
	return kindNames[k]
}

// Discrete reports whether cells of the kind are indices of Levels.
func (k Kind) Discrete() bool {
	return k == Category || k == Ordered || k == Boolean || k == Constant
}

// MarshalText implements encoding.TextMarshaler: it is the name of the kind.
func (k Kind) MarshalText() ([]byte, error) {
	if k < 0 || int(k) >= len(kindNames) {
		return nil, fmt.Errorf("table: Kind: is %d, want one of the kinds: %w", int(k), ErrRange)
	}
	return []byte(kindNames[k]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Kind) UnmarshalText(text []byte) error {
	i := slices.Index(kindNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("table: Kind: is %q, want one of %q: %w", text, kindNames, ErrRange)
	}
	*k = Kind(i)
	return nil
}
