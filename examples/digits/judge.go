package main

import (
	"fmt"
	"io"
	"math"
	"sort"
	"text/tabwriter"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/score"
)

// judge prints what is known of samples, and of the model that drew them, from images
// that were held out.
func (j *job) judge(w io.Writer, m *score.Model, train, test, samples set) error {
	real, synthetic := j.learn(train), j.learn(samples)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tsamples\treal images")
	fmt.Fprintf(t, "a classifier of real images knows\t%v\t%v\n", real.accuracy(samples), real.accuracy(test))
	fmt.Fprintf(t, "one of samples only knows\t\t%v\n", synthetic.accuracy(test))

	few, other, known := samples.first(j.compared), test.first(j.compared), train.first(j.compared)
	c2st := func(a set) (twosample.C2STResult, error) {
		return twosample.C2ST(a.x, other.x, &twosample.C2STSettings{Seed: j.seed})
	}
	ofSamples, err := c2st(few)
	if err != nil {
		return err
	}
	ofTrain, err := c2st(known)
	if err != nil {
		return err
	}
	fmt.Fprintf(t, "C2ST to held-out images\t%.3f [%.3f, %.3f]\t%.3f [%.3f, %.3f]\n",
		ofSamples.Accuracy, ofSamples.Low, ofSamples.High, ofTrain.Accuracy, ofTrain.Low, ofTrain.High)
	fmt.Fprintf(t, "empty pixels\t%.3f\t%.3f\n", empty(samples), empty(test))
	near, away := nearest(few, train), nearest(other, train)
	least := quantile(away, 0.05)
	fmt.Fprintf(t, "median distance to training images\t%.2f\t%.2f\n", quantile(near, 0.5), quantile(away, 0.5))
	fmt.Fprintf(t, "nearer to one than %.2f\t%v\t%v\n", least, below(near, least), below(away, least))
	fmt.Fprintf(t, "copies of training images\t%d\t%d\n", below(near, math.SmallestNonzeroFloat64).part, below(away, math.SmallestNonzeroFloat64).part)
	if j.bitsOf > 0 {
		bits, err := j.bits(m, test)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "bits a pixel of %d images\t\t%v\n", min(j.bitsOf, test.len()), bits)
		fmt.Fprintf(t, "with each pixel alone\t\t%v\n", j.bitsAlone(train, test))
	}
	return t.Flush()
}

// nearest returns the distance of each image of a from the nearest one of b.
func nearest(a, b set) []float64 { return mat.Col(nil, 0, twosample.Nearest(a.x, b.x, 1)) }

func quantile(v []float64, p float64) float64 {
	v = append([]float64(nil), v...)
	sort.Float64s(v)
	return stat.Quantile(p, stat.LinInterp, v, nil)
}

// below returns the share of numbers that are less than a bound.
func below(v []float64, bound float64) share {
	s := share{0, len(v)}
	for _, d := range v {
		if d < bound {
			s.part++
		}
	}
	return s
}

// empty returns the share of pixels that are 0.
func empty(s set) float64 {
	n := 0
	for _, v := range s.x.RawMatrix().Data {
		if v == 0 {
			n++
		}
	}
	return float64(n) / float64(len(s.x.RawMatrix().Data))
}
