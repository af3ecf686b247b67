// Command columns trains one network to answer for any columns of a table given any
// others, on a law in four columns all of whose conditional laws are known, and
// prints how far its answers are from the exact ones: bounds of the divergence for every
// subset of columns, two-sample tests of the samples, a conditional law with a rare
// far mode, and training on rows with missing values. Beside it stand a network
// for whole rows, one that is told a mask and the masked values as conditions, and
// RePaint.
//
// The numbers go to standard output and depend on the flags only.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
	"github.com/gradlogp/gradlogp/sde"
)

func main() { command.Main("columns", &job{}) }

// job is what the flags ask for.
type job struct {
	steps, rows, n, width, workers int
	seed                           uint64
	models                         string
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.IntVar(&j.steps, "steps", 15_000, "training steps of each network")
	f.IntVar(&j.rows, "rows", 2000, "clean rows at each noise level of a bound")
	f.IntVar(&j.n, "n", 5000, "samples of each kind")
	f.IntVar(&j.width, "width", 116, "width of the networks' three layers")
	f.Uint64Var(&j.seed, "seed", 0, "seed of weights, data, noise and samples")
	f.StringVar(&j.models, "models", "", "directory of trained networks: those that are there are used, others are trained and kept; empty for none")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
}

// Check implements command.Job.
func (j *job) Check() error {
	if j.steps < 1 || j.rows < 2 || j.n < 10 || j.width < 1 || j.workers < 0 {
		return fmt.Errorf("-steps %d, -rows %d, -n %d, -width %d, -workers %d: want at least 1, 2, 10, 1 and 0", j.steps, j.rows, j.n, j.width, j.workers)
	}
	return nil
}

// network is a trained model and how it is asked.
type network struct {
	name  string
	model *score.Model
	// given returns the score of the columns that are to be drawn; nil where that is only
	// the score of whole rows.
	given view
	leave bool // whether it can leave columns out
}

// train trains a network, or finds it where it is kept.
func (j *job) train(ctx context.Context, stderr io.Writer, name string, c score.Config, data score.Data) (*score.Model, error) {
	c.Net, c.Seed = nn.RecipeMLP(columns, j.width), j.seed
	if c.ColumnLevels {
		c.Net = nn.RecipeColumns(columns, j.width)
	}
	m, err := score.New(columns, &c)
	if err != nil {
		return nil, err
	}
	if j.models != "" {
		if err := m.LoadFile(j.file(name)); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return m, err
		}
	}
	fmt.Fprintln(stderr, name)
	progress := bar.New(stderr, j.steps)
	defer progress.Close()
	_, err = score.Fit(ctx, m, data, &score.Settings{
		Steps: j.steps, Scaling: score.CommonScale, Seed: j.seed, Workers: j.workers, Recorder: progress,
	})
	if err == nil && j.models != "" {
		err = m.SaveFile(j.file(name))
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// ask returns the network of a model and how it is asked.
func ask(name string, m *score.Model, c score.Config) *network {
	n := &network{name: name, model: m}
	switch {
	case c.ColumnLevels:
		n.given, n.leave = func(o *mat.Dense) *score.View { return m.Observe(score.Observed{Values: o}) }, true
	case c.Cond.Columns > 0:
		n.given = func(o *mat.Dense) *score.View { return m.Given(masked(o)) }
	}
	return n
}

// file returns where a network is kept.
func (j *job) file(name string) string {
	return filepath.Join(j.models, fmt.Sprintf("%s-%d-%d-%d.safetensors", strings.ReplaceAll(name, " ", "-"), j.steps, j.width, j.seed))
}

// Run implements command.Job.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	levels := score.Config{ColumnLevels: true}
	var nets []*network
	for _, c := range []struct {
		name   string
		config score.Config
		data   score.Data
	}{
		{"whole rows", score.Config{}, score.Draws(columns, newLaw)},
		{"column levels", levels, score.Draws(columns, newLaw)},
		{"column levels, 30 % missing", levels, holes{score.Draws(columns, newLaw), 0.3}},
		{"mask as a condition", score.Config{Cond: score.Conditions{Columns: 2 * columns}}, masks{score.Draws(columns, newLaw)}},
	} {
		m, err := j.train(ctx, stderr, c.name, c.config, c.data)
		if err != nil {
			return err
		}
		nets = append(nets, ask(c.name, m, c.config))
	}
	fmt.Fprintf(stdout, "%d steps, width %d, seed %d; %d samples of each kind\n\n", j.steps, j.width, j.seed, j.n)
	report := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, part := range []func(io.Writer, []*network) error{j.bounds, j.tests, j.far} {
		if err := part(report, nets); err != nil {
			return err
		}
		if err := report.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// normals returns n rows of standard normals.
func normals(n int, seed uint64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 3))
	z := mat.NewDense(n, columns, nil)
	z.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, z)
	return z
}

