package main

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/figure"
)

// ladder returns the indices of windows of a vowel with rising pitch, at most so many.
func ladder(s set, vowel, steps int) (index []int) {
	var all []int
	for i := range s.len() {
		if s.vowel(i) == vowel {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(s.pitch(a), s.pitch(b)) })
	steps = min(steps, len(all))
	for i := range steps {
		index = append(index, all[i*len(all)/steps])
	}
	return index
}

// draw writes a picture of the spectra of windows that were held out and, below, of
// samples with their vowels and pitches, a column each.
func draw(name string, r *recording, real, samples *mat.Dense, index []int) error {
	panel := func(title string, spectra *mat.Dense) figure.Panel {
		power := mat.NewDense(bins-1, len(index), nil)
		for j, i := range index {
			for k := range bins - 1 {
				power.Set(k, j, math.Pow(10, spectra.At(i, k)/10))
			}
		}
		p := figure.Panel{
			Title: title, XLim: [2]float64{-0.5, float64(len(r.vowels)) - 0.5}, YLim: [2]float64{0, float64(r.rate) / 2000},
			XNames: r.vowels, YLabel: "kHz", Stretch: true, Layers: []figure.Layer{figure.HeatMap{Values: power, Decades: 5}},
		}
		return p
	}
	return figure.Save(name, [][]figure.Panel{{panel("held out", real)}, {panel("samples", samples)}}, 900, 640)
}

// show writes the picture, and the sound: of every vowel eight real windows with rising
// pitch, and the samples beside them.
func (j *job) show(r *recording, held, samples set) error {
	if j.out != "-" {
		var columns []int
		for k := range r.vowels {
			columns = append(columns, ladder(held, k, 200/len(r.vowels))...)
		}
		if err := draw(j.out, r, spectra(held.x), spectra(samples.x), columns); err != nil {
			return err
		}
	}
	if j.wav == "-" {
		return nil
	}
	var rows [][]float64
	for k := range r.vowels {
		steps := ladder(held, k, 8)
		for _, s := range []set{held, samples} {
			for _, i := range steps {
				rows = append(rows, s.x.RawRowView(i))
			}
		}
	}
	return save(j.wav, r.rate, rows)
}
