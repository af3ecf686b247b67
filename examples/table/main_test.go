package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
	"github.com/gradlogp/gradlogp/score"
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

// Whatever a table is, rows with its kinds, ranges, levels and missing cells come out,
// however little has been learned.
func TestOddTablesKeepWhatTheirColumnsAre(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		args  []string
		check func(t *testing.T, in, out *table.Table)
	}{
		"five rows": {
			text: "a,b\n1.5,x\n2.5,y\n3.5,x\n4.5,y\n5.5,x\n",
			args: []string{"-n", "50"},
			check: func(t *testing.T, _, out *table.Table) {
				require.Equal(t, 50, out.Len())
				require.Len(t, out.Fields, 2)
			},
		},
		"a constant column, and one that is empty": {
			text: lines(100, "a,same,none", func(_ int, rng *rand.Rand) string { return fmt.Sprintf("%.3f,north,", rng.NormFloat64()) }),
			check: func(t *testing.T, _, out *table.Table) {
				require.Equal(t, 1., share(out, "same", func(v float64) bool { return v == 0 }))
				require.Equal(t, 1., share(out, "none", math.IsNaN))
			},
		},
		"a column of texts": {
			text: lines(100, "a,remark", func(i int, rng *rand.Rand) string {
				return fmt.Sprintf("%.3f,\"what happened, in words, on day %d\"", rng.NormFloat64(), i)
			}),
			check: func(t *testing.T, in, out *table.Table) {
				require.Equal(t, table.Identifier, in.Fields[1].Kind)
				require.Len(t, out.Fields, 1)
			},
		},
		"categories only": {
			text: lines(200, "colour,size", func(i int, rng *rand.Rand) string {
				return []string{"red", "green", "blue"}[rng.IntN(3)] + "," + []string{"S", "M", "L"}[i%3]
			}),
			check: func(t *testing.T, _, out *table.Table) {
				for k := range 3 {
					require.InDelta(t, .33, share(out, "size", func(v float64) bool { return v == float64(k) }), .13)
				}
			},
		},
		"units of 1e-6 and 1e9": {
			text: lines(300, "tiny,huge", func(_ int, rng *rand.Rand) string {
				z := rng.NormFloat64()
				return fmt.Sprintf("%g,%g", 1e-6*(3+z), 1e9*(5+z+.1*rng.NormFloat64()))
			}),
			check: func(t *testing.T, _, out *table.Table) {
				require.InDelta(t, .5, share(out, "tiny", func(v float64) bool { return v < 3e-6 }), .13)
				require.InDelta(t, .5, share(out, "huge", func(v float64) bool { return v < 5e9 }), .13)
			},
		},
		"300 classes": {
			text: lines(900, "code,v", func(i int, rng *rand.Rand) string { return fmt.Sprintf("c%03d,%.2f", i%300, rng.NormFloat64()) }),
			check: func(t *testing.T, _, out *table.Table) {
				seen := map[float64]bool{}
				for _, v := range out.Columns[0] {
					seen[v] = true
				}
				require.Greater(t, len(seen), 150)
			},
		},
		"tabs, no header": {
			text: lines(100, "", func(_ int, rng *rand.Rand) string { return fmt.Sprintf("%.2f\t%d", rng.NormFloat64(), rng.IntN(5)) }),
			args: []string{"-noheader"},
			check: func(t *testing.T, _, out *table.Table) {
				require.Equal(t, "column1", out.Fields[0].Name)
				require.Equal(t, 0., share(out, "column2", func(v float64) bool { return v < 0 || v > 4 }))
			},
		},
		"missing cells that hang together": {
			text: lines(400, "kind,a,b", func(i int, rng *rand.Rand) string {
				if i%4 == 0 {
					return "plain,,"
				}
				return fmt.Sprintf("full,%.2f,%.2f", rng.NormFloat64(), rng.NormFloat64())
			}),
			check: func(t *testing.T, _, out *table.Table) {
				require.InDelta(t, .25, share(out, "a", math.IsNaN), .07)
				for i, v := range out.Columns[1] {
					require.Equal(t, math.IsNaN(v), math.IsNaN(out.Columns[2][i]), "row %d", i)
				}
			},
		},
		"rules": {
			text: lines(300, "low,high,part,rest,age", func(_ int, rng *rand.Rand) string {
				low, part := rng.NormFloat64(), rng.IntN(100)
				return fmt.Sprintf("%.2f,%.2f,%d,%d,%d", low, low+rng.ExpFloat64(), part, 100-part, 18+rng.IntN(60))
			}),
			args: []string{"-rule", "low<=high", "-rule", "part+rest=100", "-rule", "18<=age<=80", "-rule", "part >= 0"},
			check: func(t *testing.T, _, out *table.Table) {
				for i := range out.Len() {
					require.LessOrEqual(t, out.Columns[0][i], out.Columns[1][i])
					require.Equal(t, 100., out.Columns[2][i]+out.Columns[3][i])
					require.GreaterOrEqual(t, out.Columns[4][i], 18.)
					require.LessOrEqual(t, out.Columns[4][i], 80.)
				}
			},
		},
		"dates": {
			text: lines(200, "day,v", func(i int, rng *rand.Rand) string {
				return fmt.Sprintf("%s,%.1f", time.Date(2020, 1, 1+rng.IntN(365), 0, 0, 0, 0, time.UTC).Format(time.DateOnly), rng.Float64())
			}),
			check: func(t *testing.T, in, out *table.Table) {
				require.Equal(t, table.Time, out.Fields[0].Kind)
				from := float64(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
				require.Equal(t, 0., share(out, "day", func(v float64) bool { return v < from || v > from+366*86400 }))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, in, out := run(t, t.TempDir(), c.text, c.args...)
			// Numbers stay where those of the table are.
			for k, f := range out.Fields {
				if f.Kind != table.Number && f.Kind != table.Whole {
					continue
				}
				least, most := ends(in.Columns[in.Index(f.Name)])
				low, high := ends(out.Columns[k])
				require.GreaterOrEqual(t, low, least-(most-least)/10, f.Name)
				require.LessOrEqual(t, high, most+(most-least)/10, f.Name)
			}
			c.check(t, in, out)
		})
	}
}

