package table

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// String returns a line for the table and one for each column: its name, kind,
// range and step or levels, and the share of its cells that are missing.
func (t *Table) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for j, f := range t.Fields {
		name := strings.Trim(strconv.Quote(f.Name), `"`)
		about, missing := f.summary(t.Columns[j])
		share := ""
		if missing > 0 {
			share = fmt.Sprintf("%.3g %% missing", 100*float64(missing)/float64(t.Len()))
		}
		fmt.Fprintf(w, "  %s\t%v\t%s\t%s\n", name, f.Kind, about, share)
	}
	w.Flush()
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return fmt.Sprintf("%s × %s\n", count(t.Len(), "row"), count(len(t.Fields), "column")) + strings.Join(lines, "\n")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// summary describes the cells of a column.
func (f Field) summary(column []float64) (about string, missing int) {
	least, most := math.Inf(1), math.Inf(-1)
	for _, v := range column {
		if math.IsNaN(v) {
			missing++
			continue
		}
		least, most = min(least, v), max(most, v)
	}
	switch {
	case column == nil:
		return "left out", 0
	case f.Kind == Constant:
		return list(f.Levels), missing
	case f.Kind.Discrete():
		return fmt.Sprintf("%s: %s", count(len(f.Levels), "level"), list(f.Levels)), missing
	case missing == len(column):
		return "no cells", missing
	}
	about = f.Text(least) + " … " + f.Text(most)
	switch {
	case f.Kind == Time && f.Step == 86400:
		about += ", days"
	case f.Kind == Time:
		about += fmt.Sprintf(", step %v s", f.Step)
	case f.Kind == Number && f.Step > 0:
		about += fmt.Sprintf(", step %v", f.Step)
	}
	return about, missing
}