// bounds prints the bounds of all patterns, in thousandths of a nat.
func (j *job) bounds(w io.Writer, nets []*network) error {
	clean, z := dataset.Sample(newLaw(rand.NewPCG(j.seed, 11)), j.rows), normals(j.rows, j.seed)
	subsets, withLeftOut := subsets(), withLeftOut()
	var exact, noisy []*question
	for _, p := range append(subsets, withLeftOut...) {
		q, err := pose(newLaw(nil), p, clean, z)
		if err != nil {
			return err
		}
		exact = append(exact, q)
	}
	for _, p := range subsets[1:] {
		q, err := poseNoisy(p, clean, z, normals(j.rows, j.seed+1))
		if err != nil {
			return err
		}
		noisy = append(noisy, q)
	}
	fmt.Fprintf(w, "bounds of the divergence, 10⁻³ nats\n\twhole row\tmean of 15 subsets\tworst\tone column\tcolumns left out\tknown ± %.1f\n", deviation)
	for _, n := range nets {
		given := n.given
		if given == nil {
			given = func(*mat.Dense) *score.View { return n.model.Unconditional() }
		}
		whole := exact[0].bound(n.model, given)
		fmt.Fprintf(w, "%s\t%.2f", n.name, 1e3*whole)
		if n.given != nil {
			var mean, worst, one, ones float64
			for i, q := range exact[:len(subsets)] {
				b := whole
				if i > 0 {
					b = q.bound(n.model, n.given)
				}
				mean += b / float64(len(subsets))
				worst = max(worst, b)
				if len(q.of()) == 1 {
					one, ones = one+b, ones+1
				}
			}
			fmt.Fprintf(w, "\t%.2f\t%.2f\t%.2f", 1e3*mean, 1e3*worst, 1e3*one/ones)
		}
		if n.leave {
			var left, within float64
			for _, q := range exact[len(subsets):] {
				left += q.bound(n.model, n.given) / float64(len(withLeftOut))
			}
			for _, q := range noisy {
				within += q.bound(n.model, func(o *mat.Dense) *score.View {
					return n.model.Observe(score.Observed{Values: o, Deviations: q.deviations()})
				}) / float64(len(noisy))
			}
			fmt.Fprintf(w, "\t%.2f\t%.2f", 1e3*left, 1e3*within)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	return nil
}

// from is the grid of all samples: the noise begins far above the spread of the
// data, because that of a column given others is not known.
func from(p sde.SDE) []float64 { return grid.Karras(p, 80, 0.002, 7, points) }

// points are those of the grids: at 40 the steps of the sampler add 0.02 to the deviation
// of the near mode of far.
const points = 100

// sample draws a row for every row of what is observed.
func (j *job) sample(n *network, observed *mat.Dense) (*mat.Dense, error) {
	rows, d := observed.Dims()
	x := mat.NewDense(rows, d, nil)
	p := n.given(observed).Problem()
	return x, sampler.Sample(context.Background(), x, p, sampler.DPMpp2MSDE{}, &sampler.Settings{Grid: from(p.SDE), Seed: j.seed, Workers: j.workers})
}

// tests prints the accuracies of a classifier between rows of the law and rows of
// which some columns are drawn given the others.
func (j *job) tests(w io.Writer, nets []*network) error {
	const neighbours = 15
	fmt.Fprintln(w, "accuracy of a classifier between rows of the law and rows with sampled columns (?) given others (+)")
	fmt.Fprint(w, "columns\texact")
	for _, n := range nets {
		if n.given != nil {
			fmt.Fprintf(w, "\t%s", n.name)
		}
	}
	fmt.Fprintln(w)
	for i, p := range subsets() {
		at := func(k uint64) *mat.Dense {
			return dataset.Sample(newLaw(rand.NewPCG(j.seed, 100*uint64(i)+k)), j.n)
		}
		truth, rows := at(1), at(2)
		fmt.Fprintf(w, "%v\t%.4f", p, twosample.C2STNeighbours(truth, at(3), neighbours))
		for _, n := range nets {
			if n.given == nil {
				continue
			}
			observed := p.observed(rows)
			x, err := j.sample(n, observed)
			if err != nil {
				return err
			}
			for r := range j.n { // one that draws all columns
				for c, v := range observed.RawRowView(r) {
					if !math.IsNaN(v) {
						x.Set(r, c, v)
					}
				}
			}
			fmt.Fprintf(w, "\t%.4f", twosample.C2STNeighbours(truth, x, neighbours))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	return nil
}

// far prints what becomes of the third column given x₁ = 1.5, x₂ = −1, whose law has
// a far mode of small weight.
func (j *job) far(w io.Writer, nets []*network) error {
	nan, inf := math.NaN(), math.Inf(1)
	law, err := given(newLaw(nil), []float64{1.5, -1, nan, inf}, rand.NewPCG(j.seed, 21))
	if err != nil {
		return err
	}
	mean, cov := law.Mean(nil)[0], mat.NewSymDense(1, nil)
	law.Cov(cov)
	fmt.Fprintln(w, "x₃ given x₁ = 1.5, x₂ = −1\tmean\tdeviation\tof the near mode\tweight of the far mode")
	exact := make([]float64, 40*j.n)
	for i := range exact {
		exact[i] = law.Rand(nil)[0]
	}
	line := func(name string, x []float64) {
		m := momentsOf(x)
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\t%.3f\t%.4f\n", name, m.mean, m.deviation, m.near, m.far)
	}
	fmt.Fprintf(w, "exact\t%.3f\t%.3f\n", mean, math.Sqrt(cov.At(0, 0)))
	line(fmt.Sprintf("exact, %d draws", len(exact)), exact)
	for _, n := range nets {
		for _, last := range []float64{nan, inf} {
			name := n.name + ", x₄ sampled"
			if math.IsInf(last, 1) {
				name = n.name + ", x₄ left out"
				if !n.leave {
					continue
				}
			}
			if n.given == nil {
				continue
			}
			x, err := j.sample(n, repeated([]float64{1.5, -1, nan, last}, 4*j.n))
			if err != nil {
				return err
			}
			line(name, mat.Col(nil, 2, x))
		}
	}
	for _, returns := range []int{0, 1, 20} {
		m, x := nets[0].model, mat.NewDense(j.n, columns, nil)
		known := mat.NewDense(1, columns, []float64{1.5, -1, nan, nan})
		m.Frame().ToModel(known, known)
		pred := replacing{sampler.DDIM{Eta: 1}, known.RawRowView(0)}
		s := &sampler.Settings{Grid: from(m.Process()), Seed: j.seed, Workers: j.workers}
		if returns > 0 {
			s.Corrector = sampler.Gibbs{Back: pred, Steps: returns}
		}
		if err := sampler.Sample(context.Background(), x, m.Problem(), pred, s); err != nil {
			return err
		}
		line(fmt.Sprintf("RePaint, %d returns a step", returns), mat.Col(nil, 2, x))
	}
	return nil
}

// repeated returns n rows that are the same.
func repeated(row []float64, n int) *mat.Dense {
	x := mat.NewDense(n, len(row), nil)
	for i := range n {
		x.SetRow(i, row)
	}
	return x
}

// moments are those of x₃, whose modes are near −2.3 and far, at about 4.
type moments struct{ mean, deviation, near, far float64 }

const between = 1.0

func momentsOf(x []float64) (m moments) {
	n, near, mean := float64(len(x)), 0.0, 0.0
	for _, v := range x {
		m.mean += v / n
		if v < between {
			near++
			mean += v
		}
	}
	mean /= near
	for _, v := range x {
		m.deviation += (v - m.mean) * (v - m.mean) / n
		if v < between {
			m.near += (v - mean) * (v - mean) / near
		}
	}
	return moments{m.mean, math.Sqrt(m.deviation), math.Sqrt(m.near), 1 - near/n}
}
