package main

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/figure"
)

// shown is the number of images of each kind in the picture.
const shown = 10 * classes

// draw writes a picture of real images that were held out, samples, and the training
// images nearest to these samples in the same places, ten columns by class.
func draw(name string, test, train, samples set) error {
	drawn := byClass(samples)
	closest := make([]int, shown)
	for i := range closest {
		closest[i] = nearestOf(drawn.x.RawRowView(i), train)
	}
	panel := func(title string, x *mat.Dense) figure.Panel {
		ink := mat.NewDense(shown, pixels, nil) // dark on white
		ink.Apply(func(_, _ int, v float64) float64 { return shades - 1 - v }, x)
		return figure.Images{X: ink, Height: side, Width: side, Columns: classes, High: shades - 1}.Panel(title)
	}
	return figure.Save(name, [][]figure.Panel{{
		panel("held out", byClass(test).x), panel("samples", drawn.x), panel("nearest training images", train.rows(closest).x),
	}}, 1440, 520)
}

// byClass returns the first images of each class, class k in column k.
func byClass(s set) set {
	index, have := make([]int, shown), [classes]int{}
	for i := range s.len() {
		if k := int(s.labels.At(i, 0)); have[k] < shown/classes {
			index[have[k]*classes+k] = i
			have[k]++
		}
	}
	return s.rows(index)
}

// nearestOf returns the index of the image of s that is nearest to x.
func nearestOf(x []float64, s set) (index int) {
	least := math.Inf(1)
	for i := range s.len() {
		d := 0.0
		for p, v := range s.x.RawRowView(i) {
			d += (v - x[p]) * (v - x[p])
		}
		if d < least {
			least, index = d, i
		}
	}
	return index
}
