// Command table learns a table from a CSV file and writes one with new rows, a report of
// how like they are, and a picture. The model is kept in a file, from which it draws
// rows with given values, fills the holes of a table, and ranks rows by how likely they
// are.
//
// The numbers go to standard output and depend on the flags only, not on the machine's
// number of processors; the progress bar goes to standard error. An interrupt (Ctrl-C)
// ends the training and goes on with what has been learned.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gradlogp/gradlogp/examples/internal/command"
)

func main() { command.Main("table", &job{}) }

// job is what the flags ask for.
type job struct {
	in, schema           string
	omit, missing        cells
	noHeader, describe   bool
	rules                texts
	codings              cells
	model, checkpoints   string
	width, steps, match  int
	workers              int
	heldOut              float64
	seed                 uint64
	report, picture      string
	target, given        cells
	out                  string
	n                    int
	rows, impute, scores string
	draws                int
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.StringVar(&j.in, "in", "", "table to learn, CSV or TSV; without it and -model, a table of storms that comes with the command")
	f.StringVar(&j.schema, "schema", "", "JSON file that says what some or all columns are; with -describe it is written, with all")
	f.BoolVar(&j.describe, "describe", false, "say what the columns are, and no more")
	f.Var(&j.omit, "omit", "`columns` to leave out, a line as of a CSV file, such as id,\"height, cm\"; may stand several times")
	f.Var(&j.missing, "missing", "`texts` of missing cells, a line as of a CSV file; may stand several times; empty: NA, N/A, n/a, NaN, nan, null, NULL and ?")
	f.BoolVar(&j.noHeader, "noheader", false, "the first line is a row, columns are called column1, column2, …")
	f.Var(&j.rules, "rule", "`rule` that all rows obey, such as a<=b, 0<=a<=1 or a+b=c; may stand several times")
	f.StringVar(&j.model, "model", "", "model file: written after training, as model.safetensors when empty, and opened without -in")
	f.StringVar(&j.checkpoints, "checkpoints", "", "directory for the state of the training, which goes on from there; empty: none")
	f.IntVar(&j.steps, "steps", 0, "training steps, 0 for what suits the number of rows")
	f.IntVar(&j.width, "width", 0, "width of the network's three layers, 0 for what suits the number of rows")
	f.IntVar(&j.match, "match", 10_000, "rows of the model on which its columns are compared with those of the table, for decoding to make up; 0 for none")
	f.Var(&j.codings, "coding", "how `columns` are made well-behaved where the default is not wanted, such as income=log,town=one-hot, a line as of a CSV file; may stand several times")
	f.Uint64Var(&j.seed, "seed", 0, "seed of weights, noise and samples")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.out, "out", "synthetic.csv", "table of new rows to write; - for none")
	f.IntVar(&j.n, "n", 0, "new rows, 0 for as many as were learned")
	f.Float64Var(&j.heldOut, "heldout", 0.2, "share of the rows that is not learned, for the report to compare with")
	f.StringVar(&j.report, "report", "", "JSON file to write with all of the report; empty: none")
	f.StringVar(&j.picture, "picture", "report.png", "picture of the report; - for none")
	f.Var(&j.target, "target", "`columns` to predict from the others, for the report; empty: the last of numbers")
	f.Var(&j.given, "given", "`values` that all new rows have, such as status=hurricane,wind=100, a line as of a CSV file: with quotes in \"place=Paris, Texas\"; may stand several times")
	f.StringVar(&j.rows, "rows", "", "table to fill and to rank; empty: that of -in")
	f.StringVar(&j.impute, "impute", "", "table to write with the holes of -rows filled, and beside it what the draws say of each")
	f.IntVar(&j.draws, "draws", 20, "draws of each hole")
	f.StringVar(&j.scores, "score", "", "table to write with the log-densities of -rows, and their ranks from the least likely")
}

// Check implements command.Job.
func (j *job) Check() error {
	if j.width < 0 || j.steps < 0 || j.workers < 0 || j.n < 0 || j.draws < 1 || j.match < 0 || j.match == 1 {
		return fmt.Errorf("-width %d, -steps %d, -workers %d, -n %d, -draws %d, -match %d: want at least 0, 0, 0, 0, 1 and 2, or 0", j.width, j.steps, j.workers, j.n, j.draws, j.match)
	}
	if (j.impute != "" || j.scores != "") && j.opens() && j.rows == "" {
		return fmt.Errorf("-impute and -score: want -rows, the table that they are for, or -in")
	}
	for _, path := range []string{j.in, j.rows} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	if j.in != "" && j.model != "" && j.checkpoints == "" && !j.describe {
		if _, err := os.Stat(j.model); err == nil {
			return fmt.Errorf("-model %s: is there already, and -in %s asks for a new one: leave -in out to use the model, with -rows for a table to fill or to rank, or remove the file", j.model, j.in)
		}
	}
	if !(j.heldOut >= 0 && j.heldOut < 1) {
		return fmt.Errorf("-heldout %v: want a share, at least 0 and below 1", j.heldOut)
	}
	for _, path := range []string{j.out, j.impute, j.scores, j.model, j.report, j.picture} {
		if path == "" || path == "-" {
			continue
		}
		if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot write %s: %w", path, err)
		}
		for _, in := range []string{j.in, j.rows, j.schema} {
			if same(in, path) {
				return fmt.Errorf("cannot write %s: it is a table or a schema to be read", path)
			}
		}
	}
	return nil
}

// same reports whether two paths are those of one file that is there.
func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// opens reports whether there is a model to open and no table to learn.
func (j *job) opens() bool { return j.in == "" && j.model != "" }

// Run is the whole job. ctx ends the training, not what follows it.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	if j.describe {
		return j.say(stdout)
	}
	var m *model
	var learned *rows
	var err error
	if j.opens() {
		m, err = open(j.model)
	} else {
		m, learned, err = j.learn(ctx, stdout, stderr)
	}
	if err != nil {
		return err
	}
	m.workers = j.workers
	if j.out != "-" {
		if err := j.synthesise(m, learned, stdout); err != nil {
			return err
		}
	}
	if j.impute == "" && j.scores == "" {
		return nil
	}
	rows, asWritten, err := j.readRows(m)
	if err != nil {
		return err
	}
	if j.impute != "" {
		if err := j.fill(m, rows, asWritten, stdout); err != nil {
			return fmt.Errorf("-impute: %w", err)
		}
	}
	if j.scores != "" {
		if err := j.rank(m, rows, stdout); err != nil {
			return fmt.Errorf("-score: %w", err)
		}
	}
	return nil
}
