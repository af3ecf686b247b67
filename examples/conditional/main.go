// Command conditional trains one network on three labelled classes, of which it
// is sometimes not told the label, and samples it without a class, for each
// class, and for each class with classifier-free guidance. Everything is compared
// with the exact answers: the distributions of the classes, and guidance with
// their exact scores.
//
// The numbers go to standard output and depend on the flags only. An interrupt
// (Ctrl-C) ends the training and goes on to sample with what has been learned.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image/color"
	"io"
	"math/rand/v2"
	"text/tabwriter"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
	"github.com/gradlogp/gradlogp/sde"
)

func main() { command.Main("conditional", &job{}) }

// job is what the flags ask for.
type job struct {
	steps, n, workers int
	seed              uint64
	out               string
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.IntVar(&j.steps, "steps", 4000, "training steps")
	f.IntVar(&j.n, "n", 4000, "samples of each kind")
	f.Uint64Var(&j.seed, "seed", 0, "seed of weights, data, noise and samples")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.out, "out", "conditional.png", "picture to write; - for none")
}

// Check implements command.Job.
func (j *job) Check() error {
	if j.steps < 1 || j.n < 2 || j.workers < 0 {
		return fmt.Errorf("-steps %d, -n %d, -workers %d: want at least 1, 2 and 0", j.steps, j.n, j.workers)
	}
	if j.out == "-" {
		return nil
	}
	return figure.Writable(j.out)
}

// guidance holds the weights of classifier-free guidance: 0 is the score without
// a class, 1 that of the class as it is.
var guidance = []float64{0, 1, 2, 4}

// Run implements command.Job. The context ends the training, not what follows.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	m, err := score.New(2, &score.Config{
		Net:  nn.RecipeMLP(2, 116),
		Cond: score.Conditions{Classes: []int{classes}},
		Seed: j.seed,
	})
	if err != nil {
		return err
	}
	data := score.Draws(3, newLabelled).WithConditions(1)
	progress := bar.New(stderr, j.steps)
	res, err := score.Fit(ctx, m, data, &score.Settings{
		Steps: j.steps, Batch: 256, DropCond: 0.15, Workers: j.workers, Seed: j.seed, Recorder: progress,
	})
	progress.Close()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}

	report := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(report, "%d of %d steps, seed %d, loss %.4f; %d samples of each kind\n\n", res.Steps, j.steps, j.seed, res.Loss, j.n)
	fmt.Fprintln(report, "guidance\tclass\tsliced W2\ttwo exact samples\tp(class | x)\texact")
	directions := twosample.Directions(64, 2, 1)
	panels := make([][]figure.Panel, 2) // exact, learned
	for _, w := range guidance {
		truth, samples := panel("exact", w), panel("learned", w)
		for class := range classes {
			if w == 0 && class > 0 {
				continue
			}
			p, err := learned(m, w, class)
			if err != nil {
				return err
			}
			x, err := j.sample(p, 0)
			if err != nil {
				return err
			}
			a, err := j.truth(m, w, class, 1)
			if err != nil {
				return err
			}
			b, err := j.truth(m, w, class, 2)
			if err != nil {
				return err
			}
			name, sure := "any\t", ""
			if w > 0 {
				name, sure = fmt.Sprintf("%d\t", class), fmt.Sprintf("%.4f\t%.4f", certainty(x, class), certainty(a, class))
			}
			fmt.Fprintf(report, "%g\t%s%.4f\t%.4f\t%s\n", w, name, twosample.SlicedW2(x, a, directions), twosample.SlicedW2(a, b, directions), sure)
			truth.Layers = append(truth.Layers, points(a, w, class))
			samples.Layers = append(samples.Layers, points(x, w, class))
		}
		panels[0], panels[1] = append(panels[0], truth), append(panels[1], samples)
	}
	if err := report.Flush(); err != nil || j.out == "-" {
		return err
	}
	return figure.Save(j.out, panels, 1440, 780)
}

// learned returns what the model has for the guidance w: no class for 0, the class
// for 1.
func learned(m *score.Model, w float64, class int) (sde.Problem, error) {
	given := m.Given(mat.NewDense(1, 1, []float64{float64(class)})).Problem()
	switch w {
	case 0:
		return m.Problem(), nil
	case 1:
		return given, nil
	}
	return sde.Guide(given, m.Problem(), w)
}

// truth returns samples of the exact distribution: draws for w = 0 and 1; guidance has
// none that could be written down, but it has exact scores.
func (j *job) truth(m *score.Model, w float64, class int, run uint64) (*mat.Dense, error) {
	src := rand.NewPCG(j.seed, 100*run+uint64(class))
	switch w {
	case 0:
		return dataset.Sample(everything(src), j.n), nil
	case 1:
		return dataset.Sample(arms(src, class), j.n), nil
	}
	p, err := sde.Guide(exact(m, arms(nil, class)), exact(m, everything(nil)), w)
	if err != nil {
		return nil, err
	}
	p.Conditional = true
	return j.sample(p, run)
}

// exact returns the problem of a mixture in the model's coordinates.
func exact(m *score.Model, of *dataset.Mixture) sde.Problem {
	frame := m.Frame()
	shift, scale := frame.Shift, frame.Scale[0]
	y := dataset.NewAffine(of, 1/scale, []float64{-shift[0] / scale, -shift[1] / scale})
	return sde.Problem{SDE: m.Process(), Score: sde.Analytic(m.Process(), y.Diffuse), Frame: frame}
}

// sample draws; runs differ in their noise.
func (j *job) sample(p sde.Problem, run uint64) (*mat.Dense, error) {
	x := mat.NewDense(j.n, 2, nil)
	err := sampler.Sample(context.Background(), x, p, sampler.Default(p.SDE), &sampler.Settings{Seed: 10*j.seed + run, Workers: j.workers})
	return x, err
}

// colors of the classes; that of no class comes last.
var colors = [...]color.NRGBA{figure.Blue, figure.Red, {R: 0xd8, G: 0x94, B: 0x08, A: 0x90}, {R: 0x48, G: 0x48, B: 0x48, A: 0x60}}

func points(x *mat.Dense, w float64, class int) figure.Layer {
	n, _ := x.Dims()
	most, c := 1200, colors[class]
	if w == 0 {
		most, c = classes*most, colors[classes]
	}
	return figure.Points{X: x.Slice(0, min(n, most), 0, 2), Color: c}
}

func panel(kind string, w float64) figure.Panel {
	limits := [2]float64{-2.7, 2.7}
	title := fmt.Sprintf("%s, guidance %g", kind, w)
	switch w {
	case 0:
		title = kind + ", no class"
	case 1:
		title = kind + ", by class"
	}
	return figure.Panel{Title: title, XLim: limits, YLim: limits}
}
