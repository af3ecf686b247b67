package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
)

// small returns a job of few steps whose files are in a directory of the test.
func small(t *testing.T, dir string, args ...string) *job {
	t.Helper()
	j := &job{}
	defaults := []string{"-steps", "30", "-picture", "-", "-width", "24", "-match", "400", "-out", filepath.Join(dir, "out.csv"), "-model", filepath.Join(dir, "model.safetensors")}
	require.NoError(t, command.Parse("table", j, append(defaults, args...)))
	return j
}

// run runs such a job on a text, and returns what it prints and the table of new rows.
func run(t *testing.T, dir, text string, args ...string) (stdout string, learned, out *table.Table) {
	t.Helper()
	in := filepath.Join(dir, "in.csv")
	require.NoError(t, os.WriteFile(in, []byte(text), 0o644))
	j := small(t, dir, append([]string{"-in", in}, args...)...)
	var b bytes.Buffer
	require.NoError(t, j.Run(context.Background(), &b, io.Discard))
	learned, err := j.read(in)
	require.NoError(t, err)
	var schema []table.Field
	for _, f := range learned.Fields {
		if f.Kind != table.Identifier {
			schema = append(schema, f)
		}
	}
	if j.out == "-" {
		return b.String(), learned, nil
	}
	out, err = table.ReadFile(j.out, &table.ReadSettings{NoHeader: j.noHeader, Schema: schema}) // an error for cells that are not of the kind
	require.NoError(t, err)
	return b.String(), learned, out
}

// lines returns a text of n rows.
func lines(n int, header string, row func(i int, rng *rand.Rand) string) string {
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	if header != "" {
		b.WriteString(header + "\n")
	}
	for i := range n {
		b.WriteString(row(i, rng) + "\n")
	}
	return b.String()
}

// share returns how many cells of a column have a property.
func share(t *table.Table, name string, has func(v float64) bool) float64 {
	var n float64
	for _, v := range t.Columns[t.Index(name)] {
		if has(v) {
			n++
		}
	}
	return n / float64(t.Len())
}

// pairs is a table in which b is a plus a little noise, and g says whether a is positive.
func pairs(n int) string {
	return lines(n, "id,a,b,g", func(i int, rng *rand.Rand) string {
		a := rng.NormFloat64()
		g := "no sign"
		if a > 0 {
			g = "positive"
		}
		b := fmt.Sprintf("%.2f", a+.2*rng.NormFloat64())
		if i%5 == 0 {
			b = ""
		}
		return fmt.Sprintf("r%03d,%.2f,%s,%s", i, a, b, g)
	})
}

func TestOutputDoesNotDependOnWorkers(t *testing.T) {
	commandtest.Same(t, func(workers string) (command.Job, []string) {
		dir := t.TempDir()
		in := filepath.Join(dir, "in.csv")
		require.NoError(t, os.WriteFile(in, []byte(pairs(150)), 0o644))
		j := small(t, dir, "-in", in, "-workers", workers, "-picture", filepath.Join(dir, "report.png"), "-report", filepath.Join(dir, "report.json"),
			"-impute", filepath.Join(dir, "filled.csv"), "-draws", "2", "-score", filepath.Join(dir, "scores.csv"))
		return j, []string{j.out, j.model, j.picture, j.report, j.impute, j.scores}
	})
}

func TestImpossibleFlagsAreRefusedBeforeTheWork(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in.csv")
	require.NoError(t, os.WriteFile(in, []byte(pairs(50)), 0o644))
	model := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, os.WriteFile(model, nil, 0o644))
	for want, args := range map[string][]string{
		"-steps -1":               {"-steps", "-1"},
		"-draws 0":                {"-draws", "0"},
		"no such file":            {"-in", filepath.Join(t.TempDir(), "none.csv")},
		"cannot write":            {"-out", filepath.Join(t.TempDir(), "no", "x.csv")},
		"table or a schema to be": {"-in", in, "-out", in},
		"want -rows":              {"-model", "m.safetensors", "-score", "s.csv"},
		"is there already":        {"-in", in, "-model", model},
		`unexpected argument "x"`: {"x"},
		"flag provided but not":   {"-cond", "3"},
	} {
		require.ErrorContains(t, command.Parse("table", &job{}, args), want)
	}
}
