package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/examples/internal/digits"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// critic judges samples of pictures: by pictures that were held out, of which there are
// few, and by other samples of the model, of which there are as many as one likes, but
// which are no better than the model is.
type critic struct {
	j           *job
	train, test digits.Set
	samples     digits.Set   // with the labels of the pictures held out, again and again
	fresh       []digits.Set // of the model
	classifier  *digits.Classifier
	stdout      io.Writer
}

func (j *job) newCritic(train, test digits.Set, stdout io.Writer) *critic {
	c := &critic{j: j, train: train, test: test, samples: train.Blank(j.n), stdout: stdout}
	for i := range j.n {
		c.samples.Labels.Set(i, 0, test.Labels.At(i%test.Len(), 0))
	}
	lessons := digits.Lessons{Steps: 800, Workers: j.workers, Seed: j.seed}
	if j.small {
		lessons.Steps = 2
	}
	c.classifier = digits.Learn(train, lessons)
	return c
}

// header says what real pictures would get, and names the columns.
func (c *critic) header() error {
	neighbours, trees, err := c.heldOut(c.train)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s: %d pictures learned, %d held out, %d samples of a kind\n", pictures, c.train.Len(), c.test.Len(), c.samples.Len())
	fmt.Fprintf(c.stdout, "pictures that were learned: neighbours, held out %.4f, trees, held out %.4f; digits known of those held out: %v\n", neighbours, trees, c.classifier.Accuracy(c.test))
	fmt.Fprintf(c.stdout, "%-24s  %6s  %7s  %9s  %-23s  at 1   2      4      40 evaluations\n", "way", "steps", "seconds", "processor", "C2ST")
	return nil
}

// compareWith draws the samples of a model with which all others are compared.
func (c *critic) compareWith(ctx context.Context, u *subject, m *score.Model) error {
	c.fresh = nil
	for k := range uint64(2) {
		s := c.samples
		s.X = mat.NewDense(s.Len(), s.Pixels(), nil)
		const points = 40
		settings := &sampler.Settings{Seed: c.j.seed + 1 + k, Workers: c.j.workers, Grid: append(u.grid(m.Process(), points), 0)}
		if err := sampler.Sample(ctx, s.X, u.problem(m), sampler.Default(m.Process()), settings); err != nil {
			return err
		}
		c.cut(s)
		c.fresh = append(c.fresh, s)
	}
	return nil
}

// cut makes pictures of samples.
func (c *critic) cut(s digits.Set) { digits.Snap(s.X, digits.Cuts(s.X, c.train)) }

// heldOut returns the C2ST of samples to the pictures held out, the mean over as many
// parts of the samples as there are of the size of these.
func (c *critic) heldOut(s digits.Set) (neighbours, trees float64, err error) {
	size := min(c.test.Len(), s.Len())
	parts := s.Len() / size
	for k := range parts {
		part, other := s.Slice(k*size, (k+1)*size), c.test.First(size)
		neighbours += twosample.C2STNeighbours(part.X, other.X, 15) / float64(parts)
		r, err := twosample.C2ST(part.X, other.X, &twosample.C2STSettings{Seed: c.j.seed})
		if err != nil {
			return 0, 0, err
		}
		trees += r.Accuracy / float64(parts)
	}
	return neighbours, trees, nil
}

// ofModel returns the C2ST of samples to those of the model, the mean over all of these.
func (c *critic) ofModel(s digits.Set) (neighbours, trees float64, err error) {
	for _, other := range c.fresh {
		neighbours += twosample.C2STNeighbours(s.X, other.X, 15) / float64(len(c.fresh))
		r, err := twosample.C2ST(s.X, other.X, &twosample.C2STSettings{Seed: c.j.seed})
		if err != nil {
			return 0, 0, err
		}
		trees += r.Accuracy / float64(len(c.fresh))
	}
	return neighbours, trees, nil
}

// judges are the lines of a way, in the order of judge.
var judges = []string{"neighbours, held out", "trees, held out", "neighbours, the model's", "trees, the model's", "share of digits known"}

// judge returns a number for each of judges.
func (c *critic) judge(s digits.Set) ([]float64, error) {
	a, b, err := c.heldOut(s)
	if err != nil {
		return nil, err
	}
	p, q, err := c.ofModel(s)
	known := c.classifier.Accuracy(s)
	return []float64{a, b, p, q, float64(known.Part) / float64(known.Of)}, err
}

// line implements line, by several.
func (c *critic) line(ctx context.Context, way string, steps int, took cost, budgets []int, d draw) error {
	table := map[int][]float64{}
	for _, n := range budgets {
		if err := d(ctx, c.samples.X, n); err != nil {
			return err
		}
		c.cut(c.samples)
		numbers, err := c.judge(c.samples)
		if err != nil {
			return err
		}
		table[n] = numbers
	}
	begin := fmt.Sprintf("%-24s  %6d  %7.1f  %9.1f ", way, steps, took.wall, took.processor)
	for k, name := range judges {
		fmt.Fprintf(c.stdout, "%s %-23s ", begin, name)
		for _, n := range evaluations {
			text := "-"
			if slices.Contains(budgets, n) {
				text = fmt.Sprintf("%.4f", table[n][k])
			}
			fmt.Fprintf(c.stdout, " %-6s", text)
		}
		fmt.Fprintln(c.stdout)
		begin = fmt.Sprintf("%-24s  %6s  %7s  %9s ", "", "", "", "")
	}
	return nil
}
