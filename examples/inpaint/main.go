// Command inpaint restores images of which a part is left: with a hole, blurred, or
// coarse, and with noise. The prior is the score of a U-Net that has learned the images of
// examples/digits; it knows nothing of holes. Posterior draws by the methods of
// sde/posterior are judged by the images that were held out: whether they agree with what
// is left, whether their intervals hold the truth as often as they say, and by a proper
// score, beside the exact posterior of a normal prior and the nearest known images.
//
// The numbers go to standard output and depend on the flags only, the seconds to standard
// error. An interrupt (Ctrl-C) ends the training and goes on with what has been learned.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"text/tabwriter"
	"time"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/digits"
	"github.com/gradlogp/gradlogp/sde"
)

func main() { command.Main("inpaint", &job{}) }

// job is what the flags ask for.
type job struct {
	data, model, method string
	steps, n, points    int
	lessons, workers    int
	noise               float64
	seed                uint64
	out                 string
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.StringVar(&j.data, "data", "", "IDX file of images, with the one of labels beside it, or folder with a folder of PNG files for each class; the digits that the program carries when empty")
	f.StringVar(&j.model, "model", "", "file of the trained network, that of examples/digits too: used when it is there, written after training when not; none when empty")
	f.StringVar(&j.method, "method", "all", "mmps, pigdm, tmpd or dps; all for one after the other")
	f.Float64Var(&j.noise, "noise", 1, "standard deviation of the noise, in shades")
	f.IntVar(&j.steps, "steps", 1500, "training steps")
	f.IntVar(&j.n, "n", 30, "images to restore, of those held out")
	f.IntVar(&j.points, "points", 24, "noise levels that a draw passes")
	f.IntVar(&j.lessons, "lessons", 800, "training steps of the classifier")
	f.Uint64Var(&j.seed, "seed", 0, "seed of the split, weights, noise and draws")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.out, "out", "inpaint.png", "picture to write; - for none")
}

// Check implements command.Job.
func (j *job) Check() error {
	for _, f := range []struct {
		name         string
		value, least int
	}{{"steps", j.steps, 1}, {"n", j.n, 2}, {"points", j.points, 3}, {"lessons", j.lessons, 1}, {"workers", j.workers, 0}} {
		if f.value < f.least {
			return fmt.Errorf("-%s %d: want at least %d", f.name, f.value, f.least)
		}
	}
	if !(j.noise > 0 && j.noise <= math.MaxFloat32) {
		return fmt.Errorf("-noise %v: want a positive number", j.noise)
	}
	if len(j.restorers(sde.Problem{})) == 0 {
		return fmt.Errorf("-method %s: want mmps, pigdm, tmpd, dps or all", j.method)
	}
	if j.out == "-" {
		return nil
	}
	return figure.Writable(j.out)
}

// restorers returns the methods that are asked for.
func (j *job) restorers(prior sde.Problem) (all []restorer) {
	for _, m := range methods {
		if j.method == m.flag || j.method == "all" {
			all = append(all, j.guided(m.name, m.Method, prior))
		}
	}
	return all
}

// Run implements command.Job. The context ends the training, not what follows.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	all, err := digits.Load(j.data)
	if err != nil {
		return err
	}
	test, train, err := all.HoldOut(j.seed)
	if err != nil {
		return err
	}
	m, err := digits.Train(ctx, train, digits.Training{
		Model: j.model, Steps: j.steps, Batch: 96, Rate: 2e-3, Regularize: 0.1, Workers: j.workers, Seed: j.seed,
	}, stdout, stderr)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(j.seed, 5))
	truth, others := scatter(test, min(j.n, test.Len()), rng), scatter(train, max(train.Len(), 4*train.Pixels()), rng).X
	c := digits.Learn(train, digits.Lessons{Steps: j.lessons, Workers: j.workers, Seed: j.seed})
	fmt.Fprintf(stdout, "%d of %d held-out images, %d draws of each, noise %v\n", truth.Len(), test.Len(), draws, j.noise)
	guided := j.restorers(m.Problem())
	var panels []figure.Panel
	for _, p := range problems(all.Format) {
		y := p.observe(truth.X, j.noise, rng)
		_, out := p.linear.Dims()
		fmt.Fprintf(stdout, "\n%s: %d numbers of %d pixels\n", p.name, out, all.Pixels())
		t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "\tχ²\tin 80 %\tin 90 %\tenergy score\toff by\tits digit\tscores\tproducts")
		fmt.Fprintf(t, "truth\t%v\t\t\t0\t0\t%v\t\t\n", estimateOf(chi(p, y, truth.X, j.noise)), estimateOf(known(c, truth, truth.X)))
		for i, r := range append(guided[:len(guided):len(guided)], j.normal(others), nearest(others)) {
			begin := time.Now()
			x, scores, products, err := r.restore(p, y)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", p.name, r.name, err)
			}
			fmt.Fprintf(stderr, "%s, %s: %.1f s\n", p.name, r.name, time.Since(begin).Seconds())
			v := j.judge(p, truth, y, x, c)
			fmt.Fprintf(t, "%s\t%v\t%v\t%v\t%v\t%v\t%v\t%.0f\t%.0f\n", r.name, estimateOf(v.chi), estimateOf(v.in80), estimateOf(v.in90),
				estimateOf(v.energy), estimateOf(v.off), estimateOf(v.known), scores, products)
			if i == 0 {
				panels = append(panels, p.panel(truth, y, x))
			}
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	if j.out == "-" {
		return nil
	}
	return figure.Save(j.out, [][]figure.Panel{panels}, 1440, 440)
}

// scatter returns n images as the network learns them, with shades that are intervals; the
// same again, scattered anew, when there are fewer, so that their covariance has full rank.
func scatter(s digits.Set, n int, rng *rand.Rand) digits.Set {
	all := s.Blank(n)
	for i := range n {
		k := i % s.Len()
		s.Scatter(all.X.RawRowView(i), s.X.RawRowView(k), rng)
		all.Labels.Set(i, 0, s.Labels.At(k, 0))
	}
	return all
}
