package main

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/figure"
)

// shown is the number of classes in the picture, and of images of each.
const shown = 10

// draw writes a picture of real images that were held out, samples, and the training
// images nearest to these samples in the same places, a column a class.
func draw(name string, test, train, samples set) error {
	index := samples.byClass(shown)
	closest := make([]int, len(index))
	for i, k := range index {
		closest[i] = -1
		if k >= 0 {
			closest[i] = nearestOf(samples.x.RawRowView(k), train)
		}
	}
	return figure.Save(name, [][]figure.Panel{{
		test.rows(test.byClass(shown)).panel("held out"), samples.rows(index).panel("samples"), train.rows(closest).panel("nearest training images"),
	}}, 1440, 520)
}

// panel shows the images dark on white, a column a class.
func (s set) panel(title string) figure.Panel {
	ink := mat.NewDense(s.len(), s.pixels(), nil)
	ink.Apply(func(_, _ int, v float64) float64 { return s.white() - v }, s.x)
	return figure.Images{X: ink, Height: s.height, Width: s.width, Columns: min(s.classes, shown), High: s.white()}.Panel(title)
}

// byClass returns the indices of the first images of each class, lines of one a class;
// −1 where there is none.
func (s set) byClass(lines int) []int {
	columns := min(s.classes, shown)
	index, have := make([]int, lines*columns), make([]int, columns)
	for i := range index {
		index[i] = -1
	}
	for i := range s.len() {
		if k := s.label(i); k < columns && have[k] < lines {
			index[have[k]*columns+k] = i
			have[k]++
		}
	}
	return index
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