// ends returns the least and the greatest cell that is there.
func ends(column []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range column {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
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

func TestGivenValuesComeOutExactly(t *testing.T) {
	dir := t.TempDir()
	_, _, out := run(t, dir, pairs(400), "-given", "g=positive, b=1.25", "-n", "70")
	require.Equal(t, 70, out.Len())
	require.Equal(t, 1., share(out, "b", func(v float64) bool { return v == 1.25 }))
	require.Equal(t, 1., share(out, "g", func(v float64) bool { return out.Fields[2].Levels[int(v)] == "positive" }))

	for given, want := range map[string]string{
		"h=1":          `"h" is no column of the model; its columns are a, b, g`,
		"id=r001":      `"id" is no column`,
		"g":            `"g": want column=value`,
		"g=negative":   `"no sign"`,
		"b=high":       `is "high", want a number`,
		"b=1,g=orange": "orange",
	} {
		j := &job{}
		require.NoError(t, command.Parse("table", j, []string{"-model", filepath.Join(dir, "model.safetensors"), "-out", filepath.Join(dir, "x.csv"), "-given", given}))
		require.ErrorContains(t, j.Run(context.Background(), io.Discard, io.Discard), want, given)
	}
}

func TestHolesAreFilledAndTheRestIsAsItWas(t *testing.T) {
	dir := t.TempDir()
	filled := filepath.Join(dir, "filled.csv")
	text := pairs(400)
	_, _, _ = run(t, dir, text, "-out", "-", "-impute", filled, "-draws", "10", "-steps", "800")
	after, err := os.ReadFile(filled)
	require.NoError(t, err)
	before, rows := strings.Split(text, "\n"), strings.Split(string(after), "\n")
	require.Len(t, rows, len(before))
	var near, holes float64
	for i, row := range before {
		if !strings.Contains(row, ",,") {
			require.Equal(t, row, rows[i])
			continue
		}
		was, is := strings.Split(row, ","), strings.Split(rows[i], ",")
		require.Equal(t, was[:2], is[:2])
		require.Equal(t, was[3], is[3])
		var a, b float64
		fmt.Sscan(is[1]+" "+is[2], &a, &b)
		holes++
		if math.Abs(a-b) < .6 {
			near++
		}
	}
	require.Greater(t, near/holes, .8) // of draws that know nothing .34
	spread, err := table.ReadFile(filepath.Join(dir, "filled.holes.csv"), nil)
	require.NoError(t, err)
	require.Equal(t, 80, spread.Len())
	require.Equal(t, 1., share(spread, "column", func(v float64) bool { return v == 0 })) // b
}

// Which cells are missing goes with what the others are, among new rows as among those
// learned.
func TestMissingCellsStayWhereTheyBelong(t *testing.T) {
	text := lines(500, "year,gauge", func(i int, rng *rand.Rand) string {
		if year := 1980 + rng.Float64()*40; year > 2000 {
			return fmt.Sprintf("%.2f,%.1f", year, year-2000+rng.NormFloat64())
		} else {
			return fmt.Sprintf("%.2f,", year)
		}
	})
	_, _, out := run(t, t.TempDir(), text, "-steps", "500", "-n", "1000")
	var wrong float64
	for i, year := range out.Columns[0] {
		if (year <= 2000) != math.IsNaN(out.Columns[1][i]) {
			wrong++
		}
	}
	require.Less(t, wrong/1000, .1) // .5 when they have nothing to do with each other
	require.InDelta(t, .5, share(out, "gauge", math.IsNaN), .08)
}

// A row that breaks what holds in all others is found, also where a cell is missing.
func TestOddRowsHaveTheFirstRanks(t *testing.T) {
	dir := t.TempDir()
	text := pairs(400) + "odd1,2.00,-2.00,positive\nodd2,-2.0,,positive\n"
	scores := filepath.Join(dir, "scores.csv")
	_, _, _ = run(t, dir, text, "-out", "-", "-score", scores, "-steps", "600")
	s, err := table.ReadFile(scores, &table.ReadSettings{Schema: []table.Field{{Name: "row", Kind: table.Whole}, {Name: "rank", Kind: table.Whole}}})
	require.NoError(t, err)
	require.Equal(t, 402, s.Len())
	rank := s.Columns[s.Index("rank")]
	require.LessOrEqual(t, rank[400], 8.)
	require.LessOrEqual(t, rank[401], 40.)
}

// A model that is opened draws what it drew when it was trained.
func TestModelFileIsEnough(t *testing.T) {
	dir := t.TempDir()
	_, _, out := run(t, dir, pairs(200), "-n", "40")
	j := &job{}
	again := filepath.Join(dir, "again.csv")
	require.NoError(t, command.Parse("table", j, []string{"-model", filepath.Join(dir, "model.safetensors"), "-out", again, "-n", "40"}))
	require.NoError(t, j.Run(context.Background(), io.Discard, io.Discard))
	want, err := os.ReadFile(filepath.Join(dir, "out.csv"))
	require.NoError(t, err)
	got, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	require.Equal(t, 40, out.Len())
}

func TestOtherModelsAreRefused(t *testing.T) {
	dir := t.TempDir()
	_, _, _ = run(t, dir, pairs(60), "-out", "-")
	m, err := open(filepath.Join(dir, "model.safetensors"))
	require.NoError(t, err)
	for want, change := range map[string]func(m *score.Model){
		"not of a table":                  func(m *score.Model) { m.Metadata = nil },
		"unknown version":                 func(m *score.Model) { m.Metadata["gradlogp.table"] = "{}" },
		"one noise level for all columns": func(*score.Model) {},
		"the model has 9 columns":         func(*score.Model) {},
	} {
		c := score.Config{ColumnLevels: !strings.HasPrefix(want, "one")}
		d := m.Dim()
		if strings.Contains(want, "9") {
			d = 9
		}
		other, err := score.New(d, &c)
		require.NoError(t, err)
		other.Metadata = maps.Clone(m.Metadata)
		change(other)
		path := filepath.Join(dir, "other.safetensors")
		require.NoError(t, other.SaveFile(path))
		_, err = open(path)
		require.ErrorContains(t, err, want)
	}
}

func TestSchemaIsWrittenEditedAndObeyed(t *testing.T) {
	dir := t.TempDir()
	in, schema := filepath.Join(dir, "in.csv"), filepath.Join(dir, "schema.json")
	require.NoError(t, os.WriteFile(in, []byte(lines(60, "grade,v", func(i int, rng *rand.Rand) string { return fmt.Sprintf("%d,%.1f", 1+i%4, rng.NormFloat64()) })), 0o644))
	j := small(t, dir, "-in", in, "-describe", "-schema", schema)
	var b bytes.Buffer
	require.NoError(t, j.Run(context.Background(), &b, io.Discard))
	require.Contains(t, b.String(), "60 rows × 2 columns")
	text, err := os.ReadFile(schema)
	require.NoError(t, err)
	require.Contains(t, string(text), `"whole"`)
	edited := strings.Replace(string(text), `"whole"`, `"category"`, 1)
	edited = strings.Replace(edited, `"step": 1`, `"levels": ["1", "2", "3", "4"]`, 1)
	require.NoError(t, os.WriteFile(schema, []byte(edited), 0o644))
	j = small(t, dir, "-in", in, "-schema", schema)
	require.NoError(t, j.Run(context.Background(), io.Discard, io.Discard))
	m, err := open(j.model)
	require.NoError(t, err)
	require.Equal(t, table.Category, m.codec.Fields()[0].Kind)
	require.NoError(t, small(t, dir, "-in", in, "-describe", "-schema", schema).Run(context.Background(), io.Discard, io.Discard))
	text, err = os.ReadFile(schema)
	require.NoError(t, err)
	require.Contains(t, string(text), `"category"`)
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

func TestInterruptedTrainingLeavesAModel(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.csv")
	require.NoError(t, os.WriteFile(in, []byte(pairs(150)), 0o644))
	j := small(t, dir, "-in", in, "-steps", "1000000", "-checkpoints", filepath.Join(dir, "run"))
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	time.AfterFunc(300*time.Millisecond, stop)
	require.NoError(t, j.Run(ctx, io.Discard, io.Discard))
	require.FileExists(t, j.out)
	m, err := open(j.model)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "g", "b missing"}, m.codec.Names())
	// Another run goes on from there, and does not begin again.
	latest, err := score.Latest(j.checkpoints)
	require.NoError(t, err)
	again := small(t, dir, "-in", in, "-steps", "1000000", "-checkpoints", j.checkpoints)
	soon, stopNow := context.WithCancel(context.Background())
	stopNow()
	require.NoError(t, again.Run(soon, io.Discard, io.Discard))
	same, err := score.Latest(j.checkpoints)
	require.NoError(t, err)
	require.Equal(t, latest, same)
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

// What stands in rows that come later, and not in those learned, is no error.
func TestNewLevelsAreNoError(t *testing.T) {
	dir := t.TempDir()
	_, _, _ = run(t, dir, pairs(200), "-out", "-")
	other, filled, scores := filepath.Join(dir, "other.csv"), filepath.Join(dir, "filled.csv"), filepath.Join(dir, "scores.csv")
	require.NoError(t, os.WriteFile(other, []byte("g,b,id,a,more\nunsure,,k1,1.50,x\npositive,1.125,k2,,y\n"), 0o644))
	j := &job{}
	require.NoError(t, command.Parse("table", j, []string{"-model", filepath.Join(dir, "model.safetensors"), "-rows", other, "-out", "-", "-impute", filled, "-score", scores}))
	require.NoError(t, j.Run(context.Background(), io.Discard, io.Discard))
	text, err := os.ReadFile(filled)
	require.NoError(t, err)
	require.Regexp(t, `^g,b,id,a,more\nunsure,-?\d\.\d\d,k1,1\.50,x\npositive,1\.125,k2,-?\d\.\d\d,y\n$`, string(text))
	require.FileExists(t, scores)
}

// Slips in the names and values of columns cost no training.
func TestImpossibleColumnsAreRefusedBeforeTheTraining(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.csv")
	require.NoError(t, os.WriteFile(in, []byte("a,b,c\n"+strings.Repeat("1,2,x\n2,3,y\n3,5,x\n", 20)+"9,8,y\n"), 0o644))
	for want, args := range map[string][]string{
		`-target: table: Keep: the name is "B"`:      {"-target", "B"},
		`-given: "A" is no column`:                   {"-given", "A=1"},
		`"c": is "X"`:                                {"-given", "c=X"},
		`"a" is given twice`:                         {"-given", "a=1, a = 2"},
		"1 of 61 rows break it, the first is row 60": {"-rule", "a<=b"},
	} {
		j := small(t, dir, append(args, "-in", in)...)
		_, _, err := j.learn(context.Background(), io.Discard, io.Discard)
		require.ErrorContains(t, err, want)
		require.NoFileExists(t, j.model)
	}
}

// Low and high leave out as much on one side as on the other.
func TestQuantilesOfDrawsAreSymmetric(t *testing.T) {
	draws := make([]float64, 20)
	for i := range draws {
		draws[i] = float64(i + 1)
	}
	require.InDelta(t, 10.5, quantile(.5, draws), 1e-12)
	require.InDelta(t, 21, quantile(.05, draws)+quantile(.95, draws), 1e-12)
	require.InDelta(t, 1.05, quantile(.05, draws), 1e-12)
	require.Equal(t, 3., quantile(.05, []float64{3}))
	require.Equal(t, 3., quantile(.95, []float64{3}))
}

// With a width the network is otherwise that of the default, embedding of the levels of
// noise included, and is trained as that one is.
func TestWidthChangesTheWidthOnly(t *testing.T) {
	text := lines(60, "a,b,c,d,e", func(_ int, rng *rand.Rand) string {
		return fmt.Sprintf("%.3f,%.3f,%.3f,%.3f,%.3f", rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64())
	})
	named, _, _ := run(t, t.TempDir(), text, "-width", "116", "-steps", "3", "-out", "-", "-heldout", "0", "-match", "0")
	open, _, _ := run(t, t.TempDir(), text, "-width", "0", "-steps", "3", "-out", "-", "-heldout", "0", "-match", "0")
	require.Equal(t, open, named)
}

func TestRowsWithoutAColumnOfTheModelAreToldWhatToDo(t *testing.T) {
	dir := t.TempDir()
	rows := filepath.Join(dir, "rows.csv")
	require.NoError(t, os.WriteFile(rows, []byte("a\n1.5\n"), 0o644))
	_, _, _ = run(t, dir, pairs(60), "-out", "-")
	m, err := open(filepath.Join(dir, "model.safetensors"))
	require.NoError(t, err)
	_, _, err = (&job{rows: rows}).readRows(m)
	require.ErrorIs(t, err, table.ErrName)
	require.ErrorContains(t, err, "want all columns of the model, with empty cells where nothing is known")
}
