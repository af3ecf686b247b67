package table_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/gradlogp/gradlogp/dataset/table"
	"gonum.org/v1/gonum/mat"
)

const stones = `carat,cut,price,sold,certified
0.23,Ideal,326,2024-05-01,yes
0.21,Premium,326,2024-05-03,no
0.29,Good,,2024-05-03,no
0.31,Ideal,335,2024-06-11,yes
`

func ExampleRead() {
	t, err := table.Read(strings.NewReader(stones), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(t)
	fmt.Println(t.Columns[t.Index("cut")], t.Text(3, t.Index("cut")))
	// Output:
	// 4 rows × 5 columns
	//   carat      number    0.21 … 0.31, step 0.01
	//   cut        category  3 levels: "Good", "Ideal", "Premium"
	//   price      whole     326 … 335                             25 % missing
	//   sold       time      2024-05-01 … 2024-06-11, days
	//   certified  boolean   2 levels: "no", "yes"
	// [1 2 0 1] Ideal
}

// A schema says what the rows do not.
func ExampleRead_schema() {
	var schema []table.Field
	if err := json.Unmarshal([]byte(`[{"name": "cut", "kind": "ordered", "levels": ["Good", "Premium", "Ideal"]}]`), &schema); err != nil {
		fmt.Println(err)
		return
	}
	t, err := table.Read(strings.NewReader(stones), &table.ReadSettings{Schema: schema})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Columns[1])
	_, err = table.Read(strings.NewReader(stones+"0.3,Fair,400,2024-06-12,no\n"), &table.ReadSettings{Schema: schema})
	fmt.Println(err)
	// Output:
	// [2 1 0 2]
	// table: Read: line 6, column 2 ("cut"): is "Fair", want one of the Levels "Good", "Premium", "Ideal": out of range
}

func ExampleField_Parse() {
	cut := table.Field{Name: "cut", Kind: table.Category, Levels: []string{"Good", "Ideal"}}
	fmt.Println(cut.Parse("Ideal"))
	price := table.Field{Name: "price", Kind: table.Whole, Step: 1}
	fmt.Println(price.Parse("326.5"))
	// Output:
	// 1 <nil>
	// NaN table: Parse: "price": is "326.5", want a whole number of magnitude up to 2⁵³: not of this kind
}

func ExampleTable_Split() {
	t, err := table.Read(strings.NewReader(stones), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	test, train := t.Split(1, 42)
	fmt.Println(test.Len(), train.Len())
	// Output: 1 3
}

// Rules that all rows obey are kept by what a codec decodes, here of two rows that are no
// rows of the table: shares add up to one, parts to their total, and marks have ends.
// Columns are coded as their numbers ask for, or as one says.
func ExampleRule() {
	t, err := table.Read(strings.NewReader(`a,b,rent,food,total,mark
0.25,0.75,500,200,700,2
0.5,0.5,900,150,1050,5
0.125,0.875,400,300,700,9
0.75,0.25,650,250,900,7
`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := table.NewCodec(t, &table.CodecSettings{
		Rules: []table.Rule{
			table.Simplex{Columns: []string{"a", "b"}},
			table.Sum{Columns: []string{"rent", "food"}, Total: "total"},
			table.Bounds{Column: "mark", Low: 0, High: 10},
		},
		Codings: map[string]table.Coding{"mark": table.Logit},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	x := mat.NewDense(2, c.Dim(), nil)
	x.Apply(func(i, j int, _ float64) float64 { return float64(2*i-1) * float64(1+j) / 2 }, x)
	rows, err := c.Decode(x, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	broken, _, err := c.Violations(rows)
	fmt.Println(len(broken), "rows break a rule", err)
	for i := range 2 {
		share := rows.Columns[0][i] + rows.Columns[1][i]
		total := rows.Columns[2][i] + rows.Columns[3][i] - rows.Columns[4][i]
		fmt.Printf("%.6f %.6f %t\n", share, math.Abs(total), rows.Columns[5][i] <= 10)
	}
	// Output:
	// 0 rows break a rule <nil>
	// 1.000000 0.000000 true
	// 1.000000 0.000000 true
}

// A file, compressed by its name.
func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "table")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	t, err := table.Read(strings.NewReader("city,people\nUlm,126000\nBern,134000\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	path := filepath.Join(dir, "cities.csv.gz")
	fmt.Println(table.WriteFile(path, t, nil))
	back, err := table.ReadFile(path, nil)
	fmt.Println(back.Text(1, 0), back.Text(1, 1), err)
	// Output:
	// <nil>
	// Bern 134000 <nil>
}
