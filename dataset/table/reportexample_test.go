package table_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/dataset/table"
)

// A model that has learned two columns, but not that the second follows from the
// first.
func ExampleNewReport() {
	rows := func(n int, seed uint64, related bool) *table.Table {
		rng := rand.New(rand.NewPCG(seed, 0))
		t := &table.Table{
			Fields:  []table.Field{{Name: "weight", Kind: table.Number}, {Name: "size", Kind: table.Ordered, Levels: []string{"S", "M", "L"}}},
			Columns: make([][]float64, 2),
		}
		for range n {
			weight, size := 3*rng.Float64(), float64(rng.IntN(3))
			if related {
				size = float64(int(weight))
			}
			t.Columns[0], t.Columns[1] = append(t.Columns[0], weight), append(t.Columns[1], size)
		}
		return t
	}
	r, err := table.NewReport(rows(500, 1, true), rows(500, 2, false), rows(500, 3, true), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range r.Scores {
		fmt.Printf("%-20s  columns %.2f  pairs %.2f  C2ST %.2f  coverage %.2f\n",
			s.Name, s.Columns.Value, s.Pairs.Value, s.C2ST.Accuracy, s.Coverage.Value)
	}
	u := r.Utility[0]
	fmt.Printf("R² of %s: %.2f from real rows, %.2f from synthetic ones\n", u.Target, u.Real.Value, u.Synthetic.Value)
	// Output:
	// synthetic             columns 0.03  pairs 0.60  C2ST 0.80  coverage 0.87
	// independent columns   columns 0.00  pairs 0.62  C2ST 0.80  coverage 0.94
	// real, held out        columns 0.04  pairs 0.07  C2ST 0.52  coverage 0.99
	// R² of weight: 0.89 from real rows, 0.01 from synthetic ones
}
