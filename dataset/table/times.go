package table

import (
	"math"
	"slices"
	"strings"
	"time"
)

// dateLayouts are the dates that are recognised, those with leading zeros first.
// The day or the month may be first when it has slashes or hyphens; which of them,
// the rows have to tell.
var dateLayouts = []string{
	"2006-01-02", "2006/01/02", "2006.01.02", "2006-1-2", "2006/1/2",
	"02.01.2006", "2.1.2006",
	"02/01/2006", "2/1/2006", "01/02/2006", "1/2/2006",
	"02-01-2006", "2-1-2006", "01-02-2006", "1-2-2006",
	"02 Jan 2006", "2 Jan 2006", "02-Jan-2006", "2-Jan-2006", "Jan 02, 2006", "Jan 2, 2006",
	"2 January 2006", "January 2, 2006",
}

var clockLayouts = []string{"", " 15:04", " 15:04:05", "T15:04", "T15:04:05", "T15:04:05Z07:00", " 15:04:05Z07:00"}

// dateOf returns the part of a layout before the clock.
func dateOf(layout string) string {
	if i := strings.Index(layout, "15:04"); i > 0 {
		return layout[:i-1]
	}
	return layout
}

// sameOrder reports whether two layouts have the day and the month in the same
// order.
func sameOrder(a, b string) bool {
	order := func(layout string) []rune {
		return slices.DeleteFunc([]rune(dateOf(layout)), func(r rune) bool { return r != '1' && r != '2' })
	}
	return slices.Equal(order(a), order(b))
}

// times keeps cells that are times.
type times struct {
	*column
	cells    chunks[float64]
	layouts  []string // in which all cells so far are written, nil before the first
	fraction int      // most digits of a fraction of a second
	split    bool     // a fraction is not 0
	gcd      int64    // of all cells in seconds
	present  int
	strays   strays
}

func newTimes(c *column) *times {
	t := &times{column: c}
	if c.Layout != "" {
		t.layouts = []string{c.Layout}
	}
	return t
}

func (t *times) add(text string, line int) (gatherer, error) {
	if t.missing[text] {
		t.skip()
		return t, nil
	}
	return t, t.put(text, line)
}

func (t *times) skip() { t.cells.add(math.NaN()) }

// fits reports whether a text is in one of the layouts left, and leaves only
// those in which it is.
func (t *times) fits(text string) bool {
	if t.layouts == nil {
		for _, l := range candidates(text) {
			if _, err := time.Parse(l, text); err == nil {
				t.layouts = append(t.layouts, l)
			}
		}
		return t.layouts != nil
	}
	n := 0
	for _, l := range t.layouts {
		if _, err := time.Parse(l, text); err == nil {
			t.layouts[n] = l
			n++
		}
	}
	if n == 0 {
		return false
	}
	t.layouts = t.layouts[:n]
	return true
}

// candidates returns the layouts that a text may be in, none when it has no year.
func candidates(text string) []string {
	digits, most := 0, 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			digits = 0
			continue
		}
		digits++
		most = max(most, digits)
	}
	if most < 4 || len(text) < 8 || len(text) > 40 {
		return nil
	}
	var all []string
	for _, d := range dateLayouts {
		for _, c := range clockLayouts {
			if strings.Contains(c, ":") == strings.Contains(text, ":") {
				all = append(all, d+c)
			}
		}
	}
	return all
}

func (t *times) put(text string, line int) error {
	var before string
	if t.present > 0 {
		before = t.layouts[0]
	}
	if !t.fits(text) {
		if err := t.checkText(text, line); err != nil {
			return err
		}
		if t.Kind == Time && t.Layout != "" {
			return t.fault(line, ErrKind, "is %s, want a time such as %q", shown(text), t.Layout)
		}
		t.strays.add(text, line)
		t.skip()
		return nil
	}
	if before != "" && t.layouts[0] != before {
		t.reread(before)
	}
	at, _ := time.Parse(t.layouts[0], text)
	v, ok := seconds(at)
	if t.Layout != "" && at.Nanosecond() != 0 && fractionDigits(t.Layout) == 0 {
		return t.fault(line, ErrKind, "is %s, want no fraction of a second, which Layout %q has not", shown(text), t.Layout)
	}
	if !ok {
		return t.fault(line, ErrRange, "is %s, want a time of the years 0 to 9999, in microseconds at the finest and then before 2255", shown(text))
	}
	if t.Step > 0 && !onLattice(v, t.Step) {
		return t.fault(line, ErrRange, "is %s, want a whole multiple of the Step %v s", shown(text), t.Step)
	}
	t.fraction = max(t.fraction, fractionDigits(text))
	t.split = t.split || at.Nanosecond() != 0
	t.gcd = gcd(t.gcd, at.Unix())
	t.present++
	t.cells.add(v)
	return nil
}

