package table

import (
	"math"
	"strings"
)

// infer decides what a column is of which nothing is known and all cells are.
func (t *texts) infer() (Field, []float64, error) {
	switch pair := t.pair(); {
	case len(t.seen) <= 1:
		return t.levels(Constant, t.sorted())
	case pair != nil:
		return t.levels(Boolean, pair)
	case t.areNumbers(true):
		k, err := t.toNumbers()
		if err != nil {
			return Field{}, nil, err
		}
		return k.finish()
	case t.areTimes(true):
		k, err := t.toTimes()
		if err != nil {
			return Field{}, nil, err
		}
		return k.finish()
	}
	if s := t.marked(); s != nil {
		return Field{}, nil, t.fault(s.line, ErrKind, "is %s, a number with signs in it, as most cells are; want digits, a point and an exponent alone, or Kind category in the Schema", shown(s.text))
	}
	if t.nameRows() {
		return Field{Name: t.Name, Kind: Identifier}, nil, nil
	}
	if len(t.seen) > t.mostLevels {
		return Field{}, nil, t.tooMany(0)
	}
	return t.levels(Category, t.sorted())
}

// level is a cell that is an index of Levels.
func level(k int32) float64 {
	if k == absent {
		return math.NaN()
	}
	return float64(k)
}

// pairs are the texts that mean false and true, in lower case.
var pairs = [...][2]string{{"false", "true"}, {"no", "yes"}, {"f", "t"}, {"n", "y"}, {"0", "1"}}

// pair returns the two texts of a column that mean false and true, nil when they
// do not or when there are others.
func (t *texts) pair() []string {
	if len(t.seen) != 2 {
		return nil
	}
	a, b := t.seen[0].text, t.seen[1].text
	for _, p := range pairs {
		switch {
		case strings.EqualFold(a, p[0]) && strings.EqualFold(b, p[1]):
			return []string{a, b}
		case strings.EqualFold(a, p[1]) && strings.EqualFold(b, p[0]):
			return []string{b, a}
		}
	}
	return nil
}

// booleans returns the levels of a column that was said to be Boolean. A single
// text needs a partner, which is known for those in pairs.
func (t *texts) booleans() ([]string, error) {
	if pair := t.pair(); pair != nil {
		return pair, nil
	}
	switch len(t.seen) {
	case 1:
		a := t.seen[0].text
		for _, p := range pairs {
			for i := range p {
				if strings.EqualFold(a, p[i]) {
					pair := p
					pair[i] = a
					return pair[:], nil
				}
			}
		}
		return nil, t.fault(0, ErrKind, "is %s in all cells, want two Levels for a Boolean", shown(a))
	case 2:
		return t.sorted(), nil
	case 0:
		return nil, t.fault(0, ErrKind, "has no cell, want two Levels for a Boolean")
	}
	return nil, t.fault(t.seen[2].line, ErrKind, "is %s after %s, want two texts for a Boolean", shown(t.seen[2].text), list([]string{t.seen[0].text, t.seen[1].text}))
}

// marked returns the first text that would be a number without separators of
// thousands, a comma for a point, a currency or a per cent sign, when at least half
// of the cells are so. To read such a column as categories would be a silent guess.
func (t *texts) marked() *seenText {
	n, first := 0, -1
	for i, s := range t.seen {
		bare := strings.Map(func(r rune) rune {
			if strings.ContainsRune(",'_% \u00a0\u202f$€£¥", r) {
				return -1
			}
			return r
		}, s.text)
		if bare != s.text && parseNumber(bare).form != word {
			n += s.count
			if first < 0 {
				first = i
			}
		}
	}
	if first < 0 || 2*n < t.present {
		return nil
	}
	return &t.seen[first]
}
