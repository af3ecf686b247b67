package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"gonum.org/v1/gonum/mat"
)

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
