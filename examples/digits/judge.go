package main

import (
	"fmt"
	"io"
	"sort"
	"text/tabwriter"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// judge prints what is known of samples from images that were held out.
func (j *job) judge(w io.Writer, train, test, samples set) error {
	real, synthetic := j.learn(train), j.learn(samples)
	c2st := func(a set) (twosample.C2STResult, error) {
		return twosample.C2ST(a.x, test.x, &twosample.C2STSettings{Seed: j.seed})
	}
	ofSamples, err := c2st(samples)
	if err != nil {
		return err
	}
	ofTrain, err := c2st(train)
	if err != nil {
		return err
	}
	distance, other := nearest(samples, train), nearest(test, train)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tsamples\treal images")
	fmt.Fprintf(t, "a classifier of real images knows\t%v\t%v\n", real.accuracy(samples), real.accuracy(test))
	fmt.Fprintf(t, "one of samples only knows\t\t%v\n", synthetic.accuracy(test))
	fmt.Fprintf(t, "C2ST to held-out images\t%.3f [%.3f, %.3f]\t%.3f [%.3f, %.3f]\n",
		ofSamples.Accuracy, ofSamples.Low, ofSamples.High, ofTrain.Accuracy, ofTrain.Low, ofTrain.High)
	fmt.Fprintf(t, "empty pixels\t%.3f\t%.3f\n", empty(samples), empty(test))
	fmt.Fprintf(t, "median distance to training images\t%.2f\t%.2f\n", median(distance), median(other))
	fmt.Fprintf(t, "copies of training images\t%d\t%d\n", copies(distance), copies(other))
	return t.Flush()
}

// nearest returns the distance of each image of a from the nearest one of b.
func nearest(a, b set) []float64 { return mat.Col(nil, 0, twosample.Nearest(a.x, b.x, 1)) }

func median(v []float64) float64 {
	v = append([]float64(nil), v...)
	sort.Float64s(v)
	return stat.Quantile(0.5, stat.LinInterp, v, nil)
}

// copies counts distances of 0.
func copies(v []float64) (n int) {
	for _, d := range v {
		if d == 0 {
			n++
		}
	}
	return n
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