// reread reads the cells so far again, in the layout that is first now: a day
// above 12 has told that what was taken for the month is the day.
func (t *times) reread(before string) {
	old := t.cells
	t.cells, t.gcd = chunks[float64]{}, 0
	old.drain(func(cells []float64) {
		for _, v := range cells {
			if !math.IsNaN(v) {
				at := instant(v)
				nanoseconds := at.Nanosecond()
				at, _ = time.Parse(t.layouts[0], at.Format(before))
				v, _ = seconds(at.Add(time.Duration(nanoseconds)))
				t.gcd = gcd(t.gcd, at.Unix())
			}
			t.cells.add(v)
		}
	})
}

func (t *times) finish() (Field, []float64, error) {
	if t.strays.n > 0 {
		return Field{}, nil, t.strays.fault(t.column, t.strays.n+t.present, "time")
	}
	if t.layouts == nil {
		return Field{}, nil, t.fault(0, ErrKind, "has no cell, want a Layout for a Time")
	}
	layout := t.layouts[0]
	for _, l := range t.layouts {
		if !sameOrder(l, layout) {
			return Field{}, nil, t.fault(0, ErrKind, "has days and months in an order that no row tells, want Layout %q or %q in the Schema, or Kind category", layout, l)
		}
	}
	if t.fraction > 0 && t.Layout == "" {
		layout = strings.Replace(layout, "05", "05."+strings.Repeat("0", t.fraction), 1)
	}
	field := Field{Name: t.Name, Kind: Time, Step: t.Step, Layout: layout}
	if field.Step == 0 {
		field.Step = t.step()
	}
	return field, t.cells.column(same), nil
}

// step returns the largest of a day, an hour, a minute and a second of which all
// cells are whole multiples, or the last digit of their fractions.
func (t *times) step() float64 {
	if t.split {
		return 1 / pow10[min(t.fraction, 6)]
	}
	for _, s := range []int64{86400, 3600, 60} {
		if t.gcd%s == 0 {
			return float64(s)
		}
	}
	return 1
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, -a)
}

// fractionDigits counts the digits of a fraction of a second.
func fractionDigits(text string) int {
	_, clock, _ := strings.Cut(text, ":")
	i := strings.IndexAny(clock, ".,")
	if i < 0 {
		return 0
	}
	n := i + 1
	for n < len(clock) && clock[n] >= '0' && clock[n] <= '9' {
		n++
	}
	return n - i - 1
}

// What layouts with years of four digits can write, in UTC.
const (
	firstSecond = -62167219200 // the year 0
	lastSecond  = 253402300799 // the end of 9999
)

// seconds returns a time as seconds since 1970 in UTC, and false when it is finer
// than a microsecond or float64 does not tell it from its neighbours.
func seconds(at time.Time) (v float64, ok bool) {
	s, ns := at.Unix(), at.Nanosecond()
	if s < firstSecond || s > lastSecond {
		return 0, false
	}
	if ns == 0 {
		return float64(s), true
	}
	const most = largestWhole / 1_000_000
	if ns%1000 != 0 || s > most || s < -most {
		return 0, false
	}
	return float64(s*1_000_000+int64(ns/1000)) / 1e6, true
}

// instant is the inverse of seconds.
func instant(v float64) time.Time {
	s := math.Floor(v)
	return time.Unix(int64(s), int64(math.Round((v-s)*1e6))*1000).UTC()
}
