// Command moons trains a score network on a two-dimensional toy distribution,
// draws samples from it in two ways, measures how good model and samples are,
// and draws a picture.
//
// The numbers go to standard output and depend on the flags only, not on the
// machine's number of processors; times and the progress bar go to standard
// error. An interrupt (Ctrl-C) ends the training and goes on to sample with
// what has been learned.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"text/tabwriter"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/toy"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
	"github.com/gradlogp/gradlogp/sde"
)

func main() { command.Main("moons", &job{}) }

// job is what the flags ask for.
type job struct {
	name    string
	toy     toy.Toy
	steps   int
	n       int
	seed    uint64
	workers int
	out     string
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.StringVar(&j.name, "dataset", "moons", "distribution, one of "+strings.Join(toy.Names(), ", "))
	f.IntVar(&j.steps, "steps", 5000, "training steps")
	f.IntVar(&j.n, "n", 10000, "samples drawn by each sampler")
	f.Uint64Var(&j.seed, "seed", 0, "seed of weights, data, noise and samples")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.out, "out", "moons.png", "picture to write; - for none")
}

// Check implements command.Job.
func (j *job) Check() error {
	var err error
	if j.toy, err = toy.Named(j.name); err != nil {
		return fmt.Errorf("-dataset: %w", err)
	}
	if j.steps < 1 || j.n < 2 || j.workers < 0 {
		return fmt.Errorf("-steps %d, -n %d, -workers %d: want at least 1, 2 and 0", j.steps, j.n, j.workers)
	}
	if j.out == "-" {
		return nil
	}
	return figure.Writable(j.out)
}

// Run is the whole job. ctx ends the training, not what follows it.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	law := j.toy.Open(rand.NewPCG(j.seed, 2))
	oracle := score.NewOracle(dataset.Sample(law, 1200), law.Diffuse, j.seed)
	start := time.Now()
	m, err := score.New(2, &score.Config{Net: nn.RecipeMLP(2, 116), Seed: j.seed})
	if err != nil {
		return err
	}
	data := score.Draws(2, j.toy.Open)
	progress := bar.New(stderr, j.steps)
	watch := &stopwatch{Recorder: progress, model: m, oracle: oracle, good: j.toy.GoodBound, start: start}
	res, err := score.Fit(ctx, m, data, &score.Settings{Steps: j.steps, Workers: j.workers, Seed: j.seed, Recorder: watch})
	progress.Close()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	fmt.Fprintf(stderr, "trained %d steps in %.1f s; %v\n", res.Steps, (time.Since(start) - watch.looking).Seconds(), watch)

	bound, err := oracle.KLBound(m)
	if err != nil {
		return err
	}
	report := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(report, "%s: %d of %d steps, seed %d\n", j.toy.Name, res.Steps, j.steps, j.seed)
	fmt.Fprintf(report, "loss %.4f, KL bound %.4f nats\n\n", res.Loss, bound)
	fmt.Fprintf(report, "%d samples\tevaluations\toff support\tsliced W2\tenergy distance\n", j.n)

	judge := j.toy.NewJudge(j.n, j.seed)
	panels := []figure.Panel{{Title: "data", Layers: []figure.Layer{figure.Points{X: dataset.Sample(law, min(j.n, shown))}}}}
	for _, method := range methods(m.Process()) {
		start = time.Now()
		x, err := j.sample(m, method)
		if err != nil {
			return err
		}
		fmt.Fprintf(stderr, "%s: %.2f s\n", method.name, time.Since(start).Seconds())
		s := judge.Score(x)
		fmt.Fprintf(report, "%s\t%d\t%.4f\t%.4f\t%.5f\n", method.name, method.evaluations, s.OffSupport, s.SW2, s.Energy)
		panels = append(panels, figure.Panel{Title: method.name, Layers: []figure.Layer{figure.Points{X: x.Slice(0, min(j.n, shown), 0, 2), Color: figure.Red}}})
	}
	saved := make(chan error, 1)
	go func() { saved <- j.save(panels, m, law) }() // beside the judge
	mean, sd := judge.Floor(10)
	fmt.Fprintf(report, "two true samples\t\t%.4f ± %.4f\t%.4f ± %.4f\t%.5f ± %.5f\n", mean.OffSupport, sd.OffSupport, mean.SW2, sd.SW2, mean.Energy, sd.Energy)
	return errors.Join(report.Flush(), <-saved)
}

// save writes the picture, when there shall be one.
func (j *job) save(panels []figure.Panel, m *score.Model, law dataset.Diffusible) error {
	if j.out == "-" {
		return nil
	}
	return figure.Save(j.out, [][]figure.Panel{framed(panels), fields(m, law)}, 1200, 860)
}

// method is one way to draw samples.
type method struct {
	name        string
	predictor   sampler.Predictor
	settings    sampler.Settings
	evaluations int
}

// methods are the stochastic predictor-corrector sampler and the default solver
// of the probability flow. Both spend one evaluation on the final denoise.
func methods(p sde.SDE) []method {
	return []method{
		{"predictor-corrector", sampler.DPMpp2MSDE{}, sampler.Settings{Grid: grid.Default(p, 51), Corrector: sampler.Langevin{}}, 101},
		{"probability flow", sampler.Default(p), sampler.Settings{Grid: grid.Default(p, 40)}, 40},
	}
}

func (j *job) sample(m *score.Model, method method) (*mat.Dense, error) {
	x := mat.NewDense(j.n, 2, nil)
	s := method.settings
	s.Seed, s.Workers = j.seed, j.workers
	err := sampler.Sample(context.Background(), x, m.Problem(), method.predictor, &s)
	return x, err
}
