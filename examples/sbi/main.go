// Command sbi learns the posterior of a simulator from simulations and prints how well a
// classifier can tell its draws from those of the true posterior (C2ST, see
// examples/internal/judge), for one task of dataset/simulator after the other.
//
// The numbers go to standard output and depend on the flags only.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"flag"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/simulator"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/judge"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/score/inference"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

func main() { command.Main("sbi", &job{}) }

// job is what the flags ask for.
type job struct {
	tasks                         string
	n, observations, first, draws int
	steps, workers                int
	plain, soap                   bool
	seed                          uint64
	chosen                        []simulator.Task
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.StringVar(&j.tasks, "tasks", "two_moons,gaussian_linear,gaussian_mixture", "names of the tasks, or all")
	f.IntVar(&j.n, "n", 10_000, "simulations")
	f.IntVar(&j.observations, "observations", 10, "observations, made from parameters of the prior")
	f.IntVar(&j.first, "first", 1, "seed of the first observation, the others follow")
	f.IntVar(&j.draws, "draws", 10_000, "draws of either posterior for each observation")
	f.IntVar(&j.steps, "steps", 0, "training steps, 0 for the default")
	f.BoolVar(&j.plain, "plain", false, "leave out the linear regression")
	f.BoolVar(&j.soap, "soap", false, "a network with a norm, trained by SOAP")
	f.Uint64Var(&j.seed, "seed", 0, "seed of simulations, weights and draws")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
}

// Check implements command.Job.
func (j *job) Check() error {
	if j.n < 10 || j.observations < 1 || j.first < 0 || j.draws < 100 || j.steps < 0 || j.workers < 0 {
		return fmt.Errorf("-n %d, -observations %d, -first %d, -draws %d, -steps %d, -workers %d: want at least 10, 1, 0, 100, 0 and 0", j.n, j.observations, j.first, j.draws, j.steps, j.workers)
	}
	known := simulator.Tasks()
	if j.tasks == "all" {
		j.chosen = known
		return nil
	}
	for name := range strings.SplitSeq(j.tasks, ",") {
		k := slices.IndexFunc(known, func(t simulator.Task) bool { return t.Name() == name })
		if k < 0 {
			var names []string
			for _, t := range known {
				names = append(names, t.Name())
			}
			return fmt.Errorf("-tasks: there is no %q, want some of %s", name, strings.Join(names, ", "))
		}
		j.chosen = append(j.chosen, known[k])
	}
	return nil
}

// Run implements command.Job.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	fmt.Fprintf(stdout, "%d simulations, %d draws, seed %d\n", j.n, j.draws, j.seed)
	for _, t := range j.chosen {
		c2st, err := j.task(ctx, stderr, t)
		if err != nil {
			return fmt.Errorf("%s: %w", t.Name(), err)
		}
		fmt.Fprintf(stdout, "%-24s mean %.3f of %.3f\n", t.Name(), stat.Mean(c2st, nil), c2st)
	}
	return nil
}

// task learns the posterior of a task and returns the C2ST of every observation.
func (j *job) task(ctx context.Context, stderr io.Writer, t simulator.Task) ([]float64, error) {
	begin := time.Now()
	s := &inference.Settings{Plain: j.plain, Seed: j.seed, Workers: j.workers}
	s.Training.Steps = j.steps
	recipe := inference.Recommend(j.n, t.Prior().Dim(), t.Dim())
	steps := recipe.Steps
	if j.steps > 0 {
		steps = j.steps
	}
	if j.soap {
		normed(s, recipe)
	}
	progress := bar.New(stderr, steps)
	s.Training.Recorder = progress
	post, err := inference.Infer(ctx, t.Prior(), t, t.Dim(), j.n, s)
	progress.Close()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(stderr, "%s: %v, %.0f s\n", t.Name(), post.Result, time.Since(begin).Seconds())
	var c2st []float64
	for i := range j.observations {
		v, err := j.observation(ctx, t, post, uint64(j.first+i))
		if err != nil {
			return nil, fmt.Errorf("observation %d: %w", j.first+i, err)
		}
		c2st = append(c2st, v)
	}
	fmt.Fprintf(stderr, "%s: %.0f s with references and tests\n", t.Name(), time.Since(begin).Seconds())
	return c2st, nil
}

// normed gives the network of a recipe a norm, and SOAP the decay of its weights.
func normed(s *inference.Settings, r inference.Recipe) {
	net := r.Net.(nn.MLP)
	net.Norm, net.Time = nn.RMSNorm{}, nn.TimeFourier{N: 4, Low: 0.5, High: 4}
	s.Net = net
	s.Training.Optimizer = &optim.SOAP[float32]{WeightDecay: cmp.Or(r.WeightDecay, r.Regularize)}
}

// observation returns the C2ST of one observation.
func (j *job) observation(ctx context.Context, t simulator.Task, post *inference.Posterior, seed uint64) (float64, error) {
	_, x, err := simulator.Observe(t, seed)
	if err != nil {
		return 0, err
	}
	d := t.Prior().Dim()
	reference, theta := mat.NewDense(j.draws, d, nil), mat.NewDense(j.draws, d, nil)
	if err := t.Reference(ctx, reference, x, seed); err != nil {
		return 0, err
	}
	view, err := post.Given(mat.NewDense(1, len(x), x))
	if err != nil {
		return 0, err
	}
	var s inference.SampleSettings
	s.Seed, s.Workers = j.seed, j.workers
	if err := view.Sample(ctx, theta, &s); err != nil {
		return 0, err
	}
	return judge.C2ST(reference, theta, seed, j.workers), nil
}
