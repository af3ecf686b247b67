package main

import (
	"math"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/digits"
)

// shown is the number of classes in the picture, and of images of each.
const shown = 10

// draw writes a picture of real images that were held out, samples, and the training
// images nearest to these samples in the same places, a column a class.
func draw(name string, test, train, samples digits.Set) error {
	index := byClass(samples, shown)
	closest := make([]int, len(index))
	for i, k := range index {
		closest[i] = -1
		if k >= 0 {
			closest[i] = nearestOf(samples.X.RawRowView(k), train)
		}
	}
	return figure.Save(name, [][]figure.Panel{{
		panel(test.Rows(byClass(test, shown)), "held out"), panel(samples.Rows(index), "samples"), panel(train.Rows(closest), "nearest training images"),
	}}, 1440, 520)
}

// panel shows the images, a column a class.
func panel(s digits.Set, title string) figure.Panel {
	return s.Panel(title, min(s.Classes, shown))
}

// byClass returns the indices of the first images of each class, lines of one a class;
// −1 where there is none.
func byClass(s digits.Set, lines int) []int {
	columns := min(s.Classes, shown)
	index, have := make([]int, lines*columns), make([]int, columns)
	for i := range index {
		index[i] = -1
	}
	for i := range s.Len() {
		if k := s.Label(i); k < columns && have[k] < lines {
			index[have[k]*columns+k] = i
			have[k]++
		}
	}
	return index
}

// nearestOf returns the index of the image of s that is nearest to x.
func nearestOf(x []float64, s digits.Set) (index int) {
	least := math.Inf(1)
	for i := range s.Len() {
		d := 0.0
		for p, v := range s.X.RawRowView(i) {
			d += (v - x[p]) * (v - x[p])
		}
		if d < least {
			least, index = d, i
		}
	}
	return index
}
