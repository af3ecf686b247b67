// Command tables compares ways to make rows like those of a table: independent
// columns, a Gaussian copula, a Gaussian mixture, boosted trees along a flow, and
// this library as it comes. With -impute it compares ways to fill holes instead, and with
// -choices the choices of the codec.
//
// The numbers on standard output, times apart, depend on the flags only.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/command"
)

func main() { command.Main("tables", &job{}) }

// job is what the flags ask for.
type job struct {
	in, names, list, lawList string // separated by commas
	held                     float64
	rows, steps, workers     int

	choices, impute bool
	hidden          float64
	draws           int
	peer, export    string

	sources []source
	methods []string
	seeds   []uint64
	stated  []law
	notes   []string // warnings of the training at hand
}

// source is a table to be opened.
type source struct {
	name string
	open func() (*table.Table, error)
}

// The tables made here, and the one that is kept in the repository.
const (
	generated = "flats,mixture"
	kept      = "examples/table/storms.csv"
)

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	in := generated
	if _, err := os.Stat(kept); err == nil {
		in = kept + "," + generated
	}
	f.StringVar(&j.in, "in", in, "files of tables, or flats and mixture, which are made here, separated by commas")
	f.StringVar(&j.names, "methods", "", "methods to compare, separated by commas; all when empty")
	f.StringVar(&j.list, "seeds", "1", "seeds of splits, weights and samples, separated by commas")
	f.StringVar(&j.lawList, "laws", "", "products that hold nearly, such as volume=width*length*height, separated by commas; tables without these columns ignore them")
	f.Float64Var(&j.held, "held", .2, "share of the rows that no method sees")
	f.IntVar(&j.rows, "rows", 0, "the most rows that are taken of a table, drawn at random; 0 for all")
	f.IntVar(&j.steps, "steps", 0, "training steps of the networks, 0 for the library's choice")
	f.IntVar(&j.workers, "workers", 0, "goroutines of training and sampling, 0 for one a processor; does not change the result")
	f.BoolVar(&j.choices, "choices", false, "compare gradlogp with one choice of the codec made otherwise in each line")
	f.BoolVar(&j.impute, "impute", false, "compare fillings of holes")
	f.Float64Var(&j.hidden, "hidden", .2, "with -impute, the share of the held-out cells that are hidden")
	f.IntVar(&j.draws, "draws", 39, "with -impute, draws for each hole; 19 and more, one less than a multiple of 20, give intervals of 90 %")
	f.StringVar(&j.peer, "peer", "", "with -impute, a JSON file with another program's fillings")
	f.StringVar(&j.export, "export", "", "with -impute, a JSON file to write the tables and their holes to, for such a program; nothing is measured")
}

// Check implements command.Job.
func (j *job) Check() error {
	for name := range strings.SplitSeq(j.in, ",") {
		j.sources = append(j.sources, sourceOf(name))
	}
	known := j.methodNames()
	j.methods = known
	if j.names != "" {
		j.methods = strings.Split(j.names, ",")
	}
	for _, name := range j.methods {
		if !slices.Contains(known, name) {
			return fmt.Errorf("-methods: %q, want some of %s", name, strings.Join(known, ","))
		}
	}
	for s := range strings.SplitSeq(j.list, ",") {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return fmt.Errorf("-seeds: %q, want numbers separated by commas", s)
		}
		j.seeds = append(j.seeds, seed)
	}
	if j.lawList != "" {
		for s := range strings.SplitSeq(j.lawList, ",") {
			l, err := parseLaw(s)
			if err != nil {
				return fmt.Errorf("-laws: %w", err)
			}
			j.stated = append(j.stated, l)
		}
	}
	switch {
	case !(j.held > 0 && j.held < 1) || !(j.hidden > 0 && j.hidden < 1):
		return fmt.Errorf("-held %v, -hidden %v: want shares between 0 and 1", j.held, j.hidden)
	case j.rows < 0 || j.steps < 0 || j.workers < 0:
		return fmt.Errorf("-rows %d, -steps %d, -workers %d: want at least 0", j.rows, j.steps, j.workers)
	case j.draws < 1:
		return fmt.Errorf("-draws %d: want at least 1", j.draws)
	case j.choices && j.impute:
		return fmt.Errorf("-choices and -impute: want one of them")
	case !j.impute && (j.peer != "" || j.export != ""):
		return fmt.Errorf("-peer and -export: want -impute with them")
	}
	return nil
}

func sourceOf(name string) source {
	switch name {
	case "flats":
		return source{name, func() (*table.Table, error) { return newFlats(50000, 1), nil }}
	case "mixture":
		return source{name, func() (*table.Table, error) { return newMixture(400, 1), nil }}
	}
	base := strings.TrimSuffix(filepath.Base(name), ".gz")
	return source{strings.TrimSuffix(base, filepath.Ext(base)), func() (*table.Table, error) { return table.ReadFile(name, nil) }}
}

// Run prints the table, a line as soon as it is known.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	if j.impute {
		return j.runImpute(ctx, stdout, stderr)
	}
	for _, s := range j.sources {
		t, err := j.open(s)
		if err != nil {
			return err
		}
		if err := j.compare(ctx, s.name, t, stdout, stderr); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// open returns the columns of a table that say something.
func (j *job) open(s source) (*table.Table, error) {
	t, err := s.open()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range t.Fields {
		if f.Kind == table.Identifier || f.Kind == table.Constant {
			names = append(names, f.Name)
		}
	}
	if t, err = t.Drop(names...); err != nil {
		return nil, err
	}
	if n := t.Len(); j.rows > 0 && j.rows < n {
		t, _ = t.Split(j.rows, 0)
	}
	if len(t.Fields) < 2 || t.Len() < 20 {
		return nil, fmt.Errorf("%s: %d rows and %d columns that are no constants or names, want at least 20 and 2", s.name, t.Len(), len(t.Fields))
	}
	return t, nil
}

// split returns the rows to learn from and those held out.
func (j *job) split(t *table.Table, seed uint64) (train, held *table.Table) {
	n := t.Len()
	held, train = t.Split(min(max(int(j.held*float64(n)), 2), n-2), seed)
	return train, held
}
