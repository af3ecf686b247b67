package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/boost"
	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// judge prints what is known of samples and, beside it, the same of real windows:
// the pitches of those that were held out and what trees know of these, and how as many
// of those that were learned compare with them.
func (j *job) judge(w io.Writer, train *recording, held, samples set) error {
	learned := train.windows(max(mostLearned, held.len()), j.seed)
	n := min(held.len(), learned.len())
	some := set{learned.x.Slice(0, n, 0, window).(*mat.Dense), learned.cond.Slice(0, n, 0, 2).(*mat.Dense)}

	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tsamples\treal windows")
	a, b := listen(samples, train.rate), listen(held, train.rate)
	fmt.Fprintf(t, "median error of the pitch, cents\t%.2f\t%.2f\n", median(a.errors), median(b.errors))
	for _, most := range []float64{50, 10} {
		fmt.Fprintf(t, "within %g cents\t%v\t%v\n", most, a.within(most), b.within(most))
	}
	fmt.Fprintf(t, "median aperiodicity\t%.4f\t%.4f\n", median(a.aperiodicity), median(b.aperiodicity))

	drawn, real, all := spectra(samples.x), spectra(held.x), spectra(learned.x)
	someReal := all.Slice(0, n, 0, bins).(*mat.Dense)
	for k, v := range train.vowels {
		mean := meanOf(real, held, k)
		fmt.Fprintf(t, "distance of mean spectra, %s, dB\t%.2f\t%.2f\n", v,
			distance(meanOf(drawn, samples, k), mean), distance(meanOf(someReal, some, k), mean))
	}
	if len(train.vowels) > 1 {
		ear, err := j.ear(someReal, some, len(train.vowels))
		if err != nil {
			return err
		}
		pupil, err := j.ear(drawn, samples, len(train.vowels))
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "trees that learned real vowels know\t%v\t%v\n", recognised(ear, drawn, samples), recognised(ear, real, held))
		fmt.Fprintf(t, "trees that learned samples only know\t\t%v\n", recognised(pupil, real, held))
	}
	var tests [2]twosample.C2STResult
	for i, x := range []*mat.Dense{drawn, someReal} {
		c, err := twosample.C2ST(x, real, &twosample.C2STSettings{Seed: j.seed, Trees: j.trees()})
		if err != nil {
			return err
		}
		tests[i] = c
	}
	fmt.Fprintf(t, "C2ST of spectra to held-out ones")
	for _, c := range tests {
		fmt.Fprintf(t, "\t%.3f [%.3f, %.3f]", c.Accuracy, c.Low, c.High)
	}
	near, other := nearest(drawn, all), nearest(real, all)
	fmt.Fprintf(t, "\nto the nearest learned spectrum, median, dB\t%.2f\t%.2f\n", median(near), median(other))
	fmt.Fprintf(t, "least\t%.2f\t%.2f\n", slices.Min(near), slices.Min(other))
	return t.Flush()
}

// mostLearned is how many windows of the training part samples are compared with.
const mostLearned = 4000

// nearest returns the log-spectral distance of each row of a from the nearest one of b.
func nearest(a, b *mat.Dense) []float64 {
	d := mat.Col(nil, 0, twosample.Nearest(a, b, 1))
	for i := range d {
		d[i] /= math.Sqrt(bins)
	}
	return d
}

// heard is what the estimator of pitch says of windows.
type heard struct{ errors, aperiodicity []float64 }

func listen(s set, rate int) (h heard) {
	for i := range s.len() {
		hz, aperiodicity := pitch(s.x.RawRowView(i), rate)
		h.errors = append(h.errors, math.Abs(cents(hz, s.pitch(i))))
		h.aperiodicity = append(h.aperiodicity, aperiodicity)
	}
	return h
}

// within counts errors of at most so many cents.
func (h heard) within(most float64) share {
	s := share{of: len(h.errors)}
	for _, e := range h.errors {
		if e <= most {
			s.part++
		}
	}
	return s
}

// trees have eight leaves: there are few rows for the columns.
func (j *job) trees() *boost.Settings { return &boost.Settings{Leaves: 8, Workers: j.workers} }

// ear returns trees that have learned vowels by spectra.
func (j *job) ear(spectra *mat.Dense, s set, classes int) (*boost.Classifier, error) {
	vowels := make([]int, s.len())
	for i := range vowels {
		vowels[i] = s.vowel(i)
	}
	return boost.Classification(spectra, vowels, classes, j.trees())
}

// recognised counts the windows whose vowel the trees know.
func recognised(c *boost.Classifier, spectra *mat.Dense, s set) share {
	p := mat.NewDense(s.len(), c.Classes(), nil)
	c.Probabilities(p, spectra)
	right := share{of: s.len()}
	for i := range s.len() {
		if row := p.RawRowView(i); row[s.vowel(i)] == slices.Max(row) {
			right.part++
		}
	}
	return right
}

// share is a part of independent trials.
type share struct{ part, of int }

func (s share) String() string {
	return fmt.Sprintf("%.3f (%d of %d)", float64(s.part)/float64(s.of), s.part, s.of)
}

// median counts NaN, of silence, as infinite.
func median(v []float64) float64 {
	v = slices.Clone(v)
	for i, x := range v {
		if math.IsNaN(x) {
			v[i] = math.Inf(1)
		}
	}
	slices.Sort(v)
	return stat.Quantile(0.5, stat.LinInterp, v, nil)
}
