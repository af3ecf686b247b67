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
	"github.com/gradlogp/gradlogp/examples/internal/digits"
	"github.com/gradlogp/gradlogp/score"
)

// judge prints what is known of samples, and of the model that drew them, from images
// that were held out.
func (j *job) judge(w io.Writer, m *score.Model, train, test, samples digits.Set) error {
	real, synthetic := j.learn(train), j.learn(samples)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tsamples\treal images")
	fmt.Fprintf(t, "a classifier of real images knows\t%v\t%v\n", real.Accuracy(samples), real.Accuracy(test))
	fmt.Fprintf(t, "one of samples only knows\t\t%v\n", synthetic.Accuracy(test))

	few, other, known := samples.First(j.compared), test.First(j.compared), train.First(j.compared)
	c2st := func(a digits.Set) (twosample.C2STResult, error) {
		return twosample.C2ST(a.X, other.X, &twosample.C2STSettings{Seed: j.seed})
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
	fmt.Fprintf(t, "copies of training images\t%d\t%d\n", below(near, math.SmallestNonzeroFloat64).Part, below(away, math.SmallestNonzeroFloat64).Part)
	if j.bitsOf > 0 {
		bits, err := j.bits(m, test)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "bits a pixel of %d images\t\t%v\n", min(j.bitsOf, test.Len()), bits)
		fmt.Fprintf(t, "with each pixel alone\t\t%v\n", j.bitsAlone(train, test))
	}
	return t.Flush()
}

// learn returns a classifier that has seen the images of s only.
func (j *job) learn(s digits.Set) *digits.Classifier {
	return digits.Learn(s, digits.Lessons{Steps: j.lessons, Workers: j.workers, Seed: j.seed})
}

// nearest returns the distance of each image of a from the nearest one of b.
func nearest(a, b digits.Set) []float64 { return mat.Col(nil, 0, twosample.Nearest(a.X, b.X, 1)) }

func quantile(v []float64, p float64) float64 {
	v = append([]float64(nil), v...)
	sort.Float64s(v)
	return stat.Quantile(p, stat.LinInterp, v, nil)
}

// below returns the share of numbers that are less than a bound.
func below(v []float64, bound float64) digits.Share {
	s := digits.Share{Of: len(v)}
	for _, d := range v {
		if d < bound {
			s.Part++
		}
	}
	return s
}

// empty returns the share of pixels that are 0.
func empty(s digits.Set) float64 {
	n := 0
	for _, v := range s.X.RawMatrix().Data {
		if v == 0 {
			n++
		}
	}
	return float64(n) / float64(len(s.X.RawMatrix().Data))
}
