package table

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Field describes a column. In JSON its keys are in lower case, and a kind is its
// name: {"name":"price","kind":"number","step":0.01}.
type Field struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Levels are the texts of the cells 0, 1, 2, … of a kind that is Discrete. A
	// Constant has one, and none when all its cells are missing.
	Levels []string `json:"levels,omitempty"`
	// Step is the lattice of Number, Whole and Time: all cells are whole multiples of
	// it, such as .01 for prices, 1 for Whole, 86400 for dates. 0 means that there is
	// none.
	Step float64 `json:"step,omitempty"`
	// Layout is how cells of kind Time are written in UTC, in the manner of
	// time.Layout.
	Layout string `json:"layout,omitempty"`
}

// UnmarshalJSON implements json.Unmarshaler. A key that a Field has not is an error,
// so that a slip of the pen is not a column inferred.
func (f *Field) UnmarshalJSON(text []byte) error {
	type plain Field // without this method
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var p plain
	if err := d.Decode(&p); err != nil {
		return err
	}
	*f = Field(p)
	return nil
}

// Snap returns the whole multiple of Step nearest to v, as the float64 nearest to
// its decimal digits, and v itself when Step is 0.
func (f Field) Snap(v float64) float64 { return snap(v, f.Step) }

func snap(v, step float64) float64 {
	if step == 0 || math.IsNaN(v) {
		return v
	}
	if parts := math.Round(1 / step); parts > 1 && math.Abs(parts*step-1) <= 4e-16 {
		if places := math.Round(v * parts); math.Abs(places) <= largestWhole {
			return places/parts + 0 // +0 for −0
		}
		return v // no digits are left that a lattice could round
	}
	places := math.Round(v / step)
	if d := decimalsOf(step); d > 0 {
		if digits := places * math.Round(step*pow10[d]); math.Abs(digits) <= largestWhole {
			return digits/pow10[d] + 0
		}
	}
	return places*step + 0
}

// onLattice reports whether v is a whole multiple of step but for its rounding.
func onLattice(v, step float64) bool {
	return math.Abs(snap(v, step)-v) <= 1e-9*min(step, math.Abs(v))+5e-16*math.Abs(v)
}

// Parse returns the cell with this text. It returns ErrKind when the text is not of
// the kind of the column, and ErrRange when a Level, a lattice or the range of
// numbers does not have it. Which texts stand for a missing cell, it does not know.
// A field of kind Infer or Identifier has no cells.
func (f Field) Parse(text string) (float64, error) {
	v, err := f.parse(trim(text))
	if err != nil {
		return math.NaN(), fmt.Errorf("table: Parse: %w", err)
	}
	return v, nil
}

func (f Field) parse(text string) (float64, error) {
	c := &column{Field: f}
	switch {
	case f.Kind.Discrete():
		if k := slices.Index(f.Levels, text); k >= 0 {
			return float64(k), nil
		}
		if len(f.Levels) == 0 {
			return 0, fmt.Errorf("%q: is %s, but the column has no Levels, as when all its cells are missing: %w", f.Name, shown(text), ErrRange)
		}
		return 0, fmt.Errorf("%q: is %s, want one of the Levels %s: %w", f.Name, shown(text), list(f.Levels), ErrRange)
	case f.Kind == Number || f.Kind == Whole:
		k := newNumbers(c)
		err := k.put(parseNumber(text), text, 0)
		return k.first, err
	case f.Kind == Time && f.Layout == "":
		return 0, fmt.Errorf("%q: Layout: is empty, want one: %w", f.Name, ErrRange)
	case f.Kind == Time:
		t := newTimes(c)
		if err := t.put(text, 0); err != nil {
			return 0, err
		}
		return t.cells.last[0], nil
	}
	return 0, fmt.Errorf("%q: is of kind %v, which has no cells: %w", f.Name, f.Kind, ErrKind)
}

// Text returns how a cell is written, "" when it is missing: a number with the
// decimals of Step, or without a Step with the fewest digits that give it back.
func (f Field) Text(v float64) string { return string(f.appendText(nil, v)) }

func (f Field) appendText(dst []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return dst
	case f.Kind.Discrete():
		return append(dst, f.Levels[int(v)]...)
	case f.Kind == Time:
		return instant(v).AppendFormat(dst, f.Layout)
	case f.Step > 0:
		if d := decimalsOf(f.Step); d >= 0 && math.Abs(v) <= largestWhole {
			return strconv.AppendFloat(dst, snap(v, f.Step), 'f', d, 64)
		}
	}
	format := byte('g')
	if a := math.Abs(v); a == 0 || a >= 1e-4 && a < 1e15 {
		format = 'f'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64)
}

// decimalsOf returns the decimals of the multiples of a step, −1 when they have too
// many to be written so.
func decimalsOf(step float64) int {
	for d, p := range pow10[:16] {
		if digits := math.Round(step * p); math.Abs(digits/p-step) <= 4e-16*step {
			return d
		}
	}
	return -1
}

// check returns an error when no column can be of this field.
func (f Field) check() error {
	if f.Kind < 0 || int(f.Kind) >= len(kindNames) {
		return fmt.Errorf("Field.Kind: is %d, want one of the kinds: %w", f.Kind, ErrRange)
	}
	if !(f.Step >= 0) || math.IsInf(f.Step, 0) {
		return fmt.Errorf("Field.Step: is %v, want a finite number ≥ 0: %w", f.Step, ErrRange)
	}
	if f.Kind == Whole && f.Step != math.Round(f.Step) {
		return fmt.Errorf("Field.Step: is %v, want a whole number for kind %v: %w", f.Step, f.Kind, ErrRange)
	}
	if f.Layout != "" {
		// The day after the one that layouts are written with tells letters from a date.
		reference := time.Date(2013, time.November, 28, 0, 0, 0, 0, time.UTC)
		if at, err := time.Parse(f.Layout, reference.Format(f.Layout)); err != nil || reference.Format(f.Layout) == f.Layout || at.IsZero() {
			return fmt.Errorf("Field.Layout: is %q, want how 2 January 2006, 15:04:05 is written: %w", f.Layout, ErrRange)
		}
	}
	want := -1
	switch {
	case len(f.Levels) == 0:
	case f.Kind == Boolean:
		want = 2
	case f.Kind == Constant:
		want = 1
	case f.Kind != Infer && !f.Kind.Discrete():
		want = 0
	}
	if want >= 0 && len(f.Levels) != want {
		return fmt.Errorf("Field.Levels: are %d, want %d for kind %v: %w", len(f.Levels), want, f.Kind, ErrRange)
	}
	seen := make(map[string]int, len(f.Levels))
	for k, text := range f.Levels {
		if i, twice := seen[text]; twice {
			return fmt.Errorf("Field.Levels: %d and %d are both %s, want different ones: %w", i, k, shown(text), ErrRange)
		}
		if !readable(text) {
			return fmt.Errorf("Field.Levels: %d is %s, want %s: %w", k, shown(text), wantReadable, ErrRange)
		}
		seen[text] = k
	}
	return nil
}

// readable reports whether a text can stand in a file and be read as it is.
func readable(text string) bool {
	return text != "" && utf8.ValidString(text) && text == strings.TrimSpace(text)
}

const wantReadable = "a text in UTF-8 with no space around it"
