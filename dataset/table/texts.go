package table

import (
	"cmp"
	"slices"
	"strings"
)

// texts keeps cells as indices of the different texts seen so far. A column of
// many numbers or times goes on as one of these; a column of unknown kind is
// decided at the end.
type texts struct {
	*column
	cells   chunks[int32]
	index   map[string]int32
	seen    []seenText
	present int
	size    int // bytes of all different texts
}

// seenText is a text, how many cells have it, and where the first is.
type seenText struct {
	text     string
	count    int
	line     int
	position int32 // among the sorted levels
}

const (
	// tryNumbers is the number of different texts after which a column is taken for
	// one of numbers or times if all texts are.
	tryNumbers = 1024
	// mostTextBytes bounds the memory that the different texts of a column need.
	mostTextBytes = 16 << 20
)

func newTexts(c *column) *texts {
	t := &texts{column: c, index: map[string]int32{}}
	for text := range c.missing {
		t.index[text] = absent
	}
	return t
}

func (t *texts) add(text string, line int) (gatherer, error) {
	k, ok := t.index[text]
	if !ok {
		if err := t.checkText(text, line); err != nil {
			return nil, err
		}
		k = int32(len(t.seen))
		text = strings.Clone(text) // the record's memory is let go
		t.index[text] = k
		t.seen = append(t.seen, seenText{text: text, line: line})
		t.size += len(text)
	}
	t.cells.add(k)
	if k != absent {
		t.seen[k].count++
		t.present++
	}
	if ok {
		return t, nil
	}
	return t.next(line)
}

// next decides what goes on after a text that is new.
func (t *texts) next(line int) (gatherer, error) {
	most := t.mostLevels
	if t.Kind == Infer {
		most = max(most, tryNumbers)
	}
	full := len(t.seen) > most || t.size > mostTextBytes
	switch {
	case !full && (t.Kind != Infer || len(t.seen) != tryNumbers):
		return t, nil
	case t.Kind == Infer && t.areNumbers(full):
		return t.toNumbers()
	case t.Kind == Infer && t.areTimes(full):
		return t.toTimes()
	case !full:
		return t, nil
	case t.Kind == Infer && t.nameRows():
		return &skipped{column: t.column}, nil
	}
	return nil, t.tooMany(line)
}

// areNumbers reports whether all cells are numbers, or, when most is true, at
// least half of them, so that the others are strays.
func (t *texts) areNumbers(most bool) bool {
	n := 0
	for _, s := range t.seen {
		if f := parseNumber(s.text).form; f != word && f != code {
			n += s.count
		}
	}
	return n == t.present || most && 2*n >= t.present
}

func (t *texts) areTimes(most bool) bool {
	n := 0
	guess := newTimes(t.column)
	for _, s := range t.seen {
		if guess.fits(s.text) {
			n += s.count
		}
	}
	return n == t.present || most && 2*n >= t.present
}

// toNumbers goes on with numbers, each text read once.
func (t *texts) toNumbers() (*numbers, error) {
	parsed := make([]number, len(t.seen))
	for k, s := range t.seen {
		parsed[k] = parseNumber(s.text)
	}
	to := newNumbers(t.column)
	return to, t.hand(to.skip, func(k int32) error { return to.put(parsed[k], t.seen[k].text, t.seen[k].line) })
}

func (t *texts) toTimes() (*times, error) {
	to := newTimes(t.column)
	return to, t.hand(to.skip, func(k int32) error { return to.put(t.seen[k].text, t.seen[k].line) })
}

// hand gives all cells to another gatherer. Of texts that are there several times
// the line is that of the first.
func (t *texts) hand(skip func(), put func(k int32) error) (err error) {
	t.cells.drain(func(cells []int32) {
		for _, k := range cells {
			if k == absent {
				skip()
			} else if err == nil {
				err = put(k)
			}
		}
	})
	return err
}

// nameRows reports whether at least three quarters of the texts are different.
func (t *texts) nameRows() bool {
	return t.present >= fewRows && 4*len(t.seen) >= 3*t.present
}

func (t *texts) tooMany(line int) error {
	if t.size > mostTextBytes {
		return t.fault(line, ErrLimit, "has levels of %d bytes together, want at most %d: say Kind identifier in the Schema to leave the column out", t.size, mostTextBytes)
	}
	return t.fault(line, ErrLimit, "has more than MostLevels, %d different texts: say Kind identifier in the Schema to leave the column out, or raise MostLevels", t.mostLevels)
}

func (t *texts) finish() (Field, []float64, error) {
	switch t.Kind {
	case Infer:
		return t.infer()
	case Boolean:
		levels, err := t.booleans()
		if err != nil {
			return Field{}, nil, err
		}
		return t.levels(Boolean, levels)
	case Constant:
		if len(t.seen) > 1 {
			return Field{}, nil, t.fault(t.seen[1].line, ErrKind, "is %s after %s, want a constant", shown(t.seen[1].text), shown(t.seen[0].text))
		}
	case Ordered:
		if !t.areNumbers(false) {
			return Field{}, nil, t.fault(0, ErrRange, "Ordered has no Levels and the texts %s are no numbers, want Levels from the lowest to the highest", list(t.sorted()))
		}
	}
	return t.levels(t.Kind, t.sorted())
}

// sorted returns the texts as levels: by value when all are numbers, and as
// strings otherwise.
func (t *texts) sorted() []string {
	var levels []string
	for _, s := range t.seen {
		levels = append(levels, s.text)
	}
	slices.Sort(levels)
	if t.areNumbers(false) {
		slices.SortStableFunc(levels, func(a, b string) int {
			return cmp.Compare(parseNumber(a).value, parseNumber(b).value)
		})
	}
	return levels
}

// levels returns the column as indices of these levels, which all texts are among.
func (t *texts) levels(kind Kind, levels []string) (Field, []float64, error) {
	for i, text := range levels {
		if k, ok := t.index[text]; ok {
			t.seen[k].position = int32(i)
		}
	}
	field := Field{Name: t.Name, Kind: kind, Levels: levels}
	return field, t.cells.column(func(k int32) float64 {
		if k == absent {
			return level(absent)
		}
		return level(t.seen[k].position)
	}), nil
}
