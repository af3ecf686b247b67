package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/dataset/table"
)

// newFlats returns a table of flats for sale: a price that is skewed and rounded, with
// spikes at round thousands, areas with spikes at round tens, a volume that is nearly
// width·length·height, a length nearly area/width, an age of which an eighth is 0,
// and categories that are ordered, like the price of a zone, or not.
func newFlats(n int, seed uint64) *table.Table {
	rng := rand.New(rand.NewPCG(seed, 1))
	t := &table.Table{Fields: []table.Field{
		{Name: "price", Kind: table.Whole, Step: 1},
		{Name: "area", Kind: table.Number, Step: .1},
		{Name: "width", Kind: table.Number, Step: .01},
		{Name: "length", Kind: table.Number, Step: .01},
		{Name: "height", Kind: table.Number, Step: .01},
		{Name: "volume", Kind: table.Number, Step: .1},
		{Name: "age", Kind: table.Whole, Step: 1},
		{Name: "quality", Kind: table.Ordered, Levels: []string{"poor", "fair", "fine", "good", "best"}},
		{Name: "zone", Kind: table.Category, Levels: []string{"harbour", "hill", "mill", "park", "station", "wood"}},
		{Name: "energy", Kind: table.Category, Levels: []string{"A", "B", "C", "D", "E", "F"}},
	}}
	t.Columns = make([][]float64, len(t.Fields))
	premium := [...]float64{.5, .2, -.4, .35, -.1, 0}
	for range n {
		zone := int(6 * math.Pow(rng.Float64(), 1.3))
		area := max(12, 55*math.Exp(.45*rng.NormFloat64()+.2*premium[zone]))
		if rng.Float64() < .3 {
			area = max(20, 10*math.Round(area/10))
		}
		area = table.Field{Step: .1}.Snap(area)
		width := math.Sqrt(area) * math.Exp(.12*rng.NormFloat64())
		length := area / width * math.Exp(.004*rng.NormFloat64())
		age := 0.0
		if rng.Float64() > .12 {
			age = math.Floor(25 * rng.ExpFloat64())
		}
		height := 2.45 + .07*rng.NormFloat64()
		if age > 60 {
			height += .4 * math.Abs(rng.NormFloat64())
		}
		volume := width * length * height * math.Exp(.002*rng.NormFloat64())
		quality := min(4, max(0, math.Round(2.5-age/50+premium[zone]+.9*rng.NormFloat64())))
		energy := min(5, max(0, math.Round(age/18+.8*rng.NormFloat64())))
		price := 900 * math.Pow(area, 1.1) * math.Exp(premium[zone]+.15*quality-.004*age+.08*rng.NormFloat64())
		if rng.Float64() < .01 {
			price *= math.Exp(rng.ExpFloat64())
		}
		unit := 100.0
		if rng.Float64() < .3 {
			unit = 1000
		}
		price = unit * math.Round(price/unit)
		for j, v := range []float64{price, area, width, length, height, volume, age, quality, float64(zone), energy} {
			t.Columns[j] = append(t.Columns[j], t.Fields[j].Snap(v))
		}
	}
	return t
}

// newMixture returns a small table of three overlapping groups of unequal size in four
// numbers with correlations of their own, and the group.
func newMixture(n int, seed uint64) *table.Table {
	rng := rand.New(rand.NewPCG(seed, 2))
	t := &table.Table{Columns: make([][]float64, 5)}
	for j := range 4 {
		t.Fields = append(t.Fields, table.Field{Name: fmt.Sprintf("x%d", j+1), Kind: table.Number})
	}
	t.Fields = append(t.Fields, table.Field{Name: "group", Kind: table.Category, Levels: []string{"a", "b", "c"}})
	means := [3][4]float64{{-1, 0, 2, 1}, {1, 0, -2, -1}, {0, 3, 0, 0}}
	mixing := [3]float64{.8, -.8, .3} // of each number with the one before
	for range n {
		k := 2
		if u := rng.Float64(); u < .5 {
			k = 0
		} else if u < .8 {
			k = 1
		}
		before := rng.NormFloat64()
		for j := range 4 {
			z := rng.NormFloat64()
			if j > 0 {
				z = mixing[k]*before + math.Sqrt(1-mixing[k]*mixing[k])*z
			}
			before = z
			t.Columns[j] = append(t.Columns[j], means[k][j]+z)
		}
		t.Columns[4] = append(t.Columns[4], float64(k))
	}
	return t
}
