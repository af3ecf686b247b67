package table_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gradlogp/gradlogp/dataset/table"
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
