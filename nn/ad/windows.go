package ad

import (
	encode "encoding/binary"
	"slices"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// windows are the rows of a table as they lie over each other. A row of the table
// consists of segments, such as the rows of a filter; in a line of rows each begins
// step cells after the one before, and what they have in common is the same cells.
// So a product needs the cells that a line's segments pass over once, in order,
// instead of all windows.
type windows struct {
	segment, step int           // cells
	lines         []kernel.Line // all rows
	starts        []int32       // by line and segment: the first of its numbers, −1 where all are zero
	runs          []kernel.Run  // of all cells that are passed over
	size          int           // numbers in these

	samples   int           // that a sum over rows takes at a time
	together  []kernel.Line // of so many samples, one after the other
	beginning []int32       // their starts
}

// Windows are sought in tables of some rows and few columns, and used where they
// have few cells in lines of many rows.
const (
	windowRows  = 16
	windowCols  = 64
	lineRows    = 7
	windowGains = 2
)

// sumRows is how many rows of a sum of products are best taken at a time.
const sumRows = 256

// overlaps returns the windows of the table, nil if it has none worth it.
func (t *Table) overlaps() *windows {
	if t.rows < windowRows || t.cols > windowCols {
		return nil
	}
	var best *windows
	least := t.rows*t.cols/windowGains + 1
	for segment := t.cols; segment > 1; segment-- {
		if t.cols%segment > 0 {
			continue
		}
		for step := 1; step < segment; step++ {
			if w := t.over(segment, step); w != nil && w.size/t.size < least {
				best, least = w, w.size/t.size
			}
		}
	}
	if best != nil {
		best.repeat(t.rows)
	}
	return best
}

// repeat lists the lines of several samples of so many rows.
func (w *windows) repeat(rows int) {
	w.samples = max(1, sumRows/rows)
	for i := range w.samples {
		for _, l := range w.lines {
			w.together = append(w.together, kernel.Line{First: i*rows + l.First, Rows: l.Rows})
		}
		for _, s := range w.starts {
			if s >= 0 {
				s += int32(i * w.size)
			}
			w.beginning = append(w.beginning, s)
		}
	}
}

// over returns the windows of given segments and step, nil if lines are short.
func (t *Table) over(segment, step int) *windows {
	w := &windows{segment: segment, step: step}
	known := make(map[string]int32)
	for first := 0; first < t.rows; {
		last := first + 1
		for last < t.rows && t.follows(last, segment, step) {
			last++
		}
		w.lines = append(w.lines, kernel.Line{First: first, Rows: last - first})
		for s := 0; s < t.cols; s += segment {
			w.starts = append(w.starts, w.pass(t, first, last, s, known))
		}
		if own := w.starts[len(w.starts)-t.cols/segment:]; slices.Max(own) < 0 {
			return nil // nothing but zeros
		}
		if first = last; lineRows*len(w.lines) > t.rows {
			return nil
		}
	}
	return w
}

// follows reports whether the segments of row i lie step cells after those of the
// row before it.
func (t *Table) follows(i, segment, step int) bool {
	row, before := t.from[i*t.cols:][:t.cols], t.from[(i-1)*t.cols:][:t.cols]
	for j, cell := range row {
		if j%segment+step < segment && cell != before[j+step] {
			return false
		}
	}
	return true
}

// pass returns where the cells begin that the segments from column s on pass over in
// the rows first, …, last−1, −1 for zeros only. The same cells are there once.
func (w *windows) pass(t *Table, first, last, s int, known map[string]int32) int32 {
	cells := append([]int32(nil), t.from[first*t.cols+s:][:w.segment]...)
	for i := first + 1; i < last; i++ {
		cells = append(cells, t.from[i*t.cols+s+w.segment-w.step:][:w.step]...)
	}
	if slices.Max(cells) < 0 {
		return -1
	}
	key := make([]byte, 0, 4*len(cells))
	for _, cell := range cells {
		key = encode.LittleEndian.AppendUint32(key, uint32(cell))
	}
	start, ok := known[string(key)]
	if !ok {
		start = int32(w.size)
		known[string(key)] = start
		w.runs = appendRuns(w.runs, w.size, cells, t.size)
		w.size += len(cells) * t.size
	}
	return start
}
