package table

import (
	"math"
	"slices"
	"strings"
)

// mostDecimals bounds the decimals that are counted: no float64 of magnitude 1 has
// more than these.
const mostDecimals = 18

// numbers keeps cells that are numbers.
type numbers struct {
	*column
	cells    chunks[float64]
	decimals [mostDecimals + 1]int // how many cells have so many decimals
	present  int
	most     float64 // largest magnitude
	first    float64 // the first cell
	counting bool    // the cells are first, first+1, first+2, …
	strays   strays
	// numericMissing says that a text may be a number and stand for a missing cell.
	numericMissing bool
}

func newNumbers(c *column) *numbers {
	n := &numbers{column: c, counting: true}
	for text := range c.missing {
		n.numericMissing = n.numericMissing || parseNumber(text).form != word
	}
	return n
}

func (k *numbers) add(text string, line int) (gatherer, error) {
	n := parseNumber(text)
	if (n.form == word || k.numericMissing) && k.missing[text] {
		k.skip()
		return k, nil
	}
	return k, k.put(n, text, line)
}

func (k *numbers) skip() {
	k.cells.add(math.NaN())
	k.counting = false
}

func (k *numbers) put(n number, text string, line int) error {
	if n.form == word || n.form == code && k.Kind == Infer {
		if err := k.checkText(text, line); err != nil {
			return err
		}
		if k.Kind != Infer {
			return k.fault(line, ErrKind, "is %s, want a number", shown(text))
		}
		k.strays.add(text, line)
		k.skip()
		return nil
	}
	v := n.value
	switch {
	case n.form == overflow:
		return k.fault(line, ErrRange, "is %s, want a number of magnitude below 1.8e308", shown(text))
	case n.form == huge && k.Kind != Number:
		return k.fault(line, ErrRange, "is %s, a whole number beyond 2⁵³, which float64 would round: say Kind identifier, category or number in the Schema, or subtract an offset", shown(text))
	case k.Kind == Whole && (n.decimals > 0 || math.Abs(v) > largestWhole):
		return k.fault(line, ErrKind, "is %s, want a whole number of magnitude up to 2⁵³", shown(text))
	case k.Step > 0 && !onLattice(v, k.Step):
		return k.fault(line, ErrRange, "is %s, want a whole multiple of the Step %v", shown(text), k.Step)
	}
	if k.present == 0 {
		k.first = v
	}
	k.counting = k.counting && v == k.first+float64(k.present)
	k.present++
	k.most = max(k.most, math.Abs(v))
	k.decimals[min(n.decimals, mostDecimals)]++
	k.cells.add(v)
	return nil
}

func (k *numbers) finish() (Field, []float64, error) {
	if k.strays.n > 0 {
		return Field{}, nil, k.strays.fault(k.column, k.strays.n+k.present, "number")
	}
	field := Field{Name: k.Name, Kind: k.Kind, Step: k.Step}
	column := k.cells.column(same)
	if field.Kind == Infer {
		field.Kind, field.Step = Number, k.lattice()
		if k.decimals[0] == k.present && k.most <= largestWhole {
			field.Kind = Whole
		}
	}
	if field.Kind == Whole && field.Step == 0 {
		field.Step = 1
	}
	if k.Kind == Infer && field.Kind == Whole && k.namesRows(column) {
		return Field{Name: k.Name, Kind: Identifier}, nil, nil
	}
	return field, column, nil
}

// lattice returns 10⁻ᵏ with the most decimals k of the cells when they were rounded
// to k decimals, and 0 when they were not: then few of the texts are of the most
// decimals, where a random k-th decimal would be 0 in one of ten. Up to a million
// places of the lattice need no such proof. Whole cells say nothing: they may be a
// spike, such as no income.
func (k *numbers) lattice() float64 {
	d := mostDecimals
	for d > 0 && k.decimals[d] == 0 {
		d--
	}
	if d == mostDecimals || k.most > largestWhole {
		return 0
	}
	places := k.most * pow10[d]
	if places <= 1e6 || places <= 1e12 && 2*k.decimals[d] >= k.present-k.decimals[0] {
		return 1 / pow10[d]
	}
	return 0
}

// fewRows is the number of cells below which no column is taken for one that
// names rows, whatever is in it.
const fewRows = 30

// namesRows reports whether whole numbers count the rows from 0 or 1, or are all
// different and called an id.
func (k *numbers) namesRows(column []float64) bool {
	if k.present < fewRows || k.present < len(column) {
		return false
	}
	if k.counting && (k.first == 0 || k.first == 1) {
		return true
	}
	return isID(k.Name) && distinct(column)
}

// isID reports whether a name ends in the word id, index or key.
func isID(name string) bool {
	for _, word := range []string{"id", "index", "key"} {
		at := len(name) - len(word)
		if at < 0 || !strings.EqualFold(name[at:], word) {
			continue
		}
		if at == 0 || strings.ContainsRune("_-. ", rune(name[at-1])) {
			return true
		}
		if c := name[at]; c >= 'A' && c <= 'Z' {
			return true // customerID, but not covid
		}
	}
	return false
}

func distinct(column []float64) bool {
	sorted := slices.Sorted(slices.Values(column))
	return len(slices.Compact(sorted)) == len(column)
}
