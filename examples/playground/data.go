package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/examples/internal/toy"
)

// drawn is the name of the data that are the points of a hand.
const drawn = "points"

// blur is the deviation of the data around a point drawn by hand.
const blur = 0.08

// law draws rows x, y, class of what is to be learned; the class is 0 or 1.
type law interface{ Rand(x []float64) []float64 }

// open returns the law of a toy, or of points: rows x, y, class.
func open(name string, points [][]float64, src rand.Source) (law, error) {
	if name == drawn {
		return newCloud(points, src)
	}
	t, err := toy.Named(name)
	if err != nil {
		return nil, err
	}
	return halves{t.Open(src), class(t)}, nil
}

// class returns what tells the two classes of a toy: every second mode, or the moon, or the
// side of a curve.
func class(t toy.Toy) func(x []float64) int {
	switch {
	case t.Modes > 0:
		return func(x []float64) int { return t.Mode(x) % 2 }
	case t.Name == "moons":
		return moon
	}
	return func(x []float64) int {
		if x[0] < 0 {
			return 0
		}
		return 1
	}
}

// moon is 0 for points nearer to the upper one of dataset.Moons, whose circle has its centre
// at 0 before shift and scale; that of the lower one is at (1, ½).
func moon(x []float64) int {
	u, v := x[0]/1.5+0.5, x[1]/1.5+0.25
	if arc(u, v) <= arc(1-u, 0.5-v) {
		return 0
	}
	return 1
}

// arc is the distance from the upper half of the unit circle.
func arc(u, v float64) float64 {
	if v < 0 {
		return math.Hypot(math.Abs(u)-1, v)
	}
	return math.Abs(math.Hypot(u, v) - 1)
}

// halves is a distribution with its points in two classes.
type halves struct {
	of    dataset.Diffusible
	class func(x []float64) int
}

// Rand implements law.
func (h halves) Rand(x []float64) []float64 {
	h.of.Rand(x[:2])
	x[2] = float64(h.class(x[:2]))
	return x
}

// cloud is the law of points drawn by hand: one of them, blurred.
type cloud struct {
	points [][]float64
	rng    *rand.Rand
}

func newCloud(points [][]float64, src rand.Source) (*cloud, error) {
	if len(points) == 0 {
		return nil, errors.New("there are no points yet: draw some")
	}
	for i, p := range points {
		if !(len(p) == 3 && math.Abs(p[0]) <= 10 && math.Abs(p[1]) <= 10 && (p[2] == 0 || p[2] == 1)) {
			return nil, fmt.Errorf("point %d is %v, want x and y within ±10 and a class of 0 or 1", i, p)
		}
	}
	return &cloud{points, rand.New(src)}, nil
}

// Rand implements law.
func (c *cloud) Rand(x []float64) []float64 {
	p := c.points[c.rng.IntN(len(c.points))]
	x[0], x[1], x[2] = p[0]+blur*c.rng.NormFloat64(), p[1]+blur*c.rng.NormFloat64(), p[2]
	return x
}

// some returns n rows x, y, class.
func some(l law, n int) *mat.Dense {
	rows := mat.NewDense(n, 3, nil)
	for i := range n {
		l.Rand(rows.RawRowView(i))
	}
	return rows
}
